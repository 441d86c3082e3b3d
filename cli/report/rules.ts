import { countUntil } from "../../plan/ascending";
import { localTimes } from "../../plan/calendar/time-zone";
import type { Copy } from "../../plan/graph/copies";
import type { Retention } from "../../plan/retention";
import type { Timeline } from "../../plan/graph/versions";

const minuteMs = 60_000;
const dayMs = 86_400_000;
/** So far back a rule may be tried: as far as runs before the estate's years are known. */
const mostDays = 366;

/** A rule as the page's form has it: all that are younger than `count` days, or the newest of so many runs, hours and so on. */
interface Rule {
  readonly count: number;
  readonly every: "age" | "run" | "hour" | "day" | "week" | "month";
}

/** What the page's script needs to try other rules. Minutes since the epoch began. */
export interface Tryable {
  readonly rule: Rule;
  /**
   * Runs, the oldest first, as repeated steps: [how many, minutes from one start to the next, minutes until a run's end, minutes from the reading of its data to its start,
   * minutes by which the job's clocks, which count hours and days, are ahead of UTC].
   */
  readonly runs: readonly Step[];
}
type Step = readonly [count: number, step: number, takes: number, behind: number, ahead: number];

/**
 * The runs of a copy whose rule is its job's own. Absent for what lies in a tree that is copied as a whole: there is in it what lies at its source.
 * @param untilMs what begins later isn't asked for
 */
export function tryable(
  copy: Copy,
  timeline: Timeline,
  fromMs: number,
  untilMs: number,
): Tryable | undefined {
  if (copy.from && copy.flow.source.kind === "tree") return undefined;
  const { startMs, endMs } = timeline.runsOf(copy.job);
  const { readMs } = timeline.versionsOf(copy);
  // The first runs of all may have found nothing.
  const without = startMs.length - readMs.length;
  const byDays = countUntil(startMs, ms => ms < fromMs - (mostDays + 31) * dayMs);
  // Only periods in which it has run are counted: of a job that runs rarely, they lie far back.
  const byRuns = countUntil(startMs, ms => ms < fromMs) - mostOf.run;
  const first = Math.max(without, Math.min(byDays, byRuns));
  const end = countUntil(startMs, ms => ms < untilMs);
  const local = localTimes(startMs.slice(first, end), copy.job.trigger.zone);
  const minute = (ms = 0): number => Math.floor(ms / minuteMs);
  const steps: [number, number, number, number, number][] = [];
  for (let run = first, before = 0; run < end; run++) {
    const start = minute(startMs[run]);
    const step = [
      ...[start - before, minute(endMs[run]) - start, start - minute(readMs[run - without])],
      minute(local[run - first]) - start,
    ] as const;
    const known = steps.at(-1);
    if (known && step.every((each, index) => each === known[index + 1])) known[0]++;
    else steps.push([1, step[0] ?? 0, step[1] ?? 0, step[2] ?? 0, step[3] ?? 0]);
    before = start;
  }
  return { rule: ruleOf(copy.flow.retention), runs: steps };
}

/** The first minute at which anything of it was read. */
export function firstRead({ runs: [first] }: Tryable): number {
  return first ? first[1] - first[3] : Infinity;
}

/** The rule that is nearest to what the estate says; the form begins with it. */
function ruleOf(kept: Retention): Rule {
  switch (kept.kind) {
    case "latest":
      return { count: 1, every: "run" };
    case "age":
      return { count: Math.max(1, Math.round(kept.ms / dayMs)), every: "age" };
    case "count":
      return { count: kept.count, every: kept.every };
    case "tiers":
      return kept.tiers[0] ?? { count: 1, every: "run" };
  }
}

/** The most that the form takes of each. */
export const mostOf = { age: mostDays, run: 9999, hour: 24 * mostDays, day: mostDays, week: 52, month: 12 };
