import { closeSync } from "node:fs";
import { errnoOf, messageOf } from "../runtime/errors";
import { forgetCached } from "../runtime/forget-cached";
import type { Stop } from "../runtime/stop";
import { bigBytes, contentOf, openRegular } from "./content";
import { catalogueFiles, type Disk, onDisk } from "./paths";
import { mendedShelf, recordOf } from "./rotten";
import { isFormerOf, isOf, readSums, type SumRecord } from "./sums";
import { filesBelow } from "./walk";

/** A disk, and where checksums of it are on record: nowhere unless given. */
export interface Catalogue extends Disk {
  readonly stateDir?: string | undefined;
}

/** How files compare with what is on record. */
export interface Compared {
  /** Files that hold what was recorded. */
  readonly good: number;
  /** Files that were written to since, or of which nothing is on record. */
  readonly unrecorded: number;
  /** Names below the disk, byte by byte as latin1, of files that don't hold what was recorded, or can't be read. */
  readonly bad: readonly { readonly name: string; readonly reason: string }[];
  /** Of all files, holes counted. */
  readonly bytes: number;
}

/** A unit of the disk, whose files are read for another job that has copies there. Neither a file nor the catalogue is changed. */
export interface RecordedUnit {
  /** Reads each file at or below a path of the unit; one of several names once, whatever the number of calls. */
  compare(path: string): Promise<Compared>;
}

export interface UnitOptions {
  /** A file that was written to since it was recorded is bad: nobody writes there. */
  readonly isFixed?: boolean;
  /** Told of each file that is read. */
  readonly onFile?: (name: string) => void;
}

/** Reads all files of a unit. @param unit name of an entry at the disk's root, byte by byte as latin1 */
export async function compareRecorded(catalogue: Catalogue, unit: string, stop: Stop): Promise<Compared> {
  return recordedUnit(catalogue, unit, stop).compare(unit);
}

/** @param unit as `unitsOf` names it, byte by byte as latin1 */
export function recordedUnit(
  catalogue: Catalogue,
  unit: string,
  stop: Stop,
  { isFixed = false, onFile = () => undefined }: UnitOptions = {},
): RecordedUnit {
  const records = recordsOf(catalogue, unit);
  const seen = new Set<bigint>();
  return {
    async compare(path) {
      const found = { good: 0, unrecorded: 0, bad: [] as { name: string; reason: string }[], bytes: 0 };
      for (const file of filesBelow(catalogue, path)) {
        if (!("stat" in file)) {
          found.bad.push({ name: file.path, reason: file.reason });
          continue;
        }
        const { ino, birthtimeNs, size, mtimeNs, nlink } = file.stat;
        if (nlink > 1n) {
          if (seen.has(ino)) continue;
          seen.add(ino);
        }
        onFile(file.path);
        found.bytes += Number(size);
        const record = records.get(ino);
        const now = { ino, birthNs: birthtimeNs, size, mtimeNs };
        const isRecorded = record !== undefined && isOf(record, now);
        const wasWritten = isFixed && record !== undefined && isFormerOf(record, now);
        const reason = wasWritten
          ? "it was written to since it was recorded"
          : await faultOf(catalogue, file.path, isRecorded ? record : undefined, stop);
        if (reason !== undefined) found.bad.push({ name: file.path, reason });
        else if (isRecorded) found.good += 1;
        else found.unrecorded += 1;
      }
      return found;
    },
  };
}

/** Checksums on record of a unit, by inode; none where nothing is on record. */
export function recordsOf({ stateDir }: Catalogue, unit: string): Map<bigint, SumRecord> {
  const records = new Map<bigint, SumRecord>();
  if (stateDir === undefined) return records;
  const { sums, id } = catalogueFiles({ stateDir }, unit);
  for (const record of readSums(sums, id, { count: 0 })) records.set(record.ino, record);
  for (const mended of mendedShelf.all({ stateDir }))
    if (mended.unit === unit) records.set(BigInt(mended.ino), recordOf(mended));
  return records;
}

async function faultOf(
  catalogue: Catalogue,
  name: string,
  record: SumRecord | undefined,
  stop: Stop,
): Promise<string | undefined> {
  try {
    const file = openRegular(onDisk(catalogue, name));
    if (!file) return undefined;
    try {
      if (file.stat.size >= bigBytes) await forgetCached(file, stop);
      const content = await contentOf(file, stop, "verify");
      if (content.kind === "unreadable") return content.reason;
      if (content.kind === "changed" || !record || content.sha256.equals(record.sha256)) return undefined;
      return "it doesn't hold what was recorded of it";
    } finally {
      closeSync(file.fd);
    }
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return messageOf(error);
  }
}
