import { lvm, LvmFailed } from "./command";

/** A thin pool as the kernel sees it: cheaper than an `lvs`, and without LVM's lock. */
export interface PoolStatus {
  /** How much is in use, in percent. */
  readonly dataPercent: number;
  readonly metadataPercent: number;
  /** Last change that the kernel knows of; LVM's own record is one ahead while a change is unfinished. */
  readonly transactionId: number;
  /** Why no change can be made: read-only, out of space, in need of a check; undefined when all is well. */
  readonly fault: string | undefined;
}

/** Device of a thin pool: device-mapper doubles a hyphen in a name, since it joins names by one (lvm(8)). */
export function poolDevice(vg: string, pool: string): string {
  return `${volumeDevice(vg, pool)}-tpool`;
}

/** Name of a volume's device, as `dmsetup` has it. */
export function volumeDevice(vg: string, volume: string): string {
  return [vg, volume].map(name => name.replaceAll("-", "--")).join("-");
}

/** @throws {LvmFailed} e.g. when the pool is not active */
export async function readPool(vg: string, pool: string, stop: AbortSignal): Promise<PoolStatus> {
  const argv = ["dmsetup", "status", poolDevice(vg, pool)] as const;
  const { stdout } = await lvm(argv, stop);
  const status = parsePoolStatus(stdout);
  if (!status) throw new LvmFailed(argv, `no status of a thin pool: "${stdout.trim()}"`);
  return status;
}

/**
 * @param line "0 60121088 thin-pool 18 1679/16384 0/469696 - rw no_discard_passdown queue_if_no_space - 1024"
 * @returns undefined for anything else
 * @see the kernel's admin-guide/device-mapper/thin-provisioning, "Status"
 */
export function parsePoolStatus(line: string): PoolStatus | undefined {
  const found = /^\d+ \d+ thin-pool (.*)$/.exec(line.trim());
  const rest = found?.[1]?.trim().split(" ") ?? [];
  if (rest[0] === "Fail" || rest[0] === "Error")
    return { dataPercent: 100, metadataPercent: 100, transactionId: 0, fault: "it has failed" };
  const [transactionId, metadata, data, , ...flags] = rest;
  if (transactionId === undefined || metadata === undefined || data === undefined) return undefined;
  const [metadataPercent, dataPercent] = [percentOf(metadata), percentOf(data)];
  if (metadataPercent === undefined || dataPercent === undefined) return undefined;
  return { dataPercent, metadataPercent, transactionId: Number(transactionId), fault: faultOf(flags) };
}

function faultOf(flags: readonly string[]): string | undefined {
  if (flags.includes("out_of_data_space")) return "it is out of data space";
  if (flags.includes("needs_check")) return "its metadata needs a check";
  if (flags.includes("ro")) return "it is read-only";
  return undefined;
}

function percentOf(usage: string): number | undefined {
  const [, used, total] = /^(\d+)\/(\d+)$/.exec(usage) ?? [];
  return used === undefined || total === undefined ? undefined : (100 * Number(used)) / Number(total);
}
