import { clockChanges } from "../plan/calendar/clock-changes";
import type { Job } from "../plan/job";

/** The way out for a run in an hour that a change of clocks skips or repeats: a time that both changes leave alone. */
export function outOfChangedHours({ trigger: { zone, calendar } }: Job, years: readonly number[]): string {
  const changes = clockChanges(zone, years);
  const starts = changes.map(({ localMs, byMs }) => timeText(Math.min(localMs, localMs + byMs)));
  const ends = changes.map(({ localMs, byMs }) => timeText(Math.max(localMs, localMs + byMs)));
  const [from = "", to = ""] = [starts.sort()[0], ends.sort().at(-1)];
  return `Move "${calendar}" to a time before ${from} or from ${to} on: no change of clocks in ${zone} skips or repeats those.`;
}

function timeText(localMs: number): string {
  return new Date(localMs).toISOString().slice(11, 16);
}
