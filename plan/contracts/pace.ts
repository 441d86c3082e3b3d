import { z } from "zod";
import { timeZone } from "./runner";

const dayMs = 86_400_000;
const timeOfDay = z
  .int()
  .min(0)
  .max(dayMs - 1);

/** How fast a job may send by the hours of the day: ms since midnight by the clock of a zone. Where no limit holds, as fast as it gets. */
export const pace = z.strictObject({
  zone: timeZone,
  limits: z
    .array(
      z.strictObject({
        fromMs: timeOfDay,
        /** Not after midnight where it is earlier than `fromMs`: the next day's. */
        toMs: timeOfDay,
        bytesPerSecond: z.int().min(1024),
      }),
    )
    .min(1),
});
export type Pace = z.infer<typeof pace>;

/**
 * What holds at a time of the day.
 * @returns bytes a second, undefined for no limit; and ms until another limit may hold, by that clock
 */
export function limitAt(
  { limits }: Pick<Pace, "limits">,
  atMs: number,
): { bytesPerSecond: number | undefined; forMs: number } {
  const sinceMs = (fromMs: number, toMs: number): number => (toMs - fromMs + dayMs) % dayMs;
  const holds = limits.find(({ fromMs, toMs }) => sinceMs(fromMs, atMs) < sinceMs(fromMs, toMs));
  const changes = limits.flatMap(({ fromMs, toMs }) => [fromMs, toMs]);
  return {
    bytesPerSecond: holds?.bytesPerSecond,
    forMs: Math.min(...changes.map(changeMs => sinceMs(atMs, changeMs) || dayMs)),
  };
}

/**
 * How long bytes take that begin at a time of the day, on a line that has `bytesPerMs` for them.
 * @returns ms by that clock
 */
export function timeAtPace(
  pace: Pick<Pace, "limits">,
  fromMs: number,
  bytes: number,
  bytesPerMs: number,
): number {
  let passedMs = 0;
  let left = bytes;
  for (;;) {
    const { bytesPerSecond = Infinity, forMs } = limitAt(pace, (fromMs + passedMs) % dayMs);
    const rate = Math.min(bytesPerMs, bytesPerSecond / 1000);
    if (left <= rate * forMs) return passedMs + left / rate;
    left -= rate * forMs;
    passedMs += forMs;
  }
}
