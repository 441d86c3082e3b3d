import { escaped } from "../html";

/** What may be wider than a screen: it scrolls by itself, also by keyboard. */
export function scrolled(label: string, html: string): string {
  return `<div class="scrolled" role="region" tabindex="0" aria-label="${escaped(label)}">${html}</div>`;
}
