import { movedTo } from "../calendar/move";
import type { Domain } from "../estate/services";
import type { Job } from "../job";
import type { Plan } from "..";
import type { Way } from "./copies";
import { Rearrangement } from "./rearrangement";
import { type Loss, worstOf, worstWithin, yearsOf } from "./loss";
import { survivorsOf } from "./survivors";
import type { Timeline } from "./versions";

/** A job's other time of day that makes a loss smaller and costs nothing. */
export interface Improvement {
  readonly service: string;
  readonly domain: Domain;
  readonly job: string;
  /** Machine of the job. */
  readonly host: string;
  /** The calendar as the estate has it, and the text to write instead, in the same dialect and zone. */
  readonly fromCalendar: string;
  readonly toCalendar: string;
  readonly lossBeforeMs: number;
  readonly lossAfterMs: number;
  readonly cost: "free";
}

const stepMinutes = 15;
const dayMinutes = 1_440;
const dayMs = 86_400_000;
// Every ten minutes in five years.
const mostRuns = 300_000;

/**
 * For each loss the one move that reduces it most: a job on its way, at another quarter of an hour, as often as before.
 * A move is left out if a job's budget would newly reach into another's on the same disk, if a job would start before
 * one that it comes after, or if a loss would come to exceed its promise. Of equally good moves, the smallest. None is
 * tried where a job that copies runs more often than each ten minutes for five years.
 * @param losses of this plan, as `lossesOf` gives them
 */
export function improvementsOf(plan: Plan, losses: readonly Loss[], timeline = yearsOf(plan)): Improvement[] {
  // To follow all moves would take minutes.
  if (plan.copies.some(({ job }) => timeline.runsOf(job).startMs.length > mostRuns)) return [];
  const survivors = survivorsOf(plan);
  const moves = new Moves(plan, timeline);
  const found = new Map<string, Found | undefined>();
  return losses.flatMap(loss => {
    if (loss.leftOut) return [];
    const { service, domain, worstLossMs: lossBeforeMs = 0 } = loss;
    const ways = (survivors.get(service) ?? [])
      .map(({ ways }) => ways.get(domain))
      .filter(left => left !== undefined && left !== "live");
    if (lossBeforeMs === 0 || ways.length === 0) return [];
    // Services whose bytes go the same ways lose the same.
    const key = `${ways
      .map(left => left.map(way => way.key).join(" | "))
      .sort()
      .join(" & ")} by ${loss.via.join()}`;
    const best = found.has(key) ? found.get(key) : bestMove(ways, loss, lossBeforeMs, moves);
    found.set(key, best);
    if (!best) return [];
    const { job, calendar: toCalendar, lossAfterMs } = best;
    const fromCalendar = job.trigger.calendar;
    const { name, host } = job;
    return [
      { service, domain, job: name, host, fromCalendar, toCalendar, lossBeforeMs, lossAfterMs, cost: "free" },
    ];
  });
}

interface Found {
  readonly job: Job;
  readonly calendar: string;
  readonly lossAfterMs: number;
}

/**
 * Exact, and quick: a few days around the worst minute already show what a move can't go below, so that few of all the
 * moves are followed through the years.
 */
function bestMove(
  ways: readonly (readonly Way[])[],
  loss: Loss,
  lossBeforeMs: number,
  moves: Moves,
): Found | undefined {
  const onTheWay = new Set(
    ways
      .flat()
      .flatMap(way => way.jobs)
      .filter(job => loss.via.includes(job.called)),
  );
  const atMs = loss.worstAtMs ?? moves.horizon.fromMs;
  const around = {
    fromMs: Math.max(moves.horizon.fromMs, atMs - 3 * dayMs),
    toMs: Math.min(moves.horizon.toMs, atMs + 3 * dayMs),
  };
  const lossOf = ({ timeline }: Move): number =>
    Math.max(...ways.map(left => worstOf(left, timeline).worstLossMs ?? Infinity));
  const lossAround = ({ timeline }: Move): number =>
    Math.max(...ways.map(left => worstWithin(left, timeline, around) ?? Infinity));
  const candidates = [...onTheWay]
    .flatMap(job => moves.of(job))
    .map(move => ({ move, atLeastMs: lossAround(move) }))
    .filter(({ atLeastMs }) => atLeastMs < lossBeforeMs)
    .sort((a, b) => a.atLeastMs - b.atLeastMs || a.move.byMinutes - b.move.byMinutes);
  let best: { move: Move; lossAfterMs: number } | undefined;
  for (const { move, atLeastMs } of candidates) {
    if (best && atLeastMs > best.lossAfterMs) break;
    const lossAfterMs = lossOf(move);
    const isBetter = best
      ? lossAfterMs < best.lossAfterMs ||
        (lossAfterMs === best.lossAfterMs && move.byMinutes < best.move.byMinutes)
      : lossAfterMs < lossBeforeMs;
    if (isBetter && moves.isSound(move)) best = { move, lossAfterMs };
  }
  return (
    best && { job: best.move.job, calendar: best.move.moved.trigger.calendar, lossAfterMs: best.lossAfterMs }
  );
}

/** A job at another time, and what the estate's years are like then. */
interface Move {
  readonly job: Job;
  readonly moved: Job;
  readonly byMinutes: number;
  readonly timeline: Timeline;
}

/** Every move of each job, made once. */
class Moves {
  private readonly known = new Map<Job, Move[]>();
  private readonly sound = new Map<Move, boolean>();
  private readonly rearrangement: Rearrangement;

  constructor(
    plan: Plan,
    private readonly timeline: Timeline,
  ) {
    for (const copy of plan.copies) timeline.versionsOf(copy);
    this.rearrangement = new Rearrangement(plan, timeline);
  }

  get horizon() {
    return this.timeline.horizon;
  }

  of(job: Job): Move[] {
    const moves = this.known.get(job) ?? this.make(job);
    this.known.set(job, moves);
    return moves;
  }

  isSound(move: Move): boolean {
    const sound = this.sound.get(move) ?? this.rearrangement.isSound(move.job, move.moved, move.timeline);
    this.sound.set(move, sound);
    return sound;
  }

  private make(job: Job): Move[] {
    const { schedule } = job.trigger;
    const firstMinute = (schedule.secondsOfDay[0] ?? 0) / 60;
    // More often than hourly, no start is far from another: there is nothing to gain.
    if (schedule.secondsOfDay.length > 24) return [];
    const moves = new Map<string, Move>();
    for (let minute = 0; minute < dayMinutes; minute += stepMinutes) {
      const other = movedTo(schedule, minute);
      if (!other || moves.has(other.text)) continue;
      const moved = { ...job, trigger: { ...job.trigger, calendar: other.text, schedule: other } };
      const apart = Math.abs(minute - firstMinute);
      const byMinutes = Math.min(apart, dayMinutes - apart);
      moves.set(other.text, { job, moved, byMinutes, timeline: this.timeline.withJobAs(job, moved) });
    }
    return [...moves.values()];
  }
}
