import type { GenerationPolicy } from "../../plan/contracts/daily-backup";
import { generationIn, newestGeneration } from "../runtime/generations";
import { quoted } from "../runtime/quoted";
import { required } from "../runtime/required";
import { differingFiles, type Holdings } from "./copy-files";
import { copyStores, type Stores } from "./copy-stores";
import { type DailyBackup, nameOf, policiesOf, rootOf, type VolumeTask } from "./daily-backup";
import { writeRecord } from "./record";
import { VolumeIncomplete } from "./incomplete";
import { type Base, makeGeneration, type MadeGeneration } from "./make-generation";
import { periodNow } from "./reveal";
import { withScratch } from "./scratch";

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
    const { hasDatabases, copies } = task.record ?? {};
    keepRecord(run, task, [], { hasDatabases, copies, ...knownOf(task) });
    return "unchanged";
  }
  // Changed: every kind anew. Unchanged, but a new period: a full comparison, which proves that it is.
  const wanted = isUnchanged ? missing : policiesOf(config, task);
  await withScratch(config, snapshot, stop, source =>
    fillVolume(run, task, source, { wanted, isUnchanged }, stop),
  );
  return "copied";
}

/**
 * Compares a volume's files with the generation that was made of the same snapshot, by content: sizes and times don't tell of
 * a file that was changed and had them set back, or of a copy that rotted. What differs is copied anew.
 * @param task with the record of that generation
 * @param source mount point of the snapshot
 * @throws {VolumeFailed} when not all of it can be read, or so much differs that it is a collapse
 */
export async function compareContents(
  run: DailyBackup,
  task: VolumeTask,
  source: string,
  stop: AbortSignal,
): Promise<void> {
  const { config, log, notes, startedAt } = run;
  const { record } = task;
  const base = linkBase(run, task);
  if (!record || !base?.recorded) return;
  const differing = await differingFiles({
    ...{ source, base: base.folder, into: base.folder },
    ...{ lockFd: required(run.lock, "lock").fd, timeoutMs: config.budgetMs, stop },
  });
  run.differences = (run.differences ?? 0) + differing.length;
  const compared: VolumeTask = { ...task, record: { ...record, contentMs: startedAt.getTime() } };
  const [first] = differing;
  if (first === undefined)
    return writeRecord(config.stateDir, task.volume, required(compared.record, "record"));
  const told = `${differing.length} files of ${nameOf(task)} had other content than their copy, with the same size and times, first ${quoted(first)}: changed with its times set back, or rotten on a disk`;
  log.warn(told);
  await fillVolume(run, compared, source, { wanted: policiesOf(config, task), differing }, stop);
  notes.push(`${told}. They are copied anew, and earlier generations keep what they have`);
}

interface Filling {
  /** Kinds of generations to make. */
  readonly wanted: readonly GenerationPolicy[];
  /** By the pool's account. */
  readonly isUnchanged?: boolean;
  /** Files whose content is not that of their copy, whatever their sizes and times say. */
  readonly differing?: readonly Buffer[];
}

/** Makes generations of a volume's files and databases, and keeps what is known of them. @param source where they are read */
export async function fillVolume(
  run: DailyBackup,
  task: VolumeTask,
  source: string,
  { wanted, isUnchanged = false, differing = [] }: Filling,
  stop: AbortSignal,
): Promise<void> {
  const made: Made[] = [];
  let changed: readonly Buffer[] | undefined;
  let known = knownOf(task);
  let incomplete: VolumeIncomplete | undefined;
  for (const policy of wanted) {
    const base: LinkBase | undefined = made.at(-1)?.base ?? linkBase(run, task, differing);
    const copied = await makeGeneration(run, task, source, policy, base, stop).catch((error: unknown) => {
      if (!(error instanceof VolumeIncomplete)) throw error;
      incomplete = error;
      return undefined;
    });
    if (!copied) break;
    const contentMs = copied.isWhole ? run.startedAt.getTime() : known.contentMs;
    known = { holds: copied.holds, hasLinks: copied.hasLinks, contentMs };
    // Against the first one's base; a second kind is the first one's files again.
    if (made.length === 0) changed = base?.recorded ? copied.changed : undefined;
    made.push({ policy, base: baseOf(copied) });
    if (made.length === 1 && isUnchanged && base?.recorded && copied.content > 0)
      run.distrust.push(task.volume);
  }
  // Files first: should a database fail, its volume's files are there.
  const stores = run.config.sqlite ? await copyStores(run, task, source, changed, stop) : {};
  const failed = incomplete ?? stores.failed;
  keepRecord(run, task, made, { ...stores, ...known, failed });
  if (failed !== undefined) throw failed;
}

interface Made {
  readonly policy: GenerationPolicy;
  readonly base: Base;
}

/** What is known of the files of the generations. */
interface Known {
  readonly holds: Holdings | undefined;
  readonly hasLinks: boolean | undefined;
  readonly contentMs: number | undefined;
}

function knownOf({ record }: VolumeTask): Known {
  return { holds: record?.holds, hasLinks: record?.hasLinks, contentMs: record?.contentMs };
}

function baseOf({ generation, hasLinks }: MadeGeneration): Base {
  return { ...generation, hasLinks };
}

interface LinkBase extends Base {
  /** It holds the snapshot that the record names, and so what the comparison is against. */
  readonly recorded?: boolean;
}

/** Complete generation whose files are shared where they are the same. */
function linkBase(
  run: DailyBackup,
  task: VolumeTask,
  differing: readonly Buffer[] = [],
): LinkBase | undefined {
  const root = rootOf(run.config, "pvc-data");
  for (const { period, identity } of task.record?.generations ?? []) {
    const there = generationIn(root, period, task.path);
    if (there?.identity === identity)
      return { ...there, recorded: true, hasLinks: task.record?.hasLinks, differing };
  }
  return newestGeneration(root, task.path, run.config.volumes?.keep.every ?? "week");
}

function isRecorded(run: DailyBackup, { record, path }: VolumeTask, { every }: GenerationPolicy): boolean {
  const known = record?.generations.find(generation => generation.every === every);
  if (!known || known.period !== periodNow(run, every)) return false;
  return generationIn(rootOf(run.config, "pvc-data"), known.period, path)?.identity === known.identity;
}

/** Only what is visible is recorded: a run that ends in between copies the volume again. */
function keepRecord(
  run: DailyBackup,
  task: VolumeTask,
  made: readonly Made[],
  { hasDatabases, copies, failed, ...known }: Stores & Known,
): void {
  const succeeded = failed === undefined;
  const { volume, claim, path, record } = task;
  const snapshot = required(task.snapshot, "snapshot").volume;
  const kinds = new Set(made.map(({ policy }) => policy.every));
  const kept = (record?.generations ?? []).filter(({ every }) => !kinds.has(every));
  const generations = made.map(({ policy: { every }, base: { period, identity } }) => ({
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
    ...{ hasDatabases, copies, ...known },
  });
}
