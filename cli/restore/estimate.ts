import { formatDuration } from "../../plan/units/duration";
import type { Task } from "./tasks";

/** Where a restore of several steps stands. Times are ms by one clock. */
export interface Progress {
  readonly tasks: readonly Task[];
  /** How long each has taken that ended well. */
  readonly tookMs: ReadonlyMap<Task, number>;
  /** When each began that is at work. */
  readonly begunMs: ReadonlyMap<Task, number>;
  /** Of what is left, those that nothing here does: a person's. */
  readonly isLeft: (task: Task) => boolean;
  readonly nowMs: number;
}

/** "2 of 7 steps ended well, 1 at work; at least 14 min to go: so far, it took 1.6 times what the estate's links say" */
export function progressText(progress: Progress): string {
  const { tasks, tookMs, begunMs } = progress;
  const stands = `${tookMs.size} of ${tasks.length} steps ended well, ${begunMs.size} at work`;
  const leftMs = timeLeft(progress);
  if (leftMs === 0) return stands;
  const pace = paceOf(progress)();
  const why =
    pace === undefined
      ? ", by the estate's links"
      : `: so far, it took ${rounded(pace)} times what the estate's links say`;
  return `${stands}; at least ${formatDuration(Math.ceil(leftMs / 1000) * 1000)} to go${why}`;
}

/** The least that is left, by what the links have shown so far: the steps in their order, each as soon as what it takes is free. */
export function timeLeft(progress: Progress): number {
  const { tasks, tookMs, begunMs, isLeft, nowMs } = progress;
  const pace = paceOf(progress);
  const endsMs = new Map<number, number>();
  const freeMs = new Map<string, number>();
  for (const task of tasks) {
    if (tookMs.has(task) || isLeft(task)) continue;
    const { number, lanes, after, floorMs = 0 } = task;
    const wholeMs = floorMs * (pace(task) ?? 1);
    const begun = begunMs.get(task);
    const ownMs = begun === undefined ? wholeMs : Math.max(0, wholeMs - (nowMs - begun));
    const startMs =
      begun === undefined
        ? Math.max(
            0,
            ...after.map(each => endsMs.get(each) ?? 0),
            ...lanes.map(lane => freeMs.get(lane) ?? 0),
          )
        : 0;
    endsMs.set(number, startMs + ownMs);
    for (const lane of lanes) freeMs.set(lane, startMs + ownMs);
  }
  return Math.max(0, ...endsMs.values());
}

/** How many times as long as the least a step takes, by those over its link that have ended, or else by all; undefined before one has. */
function paceOf({ tookMs }: Progress): (task?: Task) => number | undefined {
  const over = (isMeant: (task: Task) => boolean): number | undefined => {
    let [took, floor] = [0, 0];
    for (const [task, ms] of tookMs)
      if (task.floorMs !== undefined && task.floorMs >= leastMs && isMeant(task)) {
        took += ms;
        floor += task.floorMs;
      }
    return floor > 0 ? took / floor : undefined;
  };
  return task => (task && over(other => linkOf(other) === linkOf(task))) ?? over(() => true);
}

/** What takes less says more of how long a restore takes to begin than of how fast it is. */
const leastMs = 10_000;

function linkOf({ chosen }: Task): string | undefined {
  return chosen.version.link;
}

function rounded(pace: number): string {
  return pace >= 10 ? String(Math.round(pace)) : pace.toFixed(1);
}
