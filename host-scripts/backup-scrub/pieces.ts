import { closeSync, fstatSync, openSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import type { BackupScrubConfig } from "../../plan/contracts/backup-scrub";
import { syncFolder } from "../runtime/durable";
import { quoted } from "../runtime/quoted";
import type { Scrub } from "./backup-scrub";
import { compareOne } from "./compare";
import { identityOf, type OpenFile } from "./content";
import { type ListedFile, readList } from "./list";
import { bytesOf, type CatalogueFiles, catalogueFolder, type PieceFiles } from "./paths";
import { continueSums, isFormerOf, isOf, readSums, type SumRecord } from "./sums";
import { type Allowance, type Cost, leftMs } from "./time";
import { isInGeneration, type Unit } from "./units";

/*
 * A file that a whole run has no time to read is read in pieces, over as many runs as that takes: each piece has a checksum of its
 * own, in a file of sums that counts pieces in the place of inodes.
 */
const pieceBytes = 64 * 2 ** 20;
const piecesPerSync = 4;
/** Share of the time left that such a file may take of a run: all others have their turn too. */
const mostOfRest = 1 / 2;
const [sumsEnding, partEnding] = [".pieces", ".pieces-part"];

export function piecesOf({ id, sums }: CatalogueFiles, ino: bigint): PieceFiles {
  const own = `${id}-${ino.toString(16)}`;
  const stem = join(dirname(sums), own);
  return { id: own, sums: stem + sumsEnding, part: stem + partEnding };
}

/** Inodes of a unit that are read in pieces. */
export function inodesInPieces(config: BackupScrubConfig, { id }: CatalogueFiles): ReadonlySet<bigint> {
  const inodes = readdirSync(catalogueFolder(config)).flatMap(name => {
    const [, hex] = /^([0-9a-f]+)\.pieces(?:-part)?$/.exec(name.slice(id.length + 1)) ?? [];
    return name.startsWith(`${id}-`) && hex !== undefined ? [BigInt(`0x${hex}`)] : [];
  });
  return new Set(inodes);
}

/** No later run has more time for a file than one that began with it. */
export function beginPieces(
  { log }: Scrub,
  own: PieceFiles,
  { names }: ListedFile,
  { stat }: OpenFile,
): void {
  closeSync(openSync(own.part, "w", 0o600));
  log.warn(
    `${quoted(bytesOf(names[0] ?? ""))} (${stat.size} bytes, holes counted) can't be read in the time that a run has: from now on it is read in pieces, over as many runs as that takes`,
  );
}

/**
 * Reads a file from the piece on at which an earlier run stopped.
 * @param seenMs when the pass began
 * @returns what its last piece cost; undefined where there was no time for all of them
 */
export async function comparePieces(
  scrub: Scrub,
  unit: Unit,
  own: PieceFiles,
  { listed, file, seenMs, spend, isLate }: Allowance & { listed: ListedFile; file: OpenFile; seenMs: number },
): Promise<Cost | undefined> {
  const now = identityOf(file);
  const isFixed = listed.names.some(name => isInGeneration(scrub.config, name));
  const asOfFile = (record: SumRecord): SumRecord => ({ ...record, ino: now.ino });
  const damage = { count: 0 };
  const before = new Map([...readSums(own.sums, own.id, damage)].map(record => [record.ino, record]));
  if (damage.count > 0)
    scrub.faults.push(
      `what is recorded of ${quoted(bytesOf(listed.names[0] ?? ""))} was damaged (${damage.count} pieces): those are recorded anew, as they are now`,
    );
  const isKnown = (record: SumRecord): boolean => {
    const known = asOfFile(record);
    return isOf(known, now) || (isFixed && isFormerOf(known, now));
  };
  if (![...readSums(own.part, own.id, { count: 0 })].every(isKnown)) rmSync(own.part);
  const writer = continueSums(own.part, own.id);
  const untilLeftMs = leftMs(scrub, "scrub") * mostOfRest;
  const cost = {
    bytes: Math.min(pieceBytes, (Number(file.stat.blocks) * 512 * pieceBytes) / Number(now.size)),
  };
  try {
    const count = (now.size + BigInt(pieceBytes) - 1n) / BigInt(pieceBytes);
    for (let piece = writer.last + 1n; piece < count; piece += 1n) {
      const from = Number(piece) * pieceBytes;
      const part = { from, to: Math.min(from + pieceBytes, Number(now.size)) };
      const recorded = [before.get(piece)].filter(record => record !== undefined).map(asOfFile);
      const record = await compareOne(scrub, unit, listed, { file, isLate, part }, recorded);
      const isWritten = !isOf(identityOf({ fd: file.fd, stat: fstatSync(file.fd, { bigint: true }) }), now);
      // The next pass has it as it is then.
      if (isWritten) return cost;
      if (record === "late") {
        spend({ bytes: 0 });
        writer.sync();
        return undefined;
      }
      if (record) writer.add({ ...record, ino: piece, seenMs });
      scrub.read.bytes += part.to - part.from;
      if (piece % BigInt(piecesPerSync) === 0n) writer.sync();
      scrub.log.progress(
        `scrub: ${part.to} of ${now.size} bytes of ${quoted(bytesOf(listed.names[0] ?? ""))}`,
      );
      if (piece + 1n < count && (!spend(cost) || leftMs(scrub, "scrub") < untilLeftMs)) {
        writer.sync();
        return undefined;
      }
    }
    writer.finish(seenMs);
  } catch (error) {
    writer.sync();
    throw error;
  } finally {
    writer.close();
  }
  renameSync(own.part, own.sums);
  syncFolder(dirname(own.sums));
  scrub.read.files += 1;
  if (before.size === 0) scrub.read.recorded += 1;
  return cost;
}

/** Whether a pass has read it to its end. @param passMs when that began */
export function arePiecesRead({ sums, id }: PieceFiles, passMs: number): boolean {
  const [first] = readSums(sums, id, { count: 0 });
  return first?.seenMs === passMs;
}

/** What two lists of a unit don't have isn't there any more. @param beforeMs when the pass before this one began */
export function dropGonePieces(
  config: BackupScrubConfig,
  files: CatalogueFiles,
  beforeMs: number | undefined,
): void {
  const gone = new Set(inodesInPieces(config, files));
  if (gone.size === 0) return;
  for (const { ino } of readList(files.list)) gone.delete(ino);
  for (const own of [...gone].map(ino => piecesOf(files, ino)))
    if (beforeMs === undefined || !arePiecesRead(own, beforeMs)) dropPieces(own);
}

/** Of a unit that isn't there any more. */
export function dropAllPieces(config: BackupScrubConfig, files: CatalogueFiles): void {
  for (const ino of inodesInPieces(config, files)) dropPieces(piecesOf(files, ino));
}

function dropPieces({ sums, part }: PieceFiles): void {
  for (const file of [sums, part]) rmSync(file, { force: true });
}
