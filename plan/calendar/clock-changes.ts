import { offsetSpans } from "./time-zone";

/** An instant at which a zone's clocks change. */
export interface ClockChange {
  /** As epoch ms. */
  readonly atMs: number;
  /** Positive when clocks go forward, e.g. 3,600,000. */
  readonly byMs: number;
  /** What the clock would have shown at that instant, as if it were UTC, in epoch ms. */
  readonly localMs: number;
}

/** Every change of a zone's clocks in some calendar years, ascending. @param years not empty */
export function clockChanges(zone: string, years: readonly number[]): ClockChange[] {
  const fromMs = Date.UTC(Math.min(...years), 0, 1);
  const toMs = Date.UTC(Math.max(...years) + 1, 0, 1);
  const spans = offsetSpans(zone, fromMs - 1, toMs);
  return spans.flatMap((span, index) => {
    const before = spans[index - 1];
    if (!before || span.fromMs < fromMs || span.fromMs >= toMs) return [];
    return [
      {
        atMs: span.fromMs,
        byMs: span.offsetMs - before.offsetMs,
        localMs: span.fromMs + before.offsetMs,
      },
    ];
  });
}
