import { capacitySection } from "../plan-sections";
import { table } from "../html";
import { storesOf } from "../../plan/capacity";
import { formatSize } from "../../plan/units/size";
import { escaped } from "../html";
import type { Reported } from "./reported";
import { scrolled } from "./parts";

/** What each store needs once every retention has filled up, and the day on which growth fills it. */
export function storesPart({ plan, asOfMs }: Reported): string {
  const { head, rows } = capacitySection(plan, asOfMs);
  const bars = storesOf(plan).map(({ name, needBytes, pinnedBytes, sizeBytes, usableBytes }) => {
    const share = (bytes: number): number => Math.min(1000, Math.round((bytes / sizeBytes) * 1000));
    const [need, old] = sizeBytes > 0 ? [share(needBytes), share(pinnedBytes)] : [1000, 0];
    const text = sizeBytes > 0 ? `${Math.round((needBytes / sizeBytes) * 100)} %` : "of unknown size";
    const over = needBytes > usableBytes;
    return `<li><span>${escaped(name)}</span><svg viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true"><rect class="all" width="1000" height="10"/><rect class="usual" width="${need}" height="10"/><rect class="budget" x="${Math.max(0, need - old)}" width="${old}" height="10"/></svg><span${over ? ' class="broken"' : ""}>${over ? "✗ " : ""}${text} <small>of ${formatSize(sizeBytes)}</small></span></li>`;
  });
  return `<p>With every retention filled up. The pale part of a bar is what only earlier generations hold.</p>
<ul class="stores">${bars.join("\n")}</ul>
${scrolled("Room of each store", table(head, rows))}`;
}
