import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Refusal } from "../errors";
import type { Log } from "../log";
import { shell } from "../shell";
import { lvm, lvmChange, tryLvmChange } from "./command";
import type { LogicalVolume } from "./listing";
import { poolDevice, type PoolStatus, volumeDevice } from "./pool-status";

/** Where unfinished changes are looked for. */
export interface PoolPlace {
  readonly vg: string;
  readonly pool: string;
  /** Gets LVM's metadata as text for a moment. */
  readonly stateDir: string;
}

/**
 * Finishes what an `lvcreate` of ours left that was killed half-way (kill -9, a loss of power): the kernel may have the
 * new snapshot while LVM still wants to make it, and then every later change of the pool fails, also Proxmox's own. Its
 * snapshot goes: it would be made again later, under a name that says an earlier time.
 * @param listed from `lvs`, read before `status`: while another command changes the pool, the kernel is ahead, never LVM
 * @returns the listing without what was removed
 * @throws {Refusal} when what is unfinished isn't ours
 */
export async function mendPool(
  place: PoolPlace,
  listed: readonly LogicalVolume[],
  status: PoolStatus,
  stop: AbortSignal,
  log: Log,
): Promise<readonly LogicalVolume[]> {
  const { vg, pool } = place;
  const recorded = listed.find(({ name }) => name === pool)?.transactionId ?? 0;
  if (recorded <= status.transactionId) return listed;
  const name = unfinishedVolume(await metadataOf(place, stop), pool);
  // A removal that was cut short LVM finishes by itself.
  if (name === undefined) return listed;
  const half = listed.find(volume => volume.name === name);
  if (half?.thinId === undefined || !isOurs(half, listed))
    throw new Refusal(
      `another tool's change of pool ${vg}/${pool} is unfinished: LVM is at ${recorded}, the kernel at ${status.transactionId}, and volume "${name}" isn't ours`,
      shell`lvs -a -o name,thin_id,transaction_id,lv_tags ${vg}; dmsetup status ${poolDevice(vg, pool)}`,
    );
  // The kernel may not have it yet, and then says so.
  await tryLvmChange(["dmsetup", "message", poolDevice(vg, pool), "0", `delete ${half.thinId}`]);
  await lvmChange(["lvremove", "-qq", "-y", `${vg}/${name}`]);
  log.warn(`removed the half-made volume ${name} that a killed run had left in pool ${vg}/${pool}`);
  return listed.filter(volume => volume !== half);
}

/** Whether a volume, or what it was made of, carries one of our tags. */
function isOurs(volume: LogicalVolume, listed: readonly LogicalVolume[]): boolean {
  const origin = listed.find(({ name }) => name === volume.origin);
  return [...volume.tags, ...(origin?.tags ?? [])].some(tag => tag.startsWith("holdfast."));
}

async function metadataOf({ vg, stateDir }: PoolPlace, stop: AbortSignal): Promise<string> {
  const file = join(stateDir, `${vg}.vgcfg`);
  try {
    await lvm(["vgcfgbackup", "-qq", "-f", file, vg], stop);
    return readFileSync(file, "utf8");
  } finally {
    rmSync(file, { force: true });
  }
}

/**
 * Volume that a pool was about to make: LVM keeps what it is going to tell the kernel in its own metadata, as
 * `message1 { create = "NAME" }` in the pool's segment.
 * @param metadata text of vgcfgbackup(8)
 */
export function unfinishedVolume(metadata: string, pool: string): string | undefined {
  const lines = metadata.split("\n");
  const begin = lines.findIndex(line => line.trim() === `${pool} {`);
  if (begin < 0) return undefined;
  const indent = /^\s*/.exec(lines[begin] ?? "")?.[0] ?? "";
  const end = lines.findIndex((line, index) => index > begin && line === `${indent}}`);
  const section = lines.slice(begin, end < 0 ? undefined : end).join("\n");
  return /message\d+ \{\s*create = "([^"]+)"/.exec(section)?.[1];
}

/**
 * Lets volumes run on that a killed command left suspended: whoever reads or writes one waits for ever. A suspension
 * that belongs to a command which still runs ends first, as LVM's lock is waited for.
 * @returns names of the volumes
 */
export async function resumeSuspended(
  vg: string,
  volumes: readonly LogicalVolume[],
  stop: AbortSignal,
  log: Log,
): Promise<string[]> {
  const columns = ["--noheadings", "--separator", " ", "-o", "name,suspended"];
  const { stdout } = await lvm(["dmsetup", "info", "-c", ...columns], stop);
  const suspended = new Set(
    stdout.split("\n").flatMap(line => /^(\S+) Suspended\s*$/.exec(line.trim())?.[1] ?? []),
  );
  const stuck = volumes.filter(({ name }) => suspended.has(volumeDevice(vg, name)));
  for (const { name } of stuck) {
    log.warn(`volume ${vg}/${name} was suspended by a command that was killed; it runs on`);
    await lvmChange(["lvchange", "-qq", "--refresh", `${vg}/${name}`]);
  }
  return stuck.map(({ name }) => name);
}
