import { instantsOf, localTime } from "../../plan/calendar/time-zone";

const dayMs = 86_400_000;

/** Noon of an instant's local day, as epoch ms: a page that is made again on that day is the same to the byte. */
export function noonOf(atMs: number, zone: string): number {
  return noonAfter(atMs, 0, zone);
}

/** Noon of a local day some days after that of an instant. Clocks change at night: each day has one noon. */
export function noonAfter(atMs: number, days: number, zone: string): number {
  const noonMs = (Math.floor(localTime(atMs, zone) / dayMs) + days + 0.5) * dayMs;
  return instantsOf(noonMs, zone)[0] ?? noonMs;
}

/** What local clocks show, e.g. "2026-10-25 05:59". */
export function clockText(atMs: number, zone: string): string {
  return new Date(localTime(atMs, zone)).toISOString().slice(0, 16).replace("T", " ");
}

/** The same, which a program reads as the very instant. */
export function timeTag(atMs: number, zone: string, text = clockText(atMs, zone)): string {
  return `<time datetime="${new Date(atMs).toISOString().slice(0, 16)}Z">${text}</time>`;
}
