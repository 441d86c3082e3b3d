import { existsSync, lstatSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { RestoreDrillConfig } from "../../plan/contracts/restore-drill";
import { closeFolder } from "../runtime/closed-folder";
import { errnoOf, exitCodes, Refusal, RunnerError } from "../runtime/errors";
import type { Room } from "../runtime/free-room";
import { roomOf } from "../runtime/free-room";
import { quoted } from "../runtime/quoted";
import { run as runCommand } from "../runtime/run";
import { shell } from "../runtime/shell";
import { firstLines } from "../runtime/tail";
import type { RestoreDrill } from "./restore-drill";

/** The one name in the scratch folder that a drill makes, and that is ever removed. */
const ownName = "drill";

/** Folder that a drill restores into: made by the restore, gone after the drill. */
export function drillFolder({ scratch }: Pick<RestoreDrillConfig, "scratch">): string {
  return join(scratch.folder, ownName);
}

/**
 * Refuses a scratch folder that isn't the drill's own, on the file system that the estate says. @param dryRun looks alone
 * @throws {Refusal}
 */
export function proveScratch({ config: { scratch }, dryRun }: Pick<RestoreDrill, "config" | "dryRun">): void {
  const { folder, on } = scratch;
  let entries: string[];
  try {
    // Its service makes it, which may never have run where somebody asks for a drill.
    if (!existsSync(folder)) {
      if (dryRun) return;
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    }
    if (lstatSync(folder).dev !== lstatSync(on.path).dev)
      throw new Refusal(
        `the scratch folder ${quoted(folder)} is not on the file system that is mounted at ${quoted(on.path)}, as the estate has it`,
        shell`findmnt --target ${folder}`,
      );
    // Through no link: what is removed there is this folder's.
    if (!dryRun) closeFolder(folder);
    entries = readdirSync(folder);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    throw new Refusal(
      `the scratch folder ${quoted(folder)} can't be used: ${errnoOf(error)}`,
      shell`ls -ld ${folder}   (its service makes it; by hand: mkdir -p -m 0700 ${folder})`,
    );
  }
  const stranger = entries.find(name => name !== ownName);
  if (stranger !== undefined)
    throw new Refusal(
      `the scratch folder ${quoted(folder)} holds ${quoted(stranger)}, which no drill has made: it has to be the drill's own, so that it is beside nobody's data`,
      shell`ls -la ${folder}   (move it away, or name another folder in the estate)`,
    );
}

const longestRemovalMs = 30 * 60_000;

/** Removes what a drill has restored, and nothing else: no link is followed, no other file system entered. @throws {RunnerError} */
export async function clearScratch({ config, lock }: Pick<RestoreDrill, "config" | "lock">): Promise<void> {
  const folder = drillFolder(config);
  const argv = ["rm", "-rf", "--one-file-system", "--", folder] as const;
  // It comes to its end also where the run was told to stop: what is left would take room until the next one.
  const result = await runCommand(argv, {
    ...{ timeoutMs: longestRemovalMs, env: { LC_ALL: "C" } },
    ...(lock && { inherit: [lock.fd] }),
  });
  if (result.exitCode === 0) return;
  throw new RunnerError(exitCodes.failed, {
    failed: `what a drill had restored can't be removed: ${firstLines(result.stderr) || result.ended}`,
    kept: "The copies are as they were.",
    next: shell`rm -rf --one-file-system -- ${folder}`,
  });
}

/** What a drill may take. */
export function scratchRoom({ scratch, leaveFreeBytes }: RestoreDrillConfig): Room {
  const { free } = roomOf(scratch.folder);
  return { bytes: Math.max(0, free.bytes - leaveFreeBytes), inodes: Math.floor(free.inodes / 2) };
}
