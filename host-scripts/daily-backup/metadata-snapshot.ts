import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { writeDurably } from "../runtime/durable";
import { RunnerError } from "../runtime/errors";
import type { Log } from "../runtime/log";
import { lvm, lvmChange } from "../runtime/lvm/command";
import { poolDevice } from "../runtime/lvm/pool-status";

const note = z.object({
  vg: z.string(),
  pool: z.string(),
  /** Block of the pool's metadata that is held; absent from before it is asked for until it is known. */
  root: z.string().optional(),
});

/** A pool has one metadata snapshot. It is ours only as long as this file says so. */
function noteFile(stateDir: string): string {
  return join(stateDir, "metadata-snapshot.json");
}

/** Block that a pool's metadata snapshot holds, or "-" when there is none; see the kernel's thin-provisioning, "Status". */
async function heldRoot(vg: string, pool: string, stop: AbortSignal): Promise<string> {
  const { stdout } = await lvm(["dmsetup", "status", poolDevice(vg, pool)], stop);
  return / thin-pool \d+ \d+\/\d+ \d+\/\d+ (\S+)/.exec(stdout)?.[1] ?? "-";
}

/**
 * Holds the pool's metadata still while `read` compares snapshots in it, and lets go of it whatever comes.
 * @returns what `read` gave; undefined when somebody else holds it, which is left alone
 */
export async function withMetadataSnapshot<T>(
  { vg, pool, stateDir }: { readonly vg: string; readonly pool: string; readonly stateDir: string },
  stop: AbortSignal,
  read: () => Promise<T>,
): Promise<T | undefined> {
  if ((await heldRoot(vg, pool, stop)) !== "-") return undefined;
  const file = noteFile(stateDir);
  writeDurably(file, JSON.stringify({ vg, pool }), 0o600);
  try {
    await lvmChange(["dmsetup", "message", poolDevice(vg, pool), "0", "reserve_metadata_snap"]);
    const root = await heldRoot(vg, pool, AbortSignal.timeout(60_000));
    writeDurably(file, JSON.stringify({ vg, pool, root }), 0o600);
    return await read();
  } finally {
    await release(stateDir);
  }
}

/** Lets go of a metadata snapshot that a killed run had left. */
export async function recoverMetadataSnapshot(stateDir: string, log: Log): Promise<void> {
  if (await release(stateDir))
    log.warn("let go of the pool's metadata snapshot, which a killed run had left");
}

/** @returns whether there was one of ours */
async function release(stateDir: string): Promise<boolean> {
  const ours = readNote(stateDir);
  if (!ours) return false;
  const { vg, pool, root } = ours;
  const held = await heldRoot(vg, pool, AbortSignal.timeout(60_000));
  // Without a root, it was asked for when there was none; with another one, somebody else has it now.
  const isOurs = held !== "-" && (root === undefined || root === held);
  if (isOurs) await lvmChange(["dmsetup", "message", poolDevice(vg, pool), "0", "release_metadata_snap"]);
  rmSync(noteFile(stateDir), { force: true });
  return isOurs;
}

function readNote(stateDir: string): z.infer<typeof note> | undefined {
  try {
    return note.parse(JSON.parse(readFileSync(noteFile(stateDir), "utf8")));
  } catch (error) {
    if (error instanceof RunnerError) throw error;
    return undefined;
  }
}
