import { randomUUID } from "node:crypto";
import { linkSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { makeClosedFolder, ownPrefix } from "./closed-folder";
import { syncFolder, writeDurably } from "./durable";
import { errnoOf, messageOf, Refusal } from "./errors";
import type { Log } from "./log";
import type { ExpectedMount } from "./mounts";
import { quoted } from "./quoted";
import { shell } from "./shell";

/** Which disk a job has written to, by the UUID of its file system and its mark. */
const record = z.strictObject({ fsUuid: z.string(), mark: z.string() });

export interface MarkedJob {
  readonly job: string;
  readonly stateDir: string;
  /** A mounted backup disk. */
  readonly target: ExpectedMount;
}

/**
 * Proves that a backup disk is the one that earlier runs of this job wrote to. A file system's UUID says less: whoever has a
 * volume of this host gives any UUID to what is in it, and a disk that was made anew by an old script has the one of before. So
 * the first run leaves a random mark on the disk, where only root reads it, and each job remembers it.
 * A clone of the disk has the mark too, so each run leaves its number there as well, and remembers it: an earlier state has a lower one.
 * A job without memory (a host that was set up anew) takes the mark that it finds; another UUID in the estate is another disk.
 * @throws {Refusal} when the mark is another one, or none, or the number is lower; nothing is written then
 */
export function proveMark(job: MarkedJob, { dryRun, log }: { dryRun: boolean; log: Log }): void {
  const { stateDir, target } = job;
  const known = readRecord(recordFile(stateDir));
  const found = readMark(target.path);
  if (known?.fsUuid === target.fsUuid) {
    if (known.mark === found) return proveRun(job, { dryRun, log });
    throw new Refusal(
      `target ${quoted(target.path)} has the UUID of the backup disk, ${target.fsUuid}, and isn't the disk that earlier runs wrote to: it has ${found === undefined ? "no" : "another"} mark (${markFile(target.path)})`,
      shell`lsblk --output NAME,SIZE,MODEL,SERIAL,UUID,MOUNTPOINTS   (if it is meant to be the backup disk from now on: rm ${recordFile(stateDir)})`,
    );
  }
  if (dryRun) return;
  const mark = found ?? makeMark(target.path, log);
  if (mark === undefined) return;
  writeDurably(recordFile(stateDir), `${JSON.stringify({ fsUuid: target.fsUuid, mark })}\n`, 0o600);
  noteRun(job, readRun(runOnDisk(job)) + 1, log);
}

function proveRun(job: MarkedJob, { dryRun, log }: { dryRun: boolean; log: Log }): void {
  const { stateDir, target } = job;
  const [known, found] = [readRun(runFile(stateDir)), readRun(runOnDisk(job))];
  if (found < known)
    throw new Refusal(
      `target ${quoted(target.path)} is an earlier state of the backup disk, such as an old clone of it: the last run that it has is number ${found} of ${job.job}, and this host knows of number ${known}`,
      shell`lsblk --output NAME,SIZE,MODEL,SERIAL,UUID,MOUNTPOINTS   (if it is meant to be the backup disk from now on: rm ${runFile(stateDir)})`,
    );
  if (!dryRun) noteRun(job, found + 1, log);
}

/** On the disk first: whatever ends this, the disk never has less than the host. */
function noteRun(job: MarkedJob, run: number, log: Log): void {
  const file = runOnDisk(job);
  try {
    makeClosedFolder(dirname(file));
    writeDurably(file, `${run}\n`, 0o600);
  } catch (error) {
    if (errnoOf(error) !== "ENOSPC") throw error;
    log.warn(`the backup disk has no room for this run's number: ${messageOf(error)}`);
    return;
  }
  writeDurably(runFile(job.stateDir), `${run}\n`, 0o600);
}

/** In a file of its own: an earlier version refuses a record with more in it. */
function runFile(stateDir: string): string {
  return join(stateDir, "disk-run");
}

function runOnDisk({ job, target }: MarkedJob): string {
  return join(target.path, ownPrefix, "runs", job);
}

/** @returns 0 before the first one, and of what isn't a number */
function readRun(file: string): number {
  try {
    return Number.parseInt(readFileSync(file, "utf8"), 10) || 0;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return 0;
    throw new Refusal(
      `the number of the last run can't be read: ${messageOf(error)}`,
      shell`cat ${file}; dmesg --level err,warn | tail`,
    );
  }
}

/** Where a disk's mark lies. */
export function markFile(disk: string): string {
  return join(disk, ownPrefix, "mark");
}

function recordFile(stateDir: string): string {
  return join(stateDir, "disk.json");
}

function readMark(disk: string): string | undefined {
  try {
    return readFileSync(markFile(disk), "utf8").trim();
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw new Refusal(
      `the mark of the backup disk can't be read: ${messageOf(error)}`,
      shell`ls -la ${dirname(markFile(disk))}; dmesg --level err,warn | tail`,
    );
  }
}

function readRecord(file: string): z.infer<typeof record> | undefined {
  try {
    return record.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw new Refusal(
      `which disk earlier runs wrote to can't be read: ${file}: ${messageOf(error)}`,
      shell`cat ${file}   (rm it only after a look at the disk: lsblk --output NAME,SIZE,MODEL,SERIAL,UUID,MOUNTPOINTS)`,
    );
  }
}

/** Of two jobs that begin at once, both have the mark of the first. @returns undefined on a disk without room, which the run is about to make */
function makeMark(disk: string, log: Log): string | undefined {
  const file = markFile(disk);
  const own = `${file}.${process.pid}`;
  try {
    makeClosedFolder(dirname(file));
    writeDurably(own, `${randomUUID()}\n`, 0o600);
    try {
      linkSync(own, file);
      syncFolder(dirname(file));
    } catch (error) {
      if (errnoOf(error) !== "EEXIST") throw error;
    }
    return readMark(disk);
  } catch (error) {
    if (errnoOf(error) !== "ENOSPC") throw error;
    log.warn(`the backup disk gets no mark yet: ${messageOf(error)}`);
    return undefined;
  } finally {
    rmSync(own, { force: true });
  }
}
