import type { NfsMirrorConfig } from "../../../plan/contracts/nfs-mirror";
import type { WayContext } from "../../runtime/ways";
import { exitCodes, RunnerError } from "../../runtime/errors";
import type { Lock } from "../../runtime/lock";
import { withPathList } from "../../runtime/path-list";
import { noted, quoted } from "../../runtime/quoted";
import { listedBefore, type RsyncPass, rsync, wholeMetadata } from "../../runtime/rsync";
import type { LackedEntry } from "../../runtime/rsync-errors";
import type { RsyncItem } from "../../runtime/rsync-items";
import { ready, shell } from "../../runtime/shell";
import { bringSparseFiles, sameSparseFiles, type SparsePair, sparseFiles } from "../../runtime/sparse-files";
import { holdFileSystem, letFileSystemGo, syncFileSystem } from "../../runtime/sync-file-system";
import { firstLines } from "../../runtime/tail";
import { foldersAbove } from "../../runtime/tree-path";
import { asideOf, mirrorRoot, restoreCommand, type RestoreRecord } from "./record";

/** Ends a restore that was told to stop, with what goes on from there. @throws {RunnerError} */
export function endIfStopped({ config, stop }: WayContext<NfsMirrorConfig>, record: RestoreRecord): void {
  if (!stop.stopped) return;
  const kept =
    record.state === "copying"
      ? "What is there is as it was; what was copied so far is kept aside."
      : "Each item is either what it was or what it is to be, and the other one is kept aside.";
  throw new RunnerError(exitCodes.failed, { failed: "stopped", kept, next: goOnText(config, record) });
}

function goOnText(config: NfsMirrorConfig, record: RestoreRecord): string {
  return shell`${ready(restoreCommand(config, record, "resume"))}   (or give it up: ${ready(restoreCommand(config, record, "rollback"))})`;
}

/** What a restore works with. */
export interface Tools extends WayContext<NfsMirrorConfig> {
  readonly lock: Lock;
}

/** No budget: a restore that gives up halfway helps nobody. */
const longestMs = 14 * 24 * 3_600_000;

/**
 * Copies what is wanted from the mirror into the restore's own folder, with all that the mirror has of it; what an earlier try left
 * there becomes the same.
 * @returns the record, with the names that the mirror could not give
 * @throws {RunnerError} when it isn't known what is missing
 */
export async function copyAside(
  tools: Tools,
  record: RestoreRecord,
  isResumed: boolean,
): Promise<RestoreRecord> {
  const { log } = tools;
  holdFileSystem(asideOf(record));
  let bytes = 0;
  let entries = 0;
  const pair = pairOf(tools, record);
  await bringSparseFiles(pair, sparseFiles(pair.from, record.wanted));
  endIfStopped(tools, record);
  // A file of before a loss of power may have its size and time, and not its content.
  const pass = await transfer(tools, record, { dryRun: false, contents: isResumed }, item => {
    entries += 1;
    bytes += item.bytes;
    log.progress(`restore: ${entries} entries, ${bytes} bytes`);
  });
  endIfStopped(tools, record);
  if (pass.outcome === "complete") return { ...record, lacked: [] };
  const { entries: lacked, unnamed } = pass.lacked;
  if (pass.outcome !== "partial" || unnamed.length > 0 || lacked.length === 0) throw cut(tools, record, pass);
  for (const { path, reason } of lacked) log.warn(`${quoted(path)} can't be brought back: ${reason}`);
  const names = lacked.map(entry => lackedName(record, entry));
  if (!names.every(name => name !== undefined)) throw cut(tools, record, pass);
  return { ...record, lacked: names };
}

/**
 * An entry that the mirror can't give, or that can never be what it was where it comes back. What can't be written for another reason,
 * as on a disk that is full, is undefined: the mirror still has it, and may be its only copy.
 */
function lackedName(record: RestoreRecord, { path, reason }: LackedEntry): string | undefined {
  const own = Buffer.from(`${asideOf(record)}/`).toString("latin1");
  const name = path.toString("latin1");
  if (!name.startsWith("/")) return name;
  return name.startsWith(own) && isForGood.test(reason) ? name.slice(own.length) : undefined;
}

/** ENAMETOOLONG; or an attribute or an ACL that the file system doesn't take. */
const isForGood = /\(36\)$|xattr|acl/i;

function cut({ config }: Tools, record: RestoreRecord, pass: RsyncPass): RunnerError {
  return new RunnerError(exitCodes.failed, {
    failed: `rsync ended with ${pass.result.exitCode ?? pass.result.signal}: ${firstLines(pass.result.stderr)}`,
    kept: "What is there is as it was; what was copied so far is kept aside.",
    next: shell`df -h ${record.root}; dmesg --level err,warn | tail; ${ready(goOnText(config, record))}`,
  });
}

/**
 * Reads all that was copied, and the mirror, and compares content, owners, modes, times, ACLs, attributes and links.
 * @throws {RunnerError} that names what differs
 */
export async function proveCopy(tools: Tools, record: RestoreRecord): Promise<void> {
  const { config } = tools;
  await syncDisk(tools, record);
  const above = new Set(record.wanted.flatMap(foldersAbove));
  const lacked = new Set(record.lacked);
  const isLacked = (name: string): boolean =>
    lacked.size > 0 && [name, ...foldersAbove(name)].some(path => lacked.has(path));
  const differing: string[] = [];
  let count = 0;
  const pass = await transfer(tools, record, { dryRun: true, contents: true }, ({ path, letters }) => {
    const name = path.toString("latin1");
    if (name === "." || above.has(name) || isLacked(name)) return;
    count += 1;
    if (differing.length < shown) differing.push(`${noted(path)} (${letters.trim()})`);
  });
  endIfStopped(tools, record);
  const isThrough = pass.outcome === "complete" || (pass.outcome === "partial" && lacked.size > 0);
  if (isThrough && count === 0) return;
  throw new RunnerError(exitCodes.failed, {
    failed: isThrough
      ? `${count} entries of the copy aren't what the mirror has: ${differing.join(", ")}${count > shown ? ", …" : ""}`
      : `the copy can't be compared with the mirror: rsync ended with ${pass.result.exitCode ?? pass.result.signal}: ${firstLines(pass.result.stderr)}`,
    kept: "What is there is as it was; what was copied is kept aside.",
    next: shell`dmesg --level err,warn | tail; ${ready(restoreCommand(config, record, "resume"))}`,
  });
}

const shown = 5;

/** What is compared and put in its place is on the disk, also after a loss of power. */
async function syncDisk(tools: Tools, record: RestoreRecord): Promise<void> {
  const fault = await syncFileSystem(asideOf(record), { timeoutMs: longestMs, stop: tools.stop.signal });
  letFileSystemGo(asideOf(record));
  endIfStopped(tools, record);
  if (fault !== undefined)
    throw new RunnerError(exitCodes.failed, {
      failed: `what was copied can't be written to disk: ${fault}`,
      kept: "What is there is as it was.",
      next: "dmesg --level err,warn | tail",
    });
}

function pairOf({ config, lock, log, stop }: Tools, record: RestoreRecord): SparsePair {
  const [from, into] = [mirrorRoot(config, record), asideOf(record)];
  return { ...{ from, into, log, lockFd: lock.fd }, ...{ timeoutMs: longestMs, stop: stop.signal } };
}

/** What `contents` says of files with large holes isn't asked of rsync, which would read the holes. */
async function transfer(
  tools: Tools,
  record: RestoreRecord,
  { dryRun, contents }: { readonly dryRun: boolean; readonly contents: boolean },
  onItem: (item: RsyncItem) => void,
): Promise<RsyncPass> {
  const { config, stop, lock } = tools;
  const pair = pairOf(tools, record);
  const pass = (wanted: readonly string[], args: readonly string[], leaveAlone: readonly string[] = []) =>
    withPathList(config.stateDir, wanted, list =>
      rsync(
        [
          ...[...wholeMetadata, listedBefore, "--recursive", ...(dryRun ? ["--dry-run"] : [])],
          ...[...args, ...list, "--", "./", `${pair.into}/`],
        ],
        { cwd: pair.from, timeoutMs: longestMs, stop: stop.signal, inherit: [lock.fd], leaveAlone },
        onItem,
      ),
    );
  if (!contents) return pass(record.wanted, ["--delete"]);
  const known = await sameSparseFiles(pair, sparseFiles(pair.from, record.wanted));
  const others = record.wanted.filter(name => !known.has(name));
  const around = known.size > 0 ? await pass([...known], []) : undefined;
  const rest = await pass(others, ["--delete", "--checksum"], [...known]);
  return around ? together(around, rest) : rest;
}

/** Two passes over different entries, as one. */
function together(one: RsyncPass, other: RsyncPass): RsyncPass {
  const all = [one, other];
  const worse =
    all.find(({ outcome }) => outcome === "broken") ?? (other.outcome === "complete" ? one : other);
  const lacked = {
    entries: all.flatMap(pass => pass.lacked.entries),
    unnamed: all.flatMap(pass => pass.lacked.unnamed),
  };
  return { ...worse, lacked };
}
