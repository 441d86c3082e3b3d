import type { GenerationPolicy } from "../../plan/contracts/daily-backup";
import { generationIn, newestGeneration } from "../runtime/generations";
import { required } from "../runtime/required";
import type { Holdings } from "./copy-files";
import { copyStores, type Stores } from "./copy-stores";
import { type DailyBackup, policiesOf, rootOf, type VolumeTask } from "./daily-backup";
import { writeRecord } from "./record";
import { VolumeIncomplete } from "./incomplete";
import { type Base, makeGeneration, type MadeGeneration } from "./make-generation";
import { periodNow } from "./reveal";
import { type Scratch, withScratch } from "./scratch";

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
  let known = knownOf(task);
  let incomplete: VolumeIncomplete | undefined;
  for (const policy of wanted) {
    const base: LinkBase | undefined = made.at(-1)?.base ?? linkBase(run, task);
    const copied = await makeGeneration(run, task, scratch.folder, policy, base, stop).catch(
      (error: unknown) => {
        if (!(error instanceof VolumeIncomplete)) throw error;
        incomplete = error;
        return undefined;
      },
    );
    if (!copied) break;
    known = copied;
    // Against the first one's base; a second kind is the first one's files again.
    if (made.length === 0) changed = base?.recorded ? copied.changed : undefined;
    made.push({ policy, base: baseOf(copied) });
    if (made.length === 1 && isUnchanged && base?.recorded && copied.content > 0)
      run.distrust.push(task.volume);
  }
  // Files first: should a database fail, its volume's files are there.
  const stores = run.config.sqlite ? await copyStores(run, task, scratch, changed, stop) : {};
  const failed = incomplete ?? stores.failed;
  keepRecord(run, task, made, { ...stores, failed, holds: known.holds, hasLinks: known.hasLinks });
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
}

function knownOf({ record }: VolumeTask): Known {
  return { holds: record?.holds, hasLinks: record?.hasLinks };
}

function baseOf({ generation, hasLinks }: MadeGeneration): Base {
  return { ...generation, hasLinks };
}

interface LinkBase extends Base {
  /** It holds the snapshot that the record names, and so what the comparison is against. */
  readonly recorded?: boolean;
}

/** Complete generation whose files are shared where they are the same. */
function linkBase(run: DailyBackup, task: VolumeTask): LinkBase | undefined {
  const root = rootOf(run.config, "pvc-data");
  for (const { period, identity } of task.record?.generations ?? []) {
    const there = generationIn(root, period, task.path);
    if (there?.identity === identity) return { ...there, recorded: true, hasLinks: task.record?.hasLinks };
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
  { hasDatabases, copies, holds, hasLinks, failed }: Stores & Known,
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
    ...{ hasDatabases, copies, holds, hasLinks },
  });
}
