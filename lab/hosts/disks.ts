import {
  existsSync,
  mkdirSync,
  openSync,
  closeSync,
  ftruncateSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { labDir } from "../facts";
import { adminPath } from "../process";
import type { Identity } from "./identity";
import { machines, type HostName } from "./machines";
import { writeSeed } from "./seed";

const gib = 2 ** 30;

/** Folder with a host's disks, `.holdfast/lab/hosts/NAME`. */
export const hostDir = (name: HostName): string => join(labDir, "hosts", name);

export type DiskFiles = {
  /** Image that the root disk's overlay was made from. */
  readonly image: string;
  readonly overlay: string;
  /** Of an overlay as the kernel wants it: "OVERLAY,FILE". */
  readonly data: readonly string[];
  readonly seed: string;
};

/**
 * The files behind a host's disks: those that it has, or fresh ones. A host keeps the image that it was made from, as
 * an overlay fits no other.
 * @param prepared the file that a prepared disk is an overlay of
 */
export async function ensureDisks(
  name: HostName,
  image: string,
  identity: Identity,
  prepared?: string,
): Promise<DiskFiles> {
  const folder = hostDir(name);
  const complete = join(folder, "image");
  if (!existsSync(complete)) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const disk of machines[name].disks.filter(disk => !disk.prepared)) {
      const uuid = disk.fileSystem && identity[name].filesystems[disk.fileSystem.path];
      await makeDisk(
        diskFile(name, disk.name),
        disk.sizeGib * gib,
        disk.fileSystem?.type === "ext4" ? uuid : undefined,
      );
    }
    await writeSeed(name, identity, seedFile(name));
    writeFileSync(complete, [image, prepared ?? ""].join("\n"));
  }
  const [made = "", under = ""] = readFileSync(complete, "utf8").split("\n");
  return {
    image: made,
    overlay: join(folder, "root.cow"),
    data: machines[name].disks.map(disk =>
      disk.prepared ? `${join(folder, `${disk.name}.cow`)},${under}` : diskFile(name, disk.name),
    ),
    seed: seedFile(name),
  };
}

/** Throws a host's disks away; the next start makes fresh ones with the same UUIDs. */
export function removeDisks(name: HostName): void {
  rmSync(hostDir(name), { recursive: true, force: true });
}

const diskFile = (name: HostName, disk: string): string => join(hostDir(name), `${disk}.disk`);
const seedFile = (name: HostName): string => join(hostDir(name), "seed.tar");

/** @param ext4Uuid absent: the disk stays empty, its host makes what it needs at its first boot */
async function makeDisk(file: string, sizeBytes: number, ext4Uuid?: string): Promise<void> {
  const disk = openSync(file, "wx", 0o600);
  try {
    ftruncateSync(disk, sizeBytes);
  } finally {
    closeSync(disk);
  }
  if (ext4Uuid === undefined) return;
  // User-Mode Linux sums up checksums byte by byte: with them, half of what removing many files takes.
  const options = ["-O", "^metadata_csum", "-E", "lazy_itable_init=1,lazy_journal_init=1,discard"];
  await execa("mke2fs", ["-q", "-t", "ext4", "-F", "-m", "0", "-U", ext4Uuid, ...options, file], {
    env: { PATH: adminPath },
  });
}
