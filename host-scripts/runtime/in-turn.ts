import type { Log } from "./log";
import type { Stop } from "./stop";

/** Items of a run, each of which is done or fails by itself. */
export interface Turns<Item> {
  /** What the items are done in: for the log, and for what a stop says. */
  readonly phase: string;
  readonly log: Pick<Log, "info" | "progress">;
  readonly stop: Stop;
  /** One item may take that long before the others have their turn, in ms. */
  readonly longestMs: number;
  name(item: Item): string;
  /** When it was done last, as epoch ms; 0 for never. */
  doneMs(item: Item): number;
  /** Comes before each attempt, such as a wait while the host's disks are busy. */
  before?(stop: AbortSignal): Promise<void>;
  /** Does the item, or throws. */
  attempt(item: Item, stop: AbortSignal): Promise<void>;
  /** Gets what each failed attempt threw; `TookTooLong` for one that was stopped. */
  failed(item: Item, error: unknown): void;
}

/** An attempt was stopped for the others' sake. */
export class TookTooLong extends Error {
  constructor(longestMs: number) {
    super(`it was stopped after ${Math.round(longestMs / 1000)} s, so that the others have their turn`);
    this.name = "TookTooLong";
  }
}

/**
 * Does each item, the one that was done longest ago first, so that a budget which is too small for all of them starves none.
 * One that fails doesn't stop the others; one that takes too long makes room for them. Both have a second try when all
 * others are done.
 * @throws {RunnerError} once the run is told to stop
 */
export async function inTurn<Item>(items: readonly Item[], turns: Turns<Item>): Promise<void> {
  const { phase, log, stop, name, doneMs } = turns;
  const fair = [...items].sort((a, b) => doneMs(a) - doneMs(b));
  const again: Item[] = [];
  for (const [index, item] of fair.entries()) {
    log.progress(`${phase}: ${index} of ${fair.length}, ${name(item)}`);
    if (!(await isDone(item, turns))) again.push(item);
  }
  for (const item of again) {
    log.info(`second try of ${name(item)}`);
    await isDone(item, turns);
  }
  stop.check(phase);
}

async function isDone<Item>(item: Item, turns: Turns<Item>): Promise<boolean> {
  const { phase, stop, longestMs } = turns;
  await turns.before?.(stop.signal);
  stop.check(phase);
  const own = AbortSignal.timeout(longestMs);
  try {
    await turns.attempt(item, AbortSignal.any([stop.signal, own]));
    return true;
  } catch (error) {
    // Whatever a stop made of it: the reason is the stop.
    stop.check(phase);
    turns.failed(item, own.aborted ? new TookTooLong(longestMs) : error);
    return false;
  }
}
