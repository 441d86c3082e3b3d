import { relative } from "node:path";
import { periodOf } from "../../plan/contracts/period";
import type { GenerationPolicy } from "../../plan/contracts/daily-backup";
import {
  discard,
  type FreshGeneration,
  freshGeneration,
  type Generation,
  generationIn,
  newestGeneration,
  promote,
} from "../runtime/generations";
import { openSegment } from "../runtime/journal";
import { required } from "../runtime/required";
import { type CopiedFiles, copyFiles } from "./copy-files";
import { type DailyBackup, journalFolder, policiesOf, rootOf, type VolumeTask } from "./daily-backup";
import { writeRecord } from "./record";
import { type Scratch, VolumeFailed, withScratch } from "./scratch";
import { copyDatabases } from "./sqlite";

/** One database takes no longer; a big one on a busy disk takes minutes. */
const databaseMs = 30 * 60_000;

/**
 * Copies a volume, unless its generations of this period hold what its newest snapshot holds.
 * @param stop ends this volume alone
 */
export async function copyVolume(
  run: DailyBackup,
  task: VolumeTask,
  stop: AbortSignal,
): Promise<"unchanged" | "copied"> {
  const { config } = run;
  const snapshot = required(task.snapshot, "snapshot").volume;
  const missing = policiesOf(config, task).filter(policy => !isRecorded(run, task, policy));
  const isUnchanged = run.unchanged?.has(task.volume) === true;
  const isSearched = !config.sqlite || task.record?.hasDatabases !== undefined;
  if (missing.length === 0 && isUnchanged && isSearched) {
    keepRecord(run, task, [], { hasDatabases: task.record?.hasDatabases });
    return "unchanged";
  }
  // Changed: every kind anew. Unchanged, but a new period: a full comparison, which proves that it is.
  const wanted = isUnchanged ? missing : policiesOf(config, task);
  await withScratch(config, snapshot, stop, scratch => fill(run, task, scratch, wanted, isUnchanged, stop));
  return "copied";
}

async function fill(
  run: DailyBackup,
  task: VolumeTask,
  scratch: Scratch,
  wanted: readonly GenerationPolicy[],
  isUnchanged: boolean,
  stop: AbortSignal,
): Promise<void> {
  const made: Made[] = [];
  let changed: readonly Buffer[] | undefined;
  for (const policy of wanted) {
    const base: LinkBase | undefined = made.at(-1)?.generation ?? linkBase(run, task);
    const copied = await makeGeneration(run, task, scratch, policy, base, stop);
    // Against the first one's base; a second kind is the first one's files again.
    if (made.length === 0) changed = base?.recorded ? copied.changed : undefined;
    made.push({ policy, generation: copied.generation });
    if (made.length === 1 && isUnchanged && base?.recorded && copied.content > 0)
      run.distrust.push(task.volume);
  }
  // Files first: should a database fail, its volume's files are there.
  const stores = run.config.sqlite ? await copyStores(run, task, scratch, changed, stop) : {};
  keepRecord(run, task, made, stores);
  if (stores.failed !== undefined) throw stores.failed;
}

interface Stores {
  /** Undefined when nobody looked. */
  readonly hasDatabases?: boolean | undefined;
  /** What went wrong, when a database of the volume has no good copy. */
  readonly failed?: VolumeFailed | undefined;
}

interface Made {
  readonly policy: GenerationPolicy;
  readonly generation: Generation;
}

interface LinkBase extends Generation {
  /** It holds the snapshot that the record names, and so what the comparison is against. */
  readonly recorded?: boolean;
}

/** Complete generation whose files are shared where they are the same. */
function linkBase(run: DailyBackup, task: VolumeTask): LinkBase | undefined {
  const root = rootOf(run.config, "pvc-data");
  for (const { period, identity } of task.record?.generations ?? []) {
    const there = generationIn(root, period, task.path);
    if (there?.identity === identity) return { ...there, recorded: true };
  }
  return newestGeneration(root, task.path, run.config.volumes?.keep.every ?? "week");
}

function isRecorded(run: DailyBackup, { record, path }: VolumeTask, { every }: GenerationPolicy): boolean {
  const known = record?.generations.find(generation => generation.every === every);
  if (!known || known.period !== periodNow(run, every)) return false;
  return generationIn(rootOf(run.config, "pvc-data"), known.period, path)?.identity === known.identity;
}

function periodNow({ startedAt, config: { zone } }: DailyBackup, every: "day" | "week"): string {
  return periodOf(startedAt.getTime(), every, zone);
}

interface Copied extends CopiedFiles {
  readonly generation: Generation;
}

async function makeGeneration(
  run: DailyBackup,
  task: VolumeTask,
  scratch: Scratch,
  { every }: GenerationPolicy,
  base: Generation | undefined,
  stop: AbortSignal,
): Promise<Copied> {
  const fresh = freshGeneration(rootOf(run.config, "pvc-data"), periodNow(run, every), task.path);
  try {
    const copied = await copyFiles({
      ...{ source: scratch.folder, base: base?.folder, into: fresh.folder },
      ...{ lockFd: required(run.lock, "lock").fd, timeoutMs: run.config.budgetMs, stop },
    });
    const generation = await reveal(run, fresh, stop);
    run.bytes += copied.bytes;
    return { ...copied, generation };
  } finally {
    discard(fresh);
  }
}

/** Names a generation's subtree to the offsite run, durably, before it becomes visible. */
export async function reveal(
  run: DailyBackup,
  fresh: FreshGeneration,
  stop: AbortSignal,
): Promise<Generation> {
  handOver(run, fresh.target);
  return promote(fresh, stop);
}

/** @param folder on the backup disk, in which anything may change now */
export function handOver(run: DailyBackup, folder: string): void {
  run.segment ??= openSegment(journalFolder(run.config), "reconcile");
  run.segment.add(Buffer.from(relative(run.config.target.path, folder)));
}

async function copyStores(
  run: DailyBackup,
  task: VolumeTask,
  scratch: Scratch,
  changed: readonly Buffer[] | undefined,
  stop: AbortSignal,
): Promise<Stores> {
  const every = run.config.sqlite?.every ?? "week";
  const root = rootOf(run.config, "sqlite-backup");
  const previous = newestGeneration(root, task.path, every);
  const current = previous?.period === periodNow(run, every);
  // Changes tell what to look at only beside what an earlier search found.
  const isKnown = previous !== undefined || task.record?.hasDatabases === false;
  await scratch.makeWritable();
  const fresh = freshGeneration(root, periodNow(run, every), task.path);
  try {
    const result = await copyDatabases({
      ...{ root: scratch.folder, changed: isKnown ? changed : undefined, previous: previous?.folder },
      ...{ into: fresh.folder, stop, log: run.log, timeoutMs: databaseMs },
    });
    stop.throwIfAborted();
    run.bytes += result.bytes;
    // A volume without a database has no folder; one that has lost its last one keeps it in earlier periods.
    if (result.copied + result.linked > 0 || current) await reveal(run, fresh, stop);
    const [first] = result.failed;
    if (!first) return { hasDatabases: result.copied + result.linked > 0 };
    const failed = new VolumeFailed(
      `${result.failed.length} of its databases have no good copy, first ${JSON.stringify(first.path.toString())}: ${first.reason}; its files are copied`,
      `sqlite3 FILE "PRAGMA integrity_check" in its workload`,
    );
    return { hasDatabases: true, failed };
  } finally {
    discard(fresh);
  }
}

/** Only what is visible is recorded: a run that ends in between copies the volume again. */
function keepRecord(
  run: DailyBackup,
  task: VolumeTask,
  made: readonly Made[],
  { hasDatabases, failed }: Stores,
): void {
  const succeeded = failed === undefined;
  const { volume, claim, path, record } = task;
  const snapshot = required(task.snapshot, "snapshot").volume;
  const kinds = new Set(made.map(({ policy }) => policy.every));
  const kept = (record?.generations ?? []).filter(({ every }) => !kinds.has(every));
  const generations = made.map(({ policy: { every }, generation: { period, identity } }) => ({
    every,
    period,
    identity,
  }));
  writeRecord(run.config.stateDir, volume, {
    ...{ namespace: claim?.namespace ?? "", claim: claim?.name ?? "", path },
    successMs: succeeded ? Date.now() : (record?.successMs ?? 0),
    // Without a good copy of each database it isn't done with, however little changes until the next night.
    base: succeeded ? { uuid: snapshot.uuid, thinId: snapshot.thinId ?? -1 } : { uuid: "", thinId: -1 },
    generations: [...generations, ...kept],
    hasDatabases,
  });
}
