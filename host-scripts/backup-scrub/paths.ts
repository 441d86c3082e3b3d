import { createHash } from "node:crypto";
import { join } from "node:path";
import type { BackupScrubConfig } from "../../plan/contracts/backup-scrub";

/**
 * Paths below the backup disk are strings of one character a byte (latin1): a name may be any bytes but "/" and NUL, and
 * in this form it survives JSON, a sort and a comparison. Only a system call gets the bytes themselves.
 */
export function bytesOf(path: string): Buffer {
  return Buffer.from(path, "latin1");
}

/** The same form of a path from the configuration. */
export function pathOf(text: string): string {
  return Buffer.from(text).toString("latin1");
}

/** A backup disk that is read. */
export type Disk = Pick<BackupScrubConfig, "target">;

/** A file of the disk, by its path below it. */
export function onDisk({ target }: Disk, path: string): Buffer {
  return bytesOf(`${pathOf(target.path)}/${path}`);
}

/** Files in which the catalogue keeps one unit. On the host's own disk, not on the one that it describes. */
export interface CatalogueFiles {
  readonly id: string;
  /** Checksums of the last whole pass. */
  readonly sums: string;
  /** Of the pass that is going on: all names, and the checksums so far. */
  readonly list: string;
  readonly part: string;
}

/** The same of a file that is read in pieces: checksums of those. */
export type PieceFiles = Pick<CatalogueFiles, "id" | "sums" | "part">;

export function catalogueFolder({ stateDir }: Pick<BackupScrubConfig, "stateDir">): string {
  return join(stateDir, "catalogue");
}

export function catalogueFiles(config: Pick<BackupScrubConfig, "stateDir">, unit: string): CatalogueFiles {
  const id = createHash("sha256").update(bytesOf(unit)).digest("hex").slice(0, 20);
  const stem = join(catalogueFolder(config), id);
  return { id, sums: `${stem}.sums`, list: `${stem}.list`, part: `${stem}.part` };
}
