import { type BigIntStats, lstatSync, readdirSync, utimesSync } from "node:fs";
import { join, relative } from "node:path";
import type { NfsMirrorConfig } from "../../plan/contracts/nfs-mirror";
import { closeDisk, makeClosedFolder, ownPrefix } from "../runtime/closed-folder";
import { errnoOf, exitCodes, Refusal, RunnerError } from "../runtime/errors";
import { openSegment } from "../runtime/journal";
import type { Phase } from "../runtime/phases";
import { quoted } from "../runtime/quoted";
import { required } from "../runtime/required";
import { rsync } from "../runtime/rsync";
import { shell } from "../runtime/shell";
import { firstLines } from "../runtime/tail";
import { keptWords } from "./held";
import { journalFolder, type Mirror } from "./mirror";

/** An empty folder that is as closed as the target's root has to be. */
function closedRoot(config: NfsMirrorConfig): string {
  return join(config.stateDir, "closed-root");
}

/** What this job keeps on the backup disk beside the mirror. */
export function ownFolder(config: NfsMirrorConfig): string {
  return join(config.target.path, ownPrefix, "nfs-mirror");
}

/** An empty folder with the owner, mode, ACL and attributes of the source's root: a restore of the whole tree needs them. */
export function recordedRoot(config: NfsMirrorConfig): string {
  return join(ownFolder(config), "source-root");
}

/**
 * What rsync copies, the source's root being its working directory. Of two sources' roots, it takes the attributes of the
 * first one: the target's root never has the source's, not even while a copy goes on, or any user to whom the export
 * is open could rename what lies on the backup disk. A dry run has nothing to keep closed, and makes no folder.
 */
export function rootsOf({ config, dryRun }: Pick<Mirror, "config" | "dryRun">): readonly string[] {
  return dryRun ? ["./"] : [`${closedRoot(config)}/`, "./"];
}

/** The target's root belongs to root and is open to nobody else, also on a disk that an earlier version has opened. */
export const close: Phase<Mirror> = {
  name: "close",
  async run({ config, log }) {
    closeDisk(config.target.path, [], log);
    const folder = closedRoot(config);
    makeClosedFolder(folder);
    if (readdirSync(folder).length > 0)
      throw new Refusal(
        `${quoted(folder)} has to be empty: what lies in it would be mirrored`,
        shell`ls -la ${folder}`,
      );
  },
};

/** Keeps what the source's root has, beside the mirror. */
export const root: Phase<Mirror> = {
  name: "root",
  async run(mirror) {
    const { config } = mirror;
    const folder = recordedRoot(config);
    if (isRecorded(config.source.path, folder)) return;
    try {
      await record(mirror, folder);
    } catch (error) {
      throw errnoOf(error) === "EROFS" ? readOnly(mirror) : error;
    }
  },
};

async function record(mirror: Mirror, folder: string): Promise<void> {
  const { config, stop } = mirror;
  makeClosedFolder(join(config.target.path, ownPrefix));
  makeClosedFolder(join(folder, ".."));
  let differs = lstatSync(folder, { throwIfNoEntry: false }) === undefined;
  const pass = await rsync(
    ["-aAXX", "--numeric-ids", "--omit-dir-times", "--exclude=*", "--", "./", `${folder}/`],
    {
      ...{ cwd: config.source.path, timeoutMs: config.budgetMs, stop: stop.signal },
      inherit: [required(mirror.lock, "lock").fd],
    },
    () => (differs = true),
  );
  stop.check("root");
  if (pass.outcome !== "complete")
    throw new RunnerError(exitCodes.failed, {
      failed: `owner, mode and ACL of ${quoted(config.source.path)} itself can't be kept in ${quoted(folder)}: ${firstLines(pass.result.stderr)}`,
      kept: "What lies in it is mirrored.",
      next: shell`df -h ${config.target.path}; ls -la ${folder}`,
    });
  // Says when it was looked at: a change of the source's root is later.
  const now = new Date();
  utimesSync(folder, now, now);
  if (!differs) return;
  const segment = openSegment(journalFolder(config));
  segment.add(Buffer.from(relative(config.target.path, folder)));
  segment.promote();
}

/** The mount was proven as writable when the run began. */
function readOnly({ config: { target }, held }: Mirror): RunnerError {
  const kept = keptWords(held);
  return new RunnerError(exitCodes.failed, {
    failed: `${quoted(target.path)} is read-only by now: its file system has found errors in itself, or somebody has mounted it so`,
    kept: kept
      ? `What was copied before. Kept as it was: ${kept.words}: ${kept.names}`
      : "What was copied before.",
    next: shell`dmesg --level err,warn | tail; findmnt ${target.path}   (unmount it, let fsck look, and mount it again)`,
  });
}

/** Each change of an ACL or attribute moves a folder's change time, and so does each entry that comes or goes. */
function isRecorded(source: string, folder: string): boolean {
  const record = lstatSync(folder, { bigint: true, throwIfNoEntry: false });
  if (record === undefined) return false;
  const now = lstatSync(source, { bigint: true });
  const same = (field: "mode" | "uid" | "gid"): boolean => now[field] === record[field];
  return same("mode") && same("uid") && same("gid") && changedAfter(record, now);
}

function changedAfter(one: BigIntStats, other: BigIntStats): boolean {
  return one.ctimeNs > other.ctimeNs;
}
