import { offsetSpans } from "../plan/calendar/time-zone";

/** An instant as a wall clock in a zone shows it, e.g. "2026-10-25 03:30". */
export function localTime(epochMs: number, zone: string): string {
  const span = offsetSpans(zone, epochMs, epochMs).find(
    ({ fromMs, toMs }) => fromMs <= epochMs && epochMs < toMs,
  );
  return new Date(epochMs + (span?.offsetMs ?? 0)).toISOString().slice(0, 16).replace("T", " ");
}
