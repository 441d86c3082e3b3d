import { discard, freshGeneration, newestGeneration } from "../runtime/generations";
import { quoted } from "../runtime/quoted";
import { shell } from "../runtime/shell";
import { type DailyBackup, nameOf, rootOf, type VolumeTask, periodNow } from "./daily-backup";
import { reveal } from "../runtime/hand-over";
import { isAccepted } from "./incomplete";
import { VolumeFailed } from "../runtime/file-system";
import { copyDatabases } from "./sqlite";
import { findDatabases } from "./sqlite-search";

/** One database takes no longer; a big one on a busy disk takes minutes. */
const databaseMs = 30 * 60_000;

/** What became of a volume's databases. */
export interface Stores {
  /** Undefined when nobody looked. */
  readonly hasDatabases?: boolean | undefined;
  /** Identity of the generation that holds a good copy of each database; absent after a failure. */
  readonly goodCopies?: string | undefined;
  /** How many databases that generation has copies of. */
  readonly databases?: number | undefined;
  /** What went wrong, when a database of the volume has no good copy. */
  readonly failed?: VolumeFailed | undefined;
}

/**
 * Makes a generation of a volume's databases.
 * @param source mount point of its snapshot
 * @param changed what its files differ in from those that the last good copies were made of; undefined when that isn't known
 */
export async function copyStores(
  run: DailyBackup,
  task: VolumeTask,
  source: string,
  changed: readonly Buffer[] | undefined,
  stop: AbortSignal,
): Promise<Stores> {
  const every = run.config.sqlite?.every ?? "week";
  const root = rootOf(run.config, "sqlite-backup");
  const previous = newestGeneration(root, task.path, every);
  const current = previous?.period === periodNow(run, every);
  // Changes tell what to look at only beside good copies of all that was there before: after a failure, beside a generation
  // that a run made which ended before its record, or where a copy is gone, each database is copied anew.
  const isKnown =
    previous === undefined
      ? task.record?.hasDatabases === false
      : task.record?.goodCopies === previous.identity && (await hasAllCopies(task, previous.folder, stop));
  const fresh = freshGeneration(root, periodNow(run, every), task.path);
  try {
    const result = await copyDatabases({
      ...{ root: source, changed: isKnown ? changed : undefined, previous: previous?.folder },
      ...{ into: fresh.folder, stop, log: run.log, timeoutMs: databaseMs },
    });
    stop.throwIfAborted();
    run.bytes += result.bytes;
    // A volume without a database has no folder; one that has lost its last one keeps it in earlier periods.
    const hasDatabases = result.copied + result.linked > 0;
    const revealed = hasDatabases || current ? await reveal(run, fresh, stop) : undefined;
    if (result.failed.length === 0)
      return {
        ...{ hasDatabases, goodCopies: revealed?.identity },
        databases: result.copied + result.linked,
      };
    const missed = result.failed.filter(({ path }) => !isAccepted(run, task.path, path));
    const [first] = missed;
    // What is accepted is tried again each night, as the day comes on which it no longer is.
    if (!first) return { hasDatabases: true };
    const failed = new VolumeFailed(
      `${missed.length} of its databases have no good copy, first ${quoted(first.path)}: ${first.reason}; its files are copied`,
      shell`sqlite3 FILE "PRAGMA integrity_check" in its workload   (if it is no database, or isn't missed: accept ${nameOf(task)}/PATH in the estate)`,
    );
    return { hasDatabases: true, failed };
  } finally {
    discard(fresh);
  }
}

/** Whether nobody has removed a copy, and none has lost the first bytes by which it is told; true where nobody counted them. */
async function hasAllCopies({ record }: VolumeTask, folder: string, stop: AbortSignal): Promise<boolean> {
  if (record?.databases === undefined) return true;
  let found = 0;
  for await (const { kind } of findDatabases(Buffer.from(folder), stop)) if (kind === "database") found += 1;
  return found === record.databases;
}
