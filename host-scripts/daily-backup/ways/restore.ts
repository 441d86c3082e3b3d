import { existsSync, mkdtempSync, readdirSync, rmdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import type { DailyBackupConfig } from "../../../plan/contracts/daily-backup";
import { judgeRestored, type RestoredCopy } from "../../backup-scrub/restored";
import { asRunnerError } from "../../runtime/entry";
import { exitCodes, Refusal, RunnerError } from "../../runtime/errors";
import { roomOf } from "../../runtime/free-room";
import { type IntoFolder, intoFolder } from "../../runtime/into-folder";
import { momentText } from "../../runtime/moment";
import { entriesOf } from "../../runtime/open-folder";
import { quoted } from "../../runtime/quoted";
import { required } from "../../runtime/required";
import { type RestoredTree, restoreTree } from "../../runtime/restore-tree";
import { shell } from "../../runtime/shell";
import { sizeText } from "../../runtime/size-text";
import { tallyOf } from "../../runtime/tally";
import type { Answer, RestoreRequest, WayContext } from "../../runtime/ways";
import { configurationName } from "../configuration";
import { failedFile } from "../sqlite";
import { type Chosen, chosenCopy, keptCopies, type KeptCopy, type Kind, unitOf } from "./copies";
import { proveBackupDisk } from "../../runtime/backup-disk";
import { manifestFaults } from "./manifest";
import { restoreDatabases } from "./restore-databases";
import { inVolume } from "./in-volume";
import { pathsIn } from "./paths";

/** Gives a volume, or a folder, what a copy has. */
export async function restore(
  request: RestoreRequest,
  context: WayContext<DailyBackupConfig>,
): Promise<Answer> {
  await proveBackupDisk(context.config, "read", { ...context, dryRun: true });
  const { config, log } = context;
  const [name = ""] = request.what;
  const chosen = chosenCopy(keptCopies(config), {
    ...{ name, kind: kindOf(name, request), atMs: request.atMs },
    incomplete: request.switches.has("incomplete"),
  });
  const { copy, notes } = chosen;
  const only = pathsIn(copy, request);
  log.info(`the copy of ${momentText(copy.completeMs)}: ${quoted(copy.folder)}`);
  for (const note of notes) log.warn(note);
  const isOfVolume = copy.kind !== "configuration" && request.into === undefined && only === undefined;
  const answer = isOfVolume
    ? await inVolume(chosen, request, context, volume =>
        copy.kind === "databases"
          ? restoreDatabases(copy, volume, context)
          : // What a file system keeps for itself is no part of what was copied from another one.
            treeOf(copy, { path: volume, isMount: true }, context, { deletes: true, keeps: ["lost+found"] }),
      )
    : await inFolder(chosen, request, context, only);
  return request.dryRun ? answer : judgeRestored(answer, restoredCopy(config, copy, only), context);
}

function restoredCopy(
  { target, sumsDir }: DailyBackupConfig,
  { folder, kind, name }: KeptCopy,
  only: readonly string[] | undefined,
): RestoredCopy {
  const path = relative(target.path, folder);
  const unit = unitOf(path, { kind, name });
  return {
    catalogue: { target, stateDir: sumsDir },
    paths: only ? only.map(below => ({ unit, path: `${path}/${below}` })) : [{ unit, path }],
    isFixed: true,
    next: shell`daily-backup verify ${name}   (an earlier one: restore … --at TIME; and: systemctl start backup-scrub, which mends what it can)`,
  };
}

function kindOf(name: string, { switches }: RestoreRequest): Kind {
  if (name !== configurationName) return switches.has("databases") ? "databases" : "files";
  if (!switches.has("databases")) return "configuration";
  throw new RunnerError(exitCodes.usage, {
    failed: `--databases goes with NAMESPACE/CLAIM, not with ${configurationName}`,
    kept: "Nothing was changed.",
    next: "daily-backup --help",
  });
}

/** Root's own, so that nobody else gets to what a host's configuration has, or one tenant's files have. */
const home = ({ kind }: KeptCopy): string => `/root/restored-${kind}-`;

async function inFolder(
  { copy, notes }: Chosen,
  { into, dryRun }: RestoreRequest,
  context: WayContext<DailyBackupConfig>,
  only: readonly string[] | undefined,
): Promise<Answer> {
  const { config, stop } = context;
  const { path: disk } = config.target;
  const looked = await intoFolder(into ?? `${home(copy)}XXXXXX`, { disk, dryRun: true, stop: stop.signal });
  // Before a folder is made, or one that is there is taken.
  await refuseWithoutRoom(copy, looked, context, only);
  const time = momentText(copy.completeMs);
  const factsOf = (path: string): object => ({
    ...{ name: copy.name, kind: copy.kind, from: copy.folder, into: path },
  });
  if (dryRun)
    return {
      text: `would restore ${only ? `${only.length} paths of ` : ""}${copy.name} of ${time} into ${quoted(looked.path)}; nothing is changed now`,
      result: { ...factsOf(looked.path), dryRun, notes },
    };
  const named = into ?? mkdtempSync(home(copy));
  const folder = await intoFolder(named, { disk, dryRun, stop: stop.signal });
  try {
    const restored = await treeOf(copy, folder, context, only && { only });
    const faults = copy.kind === "configuration" ? await manifestFaults(folder.path, stop.signal) : [];
    const [first] = faults;
    if (first !== undefined)
      throw new RunnerError(exitCodes.failed, {
        failed: `${faults.length} entries are not what the manifest of ${time} says, first ${first}`,
        kept: `All of it is in ${quoted(folder.path)}.`,
        next: shell`daily-backup verify ${copy.name}`,
      });
    return {
      text: `${only ? `${only.length} paths of ` : ""}${copy.name} of ${time} ${only ? "are" : "is"} restored into ${quoted(folder.path)}: ${figures(restored)}${openWords(copy, folder, only)}`,
      result: { ...factsOf(folder.path), ...restored, notes },
    };
  } catch (error) {
    throw cutShort(error, config.job, folder.path);
  }
}

/** A host whose root file system is full is no help to whoever restores on it. */
async function refuseWithoutRoom(
  { folder: from }: KeptCopy,
  { path }: IntoFolder,
  { stop }: WayContext<DailyBackupConfig>,
  only: readonly string[] = entriesOf(from),
): Promise<void> {
  const { blockBytes, entries } = await tallyOf(from, only, () => stop.check("look"));
  const { free } = roomOf(existsSync(path) ? path : dirname(path));
  if (blockBytes <= free.bytes && entries <= free.inodes) return;
  throw new Refusal(
    `${quoted(path)} has room for ${sizeText(free.bytes)} and ${free.inodes} entries, and ${sizeText(blockBytes)} and ${entries} entries come`,
    shell`df -h ${dirname(path)}; df -i ${dirname(path)}   (then the same with --into a folder on a larger disk, or with paths alone)`,
  );
}

/** A folder that nothing came into isn't left behind. */
function cutShort(fault: unknown, job: string, folder: string): unknown {
  if (readdirSync(folder).length === 0) {
    try {
      rmdirSync(folder);
    } catch {
      // A file system that is mounted there.
    }
    return fault;
  }
  const { exitCode, failed, next } = asRunnerError(fault, job);
  const kept = `The copy is as it was. What came of it is in ${quoted(folder)}, and may be only a part.`;
  return new RunnerError(exitCode, { failed, kept, next }, { cause: fault });
}

function figures({ entries, bytes }: RestoredTree): string {
  return `${entries} entries, ${sizeText(bytes)}, each compared with the copy by content`;
}

/** Who moves it on has to know that its own owner and mode aren't those of before. */
function openWords({ kind }: KeptCopy, { isMount }: IntoFolder, only: readonly string[] = []): string {
  const words = [
    ...(isMount || kind === "configuration"
      ? []
      : [
          "The folder itself is root's alone: set-uid programs may be among the files of others. Owners and modes of all below are those of before.",
        ]),
    ...(only.some(path => path.includes("/"))
      ? [
          "Folders above what was asked for are new ones of root's, with neither the owner nor the mode of before.",
        ]
      : []),
  ];
  return words.map(each => `\n${each}`).join("");
}

interface Manner {
  readonly deletes?: boolean;
  /** Entries of its root that stay. */
  readonly keeps?: readonly string[];
  /** These alone come back, with all below them. */
  readonly only?: readonly string[];
}

async function treeOf(
  copy: KeptCopy,
  { path, isMount }: IntoFolder,
  { config, log, stop, lock }: WayContext<DailyBackupConfig>,
  manner: Manner = {},
): Promise<RestoredTree> {
  return restoreTree({
    ...{ from: copy.folder, into: path, keepsRoot: !isMount, ...manner, log, stop: stop.signal },
    ...{ stateDir: join(config.stateDir, "restore"), lockFd: required(lock, "lock").fd },
    ...(copy.kind === "databases" && { leavesOut: [failedFile] }),
  });
}
