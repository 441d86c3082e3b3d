import { closeSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { NfsMirrorConfig } from "../../plan/contracts/nfs-mirror";
import { writeDurably } from "../runtime/durable";
import { exitCodes, RunnerError } from "../runtime/errors";
import { forgetCached } from "../runtime/forget-cached";
import { openPlainFile } from "../runtime/holes";
import { quoted } from "../runtime/quoted";
import type { RsyncPass } from "../runtime/rsync";
import { bootId } from "../runtime/run-state";
import { shell } from "../runtime/shell";
import { holdFileSystem, longestSyncMs, syncFileSystem } from "../runtime/sync-file-system";
import { inTree, statIn } from "../runtime/tree-path";
import { changedSince, clockSlackMs } from "./changed-since";
import { frozenIn } from "./held";
import { copyAllAroundHoles } from "./holes";
import { copyNames } from "./links";
import type { Mirror } from "./mirror";
import { addSuspects } from "./suspects";
import type { Work } from "./work";

/*
 * What rsync has copied lies in memory for half a minute, with the sizes and times that it is to have: no later scan could tell
 * it from a copy where the power went meanwhile, or the disk didn't take it. So it counts once the disk has it, and until then
 * there is a record.
 */
const unwritten = z.object({
  /** What the target got from then on may not be on its disk; epoch ms. */
  sinceMs: z.number(),
  /** While the host stays up, memory has it. */
  bootId: z.string(),
  /** The disk didn't take all of it. */
  isRefused: z.boolean(),
});

function fileOf({ stateDir }: NfsMirrorConfig): string {
  return join(stateDir, "unwritten.json");
}

function readUnwritten(config: NfsMirrorConfig): z.infer<typeof unwritten> | undefined {
  try {
    return unwritten.parse(JSON.parse(readFileSync(fileOf(config), "utf8")));
  } catch {
    return undefined;
  }
}

/** Whether the target may lack on its disk what an earlier run has copied. */
export function isUnwritten(config: NfsMirrorConfig): boolean {
  return readUnwritten(config) !== undefined;
}

/** Says, before the first change, that what comes is on the disk only once the run says so. */
export function beginWriting({ config, startedAt }: Mirror): void {
  holdFileSystem(config.target.path);
  if (!isUnwritten(config)) note(config, startedAt.getTime(), false);
}

function note(config: NfsMirrorConfig, sinceMs: number, isRefused: boolean): void {
  writeDurably(fileOf(config), `${JSON.stringify({ sinceMs, bootId: bootId(), isRefused })}\n`, 0o600);
}

/**
 * Copies what an earlier run had copied last once more, where the power went before it was on the disk, or the disk didn't take
 * it: by its content, or where memory may still have what the disk lacks, as a whole.
 */
export async function renewUnwritten(mirror: Mirror, work: Work): Promise<RsyncPass | undefined> {
  const { config, log, stop, startedAt } = mirror;
  const left = readUnwritten(config);
  if (!left || (left.bootId === bootId() && !left.isRefused)) return undefined;
  const copied: string[] = [];
  const asked = { kind: "files", sinceMs: left.sinceMs - clockSlackMs } as const;
  await changedSince(mirror, config.target.path, asked, name => copied.push(name));
  const isKept = sharesFileWithFrozen(mirror, copied);
  const kept = copied.filter(isKept);
  if (left.isRefused) for (const name of kept) await forget(mirror, name);
  if (kept.length > 0) addSuspects(mirror, kept);
  const ours = copied.filter(name => !isKept(name));
  // By what they hold: to compare them, each byte of their holes would be read.
  const { rest, pass: linked } = await copyAllAroundHoles(mirror, work, ours, () => config.budgetMs);
  log.warn(
    `${rest.length} files may not be on the disk as they were copied since ${new Date(left.sinceMs).toISOString()}: ${left.isRefused ? "they are copied anew" : "their content is compared"}`,
  );
  const how = left.isRefused ? "--ignore-times" : "--checksum";
  const pass =
    rest.length === 0 || (linked && !isWhole(linked))
      ? linked
      : await copyNames(mirror, work, rest, [how, "--ignore-missing-args"]);
  if (stop.stopped || (pass && !isWhole(pass))) return pass;
  await writeBack(mirror);
  note(config, startedAt.getTime(), false);
  return pass;
}

/** Memory has what the disk didn't take, and would be what it is compared by. */
async function forget({ config, stop }: Mirror, name: string): Promise<void> {
  const fd = openPlainFile(inTree(config.target.path, name));
  if (fd === undefined) return;
  try {
    await forgetCached({ fd }, stop);
  } finally {
    closeSync(fd);
  }
}

function isWhole({ outcome }: RsyncPass): boolean {
  return outcome === "complete" || outcome === "vanished";
}

/**
 * What is kept as it is gets neither content nor, by another name, a time. A name elsewhere gets a file of its own later on, if it is to
 * have another mode, owner or time.
 * @param names all that one file of the target has
 */
function sharesFileWithFrozen(mirror: Mirror, names: readonly string[]): (name: string) => boolean {
  const fileOfName = (name: string): string | undefined => {
    const stat = statIn(mirror.config.target.path, name);
    return stat && `${stat.dev}:${stat.ino}`;
  };
  const isFrozen = frozenIn(mirror);
  const frozen = new Set(names.filter(isFrozen).map(fileOfName));
  return name => frozen.has(fileOfName(name));
}

/** Has all that was copied on the disk. Told to stop, it leaves that to the next run. @throws {RunnerError} */
export async function writeBack({ config, stop, log }: Mirror): Promise<void> {
  log.progress(`copy: writes it to the disk of ${quoted(config.target.path)}`);
  const fault = await syncFileSystem(config.target.path, { timeoutMs: longestSyncMs, stop: stop.signal });
  if (stop.stopped) return;
  if (fault === undefined) return rmSync(fileOf(config), { force: true });
  note(config, readUnwritten(config)?.sinceMs ?? 0, true);
  throw new RunnerError(exitCodes.failed, {
    failed: `what was copied can't be written to the disk of ${quoted(config.target.path)}: ${fault}`,
    kept: "The source is as it was. What was copied in this run counts for nothing, and the next one copies it anew.",
    next: shell`dmesg --level err,warn | tail; smartctl --all "$(findmnt --noheadings --output SOURCE ${config.target.path})"`,
  });
}
