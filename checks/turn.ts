import type { Plan } from "../plan";
import { clockChanges } from "../plan/calendar/clock-changes";
import type { Job } from "../plan/job";
import { readersOf } from "./handovers";

const hourSeconds = 3600;
const daySeconds = 24 * hourSeconds;
/** Room between two jobs, beyond the budget of the first, that is no gap in the night: the second waits for the first, or just reads it. */
const [waitSeconds, readSeconds] = [2 * hourSeconds, 4 * hourSeconds];

/** A job of one run a day, and its nearest neighbour: one of the two waits for the other, or reads what it makes where neither waits. */
export interface Turn {
  readonly early: Job;
  readonly late: Job;
  /** From a start of the early one to the next of the late one. */
  readonly apartSeconds: number;
  /** Whether it is nearer to both of its neighbours at `time`, and now further away than a night has it. */
  readonly isMissed: boolean;
  /** When it is the job's turn: half a day on where that is one, else a whole hour that no clock changes, as "02:00:00". */
  readonly time: string;
}

/** A job's turn before the next that is to follow it, or behind the last that it is to follow; nothing where there is neither. */
export function turnOf(job: Job, plan: Plan): Turn | undefined {
  const second = startOf(job);
  if (second === undefined) return undefined;
  const others = plan.jobs.flatMap(other => {
    const at = startOf(other);
    // What has no calendar of its own goes by the other's.
    const isOther = other.host === job.host && other.trigger.calendar !== job.trigger.calendar;
    const isComparable = other.trigger.zone === job.trigger.zone;
    return isOther && isComparable && at !== undefined
      ? [{ other, at, endsAt: at + other.budgetMs / 1000 }]
      : [];
  });
  // Of a chain, what follows none of the others is the next.
  const readers = readersOf(plan);
  const reads = (one: Job, first: Job): boolean =>
    isEachDay(first) && (readers.get(first)?.has(one) ?? false);
  const isTold = others.some(({ other }) => waitsFor(other, job) || waitsFor(job, other));
  const follows = isTold ? waitsFor : reads;
  const isClose = (first: Job, apartSeconds: number): boolean =>
    apartSeconds <= first.budgetMs / 1000 + (isTold ? waitSeconds : readSeconds);
  const waiting = others.filter(({ other }) => follows(other, job) && isEachDay(other));
  const [next] = waiting
    .filter(({ other }) => !waiting.some(each => follows(other, each.other)))
    .toSorted((a, b) => inADay(a.at - second) - inADay(b.at - second));
  const waited = isEachDay(job) ? others.filter(({ other }) => follows(job, other)) : [];
  // A night may go past midnight: its end is where all others have ended the fewest hours before.
  const sinceFirst = (end: number): number => Math.max(...waited.map(({ endsAt }) => inADay(end - endsAt)));
  const [last] = waited.toSorted((a, b) => sinceFirst(a.endsAt) - sinceFirst(b.endsAt));
  const neighbour = next ?? last;
  if (!neighbour) return undefined;
  const [early, late] = next ? [job, next.other] : [neighbour.other, job];
  const beforeNext = (own: number): boolean => !next || isClose(job, inADay(next.at - own));
  const behindLast = (own: number): boolean => !last || isClose(last.other, inADay(own - last.at));
  const isThrough = (own: number): boolean => !next || inADay(next.at - own) >= job.budgetMs / 1000;
  // What it reads of jobs that no host makes wait is made before it too, and not between it and the next.
  const written = plan.jobs.flatMap(other => {
    const at = startOf(other);
    return at !== undefined && reads(job, other) && other.trigger.zone === job.trigger.zone
      ? [{ other, at }]
      : [];
  });
  const lastAfter = (own: number) =>
    written
      .filter(({ at }) => next && inADay(at - own) < inADay(next.at - own))
      .toSorted((a, b) => inADay(b.at - own) - inADay(a.at - own))[0];
  const isTurn = (own: number): boolean =>
    beforeNext(own) && behindLast(own) && isThrough(own) && !lastAfter(own);
  const halfADayOn = inADay(second + daySeconds / 2);
  const turn = isTurn(halfADayOn)
    ? halfADayOn
    : (!isTold
        ? []
        : next
          ? hours(job, plan, Math.floor((next.at - job.budgetMs / 1000) / hourSeconds), -1)
          : hours(job, plan, Math.ceil(neighbour.endsAt / hourSeconds), 1)
      ).find(isTurn);
  if (turn === undefined) return undefined;
  const missed = lastAfter(second);
  return {
    ...(missed
      ? { early: missed.other, late: job, apartSeconds: inADay(second - missed.at) }
      : { early, late, apartSeconds: inADay(next ? next.at - second : second - neighbour.at) }),
    isMissed: !(next ? beforeNext(second) && !missed : behindLast(second)),
    time: timeText(turn),
  };
}

function waitsFor(job: Job, other: Job): boolean {
  return job.trigger.after.includes(other.name);
}

/** What waits for another on some days alone has its next run days after it. */
function isEachDay({ trigger: { schedule } }: Job): boolean {
  return !schedule.weekdays && !schedule.days && !schedule.months;
}

/** When a day's only run starts; nothing where there are several. */
function startOf({ trigger: { schedule } }: Job): number | undefined {
  return schedule.secondsOfDay.length === 1 ? schedule.secondsOfDay[0] : undefined;
}

/** When the hours of a day from one on begin, in steps, without those that a change of the clocks skips or repeats. */
function hours({ trigger: { zone } }: Job, { estate }: Plan, from: number, step: 1 | -1): number[] {
  const changed = new Set(
    clockChanges(zone, estate.years).map(({ localMs, byMs }) =>
      new Date(Math.min(localMs, localMs + byMs)).getUTCHours(),
    ),
  );
  return Array.from({ length: 24 }, (_, at) => inADay((from + at * step) * hourSeconds)).filter(
    start => !changed.has(start / hourSeconds),
  );
}

function inADay(seconds: number): number {
  return ((seconds % daySeconds) + daySeconds) % daySeconds;
}

function timeText(second: number): string {
  return new Date(second * 1000).toISOString().slice(11, 19);
}
