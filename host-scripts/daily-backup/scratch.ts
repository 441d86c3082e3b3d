import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { DailyBackupConfig } from "../../plan/contracts/daily-backup";
import { credentialFile } from "../runtime/credentials";
import { messageOf } from "../runtime/errors";
import type { Log } from "../runtime/log";
import { lvm, lvmChange, tryLvmChange } from "../runtime/lvm/command";
import { type LogicalVolume, listVolumes } from "../runtime/lvm/listing";
import { isLookedInto } from "../runtime/lvm/scratch-name";
import { scratchTag, stamp } from "../runtime/lvm/snapshots";
import { run } from "../runtime/run";
import { shell } from "../runtime/shell";
import { checkFileSystem, typeOf, VolumeFailed } from "../runtime/file-system";
import { firstLines } from "../runtime/tail";
import { unmount } from "../runtime/unmount";
import { keepUdevOut, mapperPrefix } from "./udev-rule";

const mountMs = 300_000;

let made = 0;

/**
 * Opens a snapshot, read-only: a snapshot of it takes the writes of a journal's replay, so the one that a restore would use stays as it
 * is. Everything that is made goes again, whatever `use` does.
 * @throws {VolumeFailed} when its file system can't be read as it is
 */
export async function withScratch<T>(
  config: DailyBackupConfig,
  snapshot: LogicalVolume,
  stop: AbortSignal,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const { vg } = config.volumes ?? { vg: "" };
  made += 1;
  const name = `${mapperPrefix}${stamp(Date.now())}-${process.pid}-${made}`;
  const device = join("/dev", vg, name);
  // Last made, first undone.
  const undo: (() => Promise<unknown>)[] = [];
  try {
    undo.push(() => removeScratch(vg, name));
    const source = `${vg}/${snapshot.name}`;
    await lvmChange(["lvcreate", "-qq", "-s", "-kn", "-ay", "--addtag", scratchTag, "-n", name, source]);
    const opened = await unlocked(config, device, name, stop, undo);
    return await mounted(config, opened, "read", stop, undo, use);
  } finally {
    for (const step of undo.reverse()) await step();
  }
}

/**
 * Opens a live volume that nothing else uses, to write to it. It is closed again, whatever `use` does.
 * @throws {VolumeFailed} when its file system can't be written to as it is
 */
export async function withVolume<T>(
  config: DailyBackupConfig,
  { name, active }: Pick<LogicalVolume, "name" | "active">,
  stop: AbortSignal,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const { vg } = config.volumes ?? { vg: "" };
  const device = join("/dev", vg, name);
  const undo: (() => Promise<unknown>)[] = [];
  try {
    if (!active) {
      undo.push(() => tryLvmChange(["lvchange", "-qq", "-an", `${vg}/${name}`]));
      await lvmChange(["lvchange", "-qq", "-ay", "-K", `${vg}/${name}`]);
    }
    made += 1;
    const mapper = `${mapperPrefix}${stamp(Date.now())}-${process.pid}-${made}`;
    const opened = await unlocked(config, device, mapper, stop, undo);
    return await mounted(config, opened, "write", stop, undo, use);
  } finally {
    for (const step of undo.reverse()) await step();
  }
}

/** @returns device with the file system: the volume itself, or what LUKS makes of it */
async function unlocked(
  config: DailyBackupConfig,
  device: string,
  name: string,
  stop: AbortSignal,
  undo: (() => Promise<unknown>)[],
): Promise<string> {
  if ((await typeOf(device, stop)) !== "crypto_LUKS") return device;
  const keys = config.volumes?.luksKeys ?? [];
  if (keys.length === 0)
    throw new VolumeFailed(
      "it is encrypted, and this job has no passphrase",
      "add its secret to luksSecrets in the estate; pulumi up",
    );
  await keepUdevOut();
  for (const key of keys) {
    const file = credentialFile(config, key);
    const argv = ["cryptsetup", "open", "--type", "luks", "--key-file", file, device, name] as const;
    const result = await run([...argv], { timeoutMs: mountMs, stop, env: { LC_ALL: "C" } });
    if (result.exitCode === 0) {
      undo.push(() => closeMapper(name));
      return `/dev/mapper/${name}`;
    }
    // 2: wrong passphrase; cryptsetup(8), "RETURN CODES".
    if (result.exitCode !== 2)
      throw new VolumeFailed(
        `it can't be unlocked: ${firstLines(result.stderr)}`,
        shell`cryptsetup luksDump ${device}`,
      );
  }
  throw new VolumeFailed(
    `it is encrypted with another passphrase than ${keys.join(", ")}`,
    "pulumi config set --secret --path 'holdfast:secrets[\"NAME\"]'; pulumi up",
  );
}

async function mounted<T>(
  config: DailyBackupConfig,
  device: string,
  access: "read" | "write",
  stop: AbortSignal,
  undo: (() => Promise<unknown>)[],
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const type = await typeOf(device, stop);
  // errors=remount-ro: a superblock may ask the kernel to panic at an error, and this kernel is the host's.
  const options: Readonly<Record<string, string>> = {
    ext2: "errors=remount-ro",
    ext3: "errors=remount-ro",
    ext4: "errors=remount-ro",
    xfs: "nouuid",
  };
  const own = options[type ?? ""];
  if (own === undefined)
    throw new VolumeFailed(
      type === undefined ? "it holds no file system that blkid knows" : `it holds ${type}, which isn't read`,
      "repair it from its workload, or exclude its namespace in the estate and say why",
    );
  if (type !== "xfs") await checkFileSystem(device, stop);
  const folder = join(config.stateDir, access === "read" ? "mnt" : "restore-mnt");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const mount = async (how: string): Promise<void> => {
    const all = `${how},nodev,nosuid,noexec,${own}`;
    const argv = ["mount", "-t", type ?? "", "-o", all, "--", device, folder] as const;
    const result = await run([...argv], { timeoutMs: mountMs, stop, env: { LC_ALL: "C" } });
    if (result.exitCode !== 0)
      throw new VolumeFailed(
        `its file system can't be mounted: ${firstLines(result.stderr)}`,
        shell`dmesg --level err,warn | tail   (then ${type === "xfs" ? "xfs_repair" : "e2fsck"} from its workload)`,
      );
  };
  undo.push(() => unmount(folder));
  if (access === "write") {
    await mount("rw");
    return use(folder);
  }
  // Nothing is changed by reading. XFS alone is mounted read-write once, so that its log is replayed: no program does that.
  if (type === "xfs") {
    await mount("rw");
    await mount("remount,ro");
  } else await mount("ro");
  return use(folder);
}

async function closeMapper(name: string): Promise<void> {
  await run(["cryptsetup", "close", name], { timeoutMs: mountMs });
}

async function removeScratch(vg: string, name: string): Promise<void> {
  await tryLvmChange(["lvremove", "-qq", "-y", "-S", `tags=${scratchTag}`, `${vg}/${name}`]);
}

/** Removes scratch snapshots and mappers that killed runs left. What is still in use stays for the next run. */
export async function recoverScratch(vg: string, log: Log): Promise<void> {
  const stop = AbortSignal.timeout(mountMs);
  const { stdout } = await lvm(["dmsetup", "ls", "--target", "crypt"], stop);
  for (const [, name = ""] of stdout.matchAll(new RegExp(`^(${mapperPrefix}\\S+)`, "gm"))) {
    log.warn(`closed the mapper ${name}, which a killed run had left`);
    await closeMapper(name);
  }
  const left = (await listVolumes(vg, stop)).filter(
    ({ name, tags }) => tags.includes(scratchTag) && !isLookedInto(name),
  );
  for (const { name } of left) {
    try {
      await lvmChange(["lvremove", "-qq", "-y", `${vg}/${name}`]);
      log.warn(`removed the scratch snapshot ${name}, which a killed run had left`);
    } catch (error) {
      log.warn(`the scratch snapshot ${name} of a killed run is still there: ${messageOf(error)}`);
    }
  }
}
