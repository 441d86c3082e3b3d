import type { GenerationPolicy } from "../../plan/contracts/generations";
import { generationIn, newestGeneration } from "../runtime/generations";
import { quoted } from "../runtime/quoted";
import { required } from "../runtime/required";
import { differingFiles, type Holdings } from "./copy-files";
import { copyStores, type Stores } from "./copy-stores";
import { type DailyBackup, nameOf, policiesOf, rootOf, type VolumeTask, periodNow } from "./daily-backup";
import { type VolumeRecord, writeRecord } from "./record";
import { acceptedIn, missedOf, newestIncomplete, VolumeIncomplete } from "./incomplete";
import { type Base, makeGeneration, type MadeGeneration } from "./make-generation";
import { VolumeFailed } from "../runtime/file-system";
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
  const wanted = wantedOf(run, task);
  if (wanted === undefined) {
    const { hasDatabases, goodCopies, databases } = task.record ?? {};
    keepRecord(run, task, [], { hasDatabases, goodCopies, databases, ...knownOf(task) });
    return "unchanged";
  }
  const isUnchanged = run.unchanged?.has(task.volume) === true;
  await withScratch(config, snapshot, stop, source =>
    fillVolume(run, task, source, { wanted, isUnchanged }, stop),
  );
  return "copied";
}

/** Kinds of generations that a volume is to get; undefined when what is there of it is this night's as it is. */
export function wantedOf(run: DailyBackup, task: VolumeTask): readonly GenerationPolicy[] | undefined {
  const policies = policiesOf(run.config, task);
  // Changed: every kind anew. What an earlier night's success stood on is judged like a change once nobody answers for it.
  if (run.unchanged?.has(task.volume) !== true || !isStillAccepted(run, task)) return policies;
  // Unchanged, but a new period: a full comparison, which proves that it is.
  const missing = policies.filter(policy => !isRecorded(run, task, policy));
  return missing.length === 0 && hasGoodCopies(run, task) ? undefined : missing;
}

/** What a success lacked counts for each night anew; of a record that doesn't say, nothing is known. */
function isStillAccepted(run: DailyBackup, task: VolumeTask): boolean {
  const { accepted } = task.record ?? {};
  if (accepted === undefined) return false;
  const lacked = accepted.map(({ path, reason }) => ({ path: Buffer.from(path, "latin1"), reason }));
  return missedOf(run, task, lacked).length === 0;
}

/** A database that failed is tried again each night, also one whose failure is accepted. */
function hasGoodCopies({ config }: DailyBackup, { record }: VolumeTask): boolean {
  return !config.sqlite || record?.hasDatabases === false || record?.goodCopies !== undefined;
}

/**
 * Compares a volume's files with the generation that was made of the same snapshot, by content: sizes and times don't tell of
 * a file that was changed and had them set back, or of a copy that rotted. What differs, or isn't in the copy, is copied anew,
 * and so is each database, whose copy may have rotted too.
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
  const { differing, lacked, ...found } = await differingFiles({
    ...{ source, base: base.folder, into: base.folder },
    ...{ lockFd: required(run.lock, "lock").fd, timeoutMs: config.budgetMs, stop },
    acceptedOf: acceptedIn(run, task),
  });
  const [missed] = missedOf(run, task, lacked);
  if (missed)
    throw new VolumeFailed(
      `not all of its entries can be read, first ${quoted(missed.path)}: ${missed.reason}`,
      "dmesg --level err,warn | tail",
    );
  const missing = found.missing.filter(path => !isLackedBy(record, path));
  run.differences = (run.differences ?? 0) + differing.length + missing.length;
  const compared: VolumeTask = { ...task, record: { ...record, contentMs: startedAt.getTime() } };
  const told = [...otherText(task, differing), ...missingText(task, missing)];
  // Copies of databases are no bytes of the volume: they can't be compared with it, and are made anew.
  const hasDatabases = config.sqlite !== undefined && record.hasDatabases !== false;
  if (told.length === 0 && !hasDatabases)
    return writeRecord(config.stateDir, task.volume, required(compared.record, "record"));
  for (const text of told) log.warn(text);
  const wanted = told.length === 0 ? [] : policiesOf(config, task);
  await fillVolume(run, compared, source, { wanted, differing, sharesDatabases: false }, stop);
  notes.push(
    ...told.map(text => `${text}. They are copied anew, and earlier generations keep what they have`),
  );
}

function otherText(task: VolumeTask, differing: readonly Buffer[]): string[] {
  const [first] = differing;
  return first === undefined
    ? []
    : [
        `${differing.length} files of ${nameOf(task)} had other content than their copy, with the same size and times, first ${quoted(first)}: changed with its times set back, or rotten on a disk`,
      ];
}

function missingText(task: VolumeTask, missing: readonly Buffer[]): string[] {
  const [first] = missing;
  return first === undefined
    ? []
    : [
        `${missing.length} files of ${nameOf(task)} are not in their copy, first ${quoted(first)}: somebody removed them there`,
      ];
}

/** Whether a copy was made without a path, for which somebody answers. */
function isLackedBy({ accepted = [] }: VolumeRecord, path: Buffer): boolean {
  const name = path.toString("latin1");
  return accepted.some(entry => name === entry.path || name.startsWith(`${entry.path}/`));
}

interface Filling {
  /** Kinds of generations to make. */
  readonly wanted: readonly GenerationPolicy[];
  /** By the pool's account. */
  readonly isUnchanged?: boolean;
  /** Files whose content is not that of their copy, whatever their sizes and times say. */
  readonly differing?: readonly Buffer[];
  /** False: each database is copied anew, whatever changed. */
  readonly sharesDatabases?: boolean;
}

/** Makes generations of a volume's files and databases, and keeps what is known of them. @param source where they are read */
export async function fillVolume(
  run: DailyBackup,
  task: VolumeTask,
  source: string,
  { wanted, isUnchanged = false, differing = [], sharesDatabases = true }: Filling,
  stop: AbortSignal,
): Promise<void> {
  const made: Made[] = [];
  let changed: readonly Buffer[] | undefined;
  let known = knownOf(task);
  let incomplete: VolumeIncomplete | undefined;
  const earlier = linkBase(run, task, differing);
  if (earlier && !task.record) tellUnknown(run, task);
  for (const policy of wanted) {
    const base: LinkBase | undefined = made.at(-1)?.base ?? earlier;
    const copied = await makeGeneration(run, task, source, policy, base, stop).catch((error: unknown) => {
      if (!(error instanceof VolumeIncomplete)) throw error;
      incomplete = error;
      return undefined;
    });
    if (!copied) break;
    const contentMs = copied.isWhole ? run.startedAt.getTime() : known.contentMs;
    const accepted = copied.lacked.map(({ path, reason }) => ({ path: path.toString("latin1"), reason }));
    known = { holds: copied.holds, hasLinks: copied.hasLinks, accepted, contentMs };
    // Against the first one's base; a second kind is the first one's files again.
    if (made.length === 0) changed = base?.recorded ? copied.changed : undefined;
    made.push({ policy, base: baseOf(copied) });
    // What the last copy lacks, and can be read again, differs from it without a change.
    const hadAll = task.record?.accepted?.length === 0;
    if (made.length === 1 && isUnchanged && hadAll && base?.recorded && copied.content > 0)
      run.distrust.push(task.volume);
  }
  // Files first: should a database fail, its volume's files are there.
  const since = sharesDatabases ? changed : undefined;
  const stores = run.config.sqlite ? await copyStores(run, task, source, since, stop) : {};
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
  readonly accepted: VolumeRecord["accepted"];
  readonly contentMs: number | undefined;
}

function knownOf({ record }: VolumeTask): Known {
  const { holds, hasLinks, accepted, contentMs } = record ?? {};
  return { holds, hasLinks, accepted, contentMs };
}

function baseOf({ generation, hasLinks, holds }: MadeGeneration): Base {
  return { ...generation, hasLinks, holds };
}

interface LinkBase extends Base {
  /** It holds the snapshot that the record names, and so what the comparison is against. */
  readonly recorded?: boolean;
}

/** Generation whose files are shared where they are the same. */
function linkBase(
  run: DailyBackup,
  task: VolumeTask,
  differing: readonly Buffer[] = [],
): LinkBase | undefined {
  const root = rootOf(run.config, "pvc-data");
  for (const { period, identity } of task.record?.generations ?? []) {
    const there = generationIn(root, period, task.path);
    if (there?.identity === identity) {
      const { hasLinks, holds } = knownOf(task);
      return { ...there, recorded: true, hasLinks, holds, differing };
    }
  }
  const newest = newestGeneration(root, task.path, run.config.volumes?.keep.every ?? "week");
  // Beside an incomplete one only what is new is copied; what it lacks is lacked still, or copied.
  return newest ?? newestIncomplete(run, task);
}

/** A volume that a run knows nothing of has another one's generations: they are compared all the same, and it is told. */
function tellUnknown(run: DailyBackup, task: VolumeTask): void {
  const told = `${nameOf(task)} is another volume than the one that its generations were made of (${task.volume} now), or this host has lost its records: it is compared with the newest of them`;
  if (!run.notes.includes(told)) run.notes.push(told);
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
  { hasDatabases, goodCopies, failed, ...known }: Stores & Known,
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
    ...{ hasDatabases, goodCopies, ...known },
  });
}
