import type { ExistingSnapshot } from "../runtime/lvm/existing";
import type { PoolStatus } from "../runtime/lvm/pool-status";
import type { SnapshotRun } from "./context";
import { limitAhead, type OverLimit, overLimit, percentText } from "./limits";
import { anotherPercent, trialMs, type Trials, writeTrials } from "./trials";

/** What the pool is too full of, and how full. */
export function situationOf(run: SnapshotRun, status: PoolStatus): Omit<Trials, "origins"> {
  const over = limitAhead(run, status);
  return {
    what: over?.what ?? "data",
    percent: over?.percent ?? 0,
    declines: overLimit(status, run.config.guard.decline) !== undefined,
  };
}

/** Keeps what tonight's removals freed for the nights that follow. */
export function keepTrials(run: SnapshotRun): void {
  const { config, thinning } = run;
  const [first] = thinning.seen;
  if (!first) return;
  const tonight: Trials["origins"] = {};
  for (const { origin, data, metadata } of thinning.freed) {
    const { removals, ...sum } = tonight[origin] ?? { removals: 0, data: 0, metadata: 0 };
    tonight[origin] = {
      ...{ removals: removals + 1, data: sum.data + data, metadata: sum.metadata + metadata },
      atMs: Date.now(),
    };
  }
  writeTrials(config.stateDir, {
    ...(thinning.trials ?? situationOf(run, first)),
    origins: { ...thinning.trials?.origins, ...tonight },
  });
}

/** Before so many removals nothing is given up: a guest that writes meanwhile hides what one has freed. */
const trial = 3;

/**
 * Why no more of what is still to be kept goes.
 * @param left snapshots that could still go
 * @returns undefined while it may help that they do: a volume of which none went yet may hold all of the space
 */
export function whyInVain(
  run: SnapshotRun,
  status: PoolStatus,
  left: ReadonlySet<ExistingSnapshot>,
): string | undefined {
  const over = limitAhead(run, status);
  if (!over || tried(run) < trial) return undefined;
  let hope = 0;
  for (const { origin } of left) {
    const each = freedEach(run, origin, over.what);
    if (each === undefined) return undefined;
    hope += Math.max(0, each);
  }
  if (hope >= over.percent - over.limit) return undefined;
  return `${triedText(run, over.what)}, so that the other ${left.size} would go for nothing, and stay${againText(run)}`;
}

/** Volumes of which a removal on an earlier night still tells what the others of them would free. */
function knownBefore({ thinning: { freed, trials } }: SnapshotRun): Trials["origins"][string][] {
  const tonight = new Set(freed.map(({ origin }) => origin));
  return Object.entries(trials?.origins ?? {}).flatMap(([origin, one]) => (tonight.has(origin) ? [] : one));
}

function tried(run: SnapshotRun): number {
  return knownBefore(run).reduce((sum, { removals }) => sum + removals, run.thinning.freed.length);
}

function triedText(run: SnapshotRun, what: OverLimit["what"]): string {
  const { freed } = run.thinning;
  const before = knownBefore(run);
  const fell = [...freed, ...before].reduce((sum, one) => sum + one[what], 0);
  const earlier = before.length === 0 ? "" : ` (${tried(run) - freed.length} of them on earlier nights)`;
  return `${tried(run)} removals${earlier} lowered it by ${Math.max(0, fell).toFixed(2)} %`;
}

/** When what earlier nights have found out is no longer relied on. */
function againText(run: SnapshotRun): string {
  const [before] = knownBefore(run).sort((a, b) => a.atMs - b.atMs);
  const { trials } = run.thinning;
  if (!before || !trials) return "";
  const date = new Date(before.atMs + trialMs).toISOString().slice(0, 10);
  return `; they are tried again from ${date} on, or from ${percentText(trials.percent + anotherPercent)} on`;
}

/** Those of a volume that went freed nothing: the others of it stay, while another volume's may help. */
export function isHopeless(run: SnapshotRun, { origin }: ExistingSnapshot, status: PoolStatus): boolean {
  const over = limitAhead(run, status);
  if (!over || tried(run) < trial) return false;
  const each = freedEach(run, origin, over.what);
  return each !== undefined && each <= 0;
}

/** Percent of the pool that a snapshot of a volume freed, on the average, tonight or else before; undefined where none went yet. */
function freedEach({ thinning }: SnapshotRun, origin: string, what: OverLimit["what"]): number | undefined {
  const own = thinning.freed.filter(one => one.origin === origin);
  const before = thinning.trials?.origins[origin];
  if (own.length === 0) return before && before[what] / before.removals;
  return own.reduce((sum, one) => sum + one[what], 0) / own.length;
}
