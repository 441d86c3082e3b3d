import { closeSync, existsSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { syncFolder } from "../runtime/durable";
import { messageOf } from "../runtime/errors";
import { quoted } from "../runtime/quoted";
import { required } from "../runtime/required";
import { complain } from "./accept";
import type { Scrub } from "./backup-scrub";
import { compareOne } from "./compare";
import { identityOf, openRegular, type OpenFile } from "./content";
import { openKnown } from "./known";
import { judgeListing } from "./lacking";
import { ListDamaged, type ListedFile, readList, writeList } from "./list";
import { bytesOf, catalogueFiles, type CatalogueFiles, onDisk } from "./paths";
import {
  arePiecesRead,
  beginPieces,
  comparePieces,
  dropGonePieces,
  inodesInPieces,
  piecesOf,
} from "./pieces";
import { mendedShelf } from "./rotten";
import { continueSums, type Damage, isOf, type SumRecord, type SumWriter } from "./sums";
import { goneKeptMs, writeState } from "./state";
import type { Allowance, Cost } from "./time";
import type { Unit } from "./units";

/** After so many bytes, what was found is made durable: a loss of power costs no more. */
const syncEveryBytes = 256 * 2 ** 20;
const filesPerTurn = 64;

/**
 * Reads a unit, and compares it with what was recorded: goes on where an earlier run stopped, or begins anew.
 * @returns whether the unit was read to its end
 */
export async function passOver(scrub: Scrub, unit: Unit, allowance: Allowance): Promise<boolean> {
  const { config } = scrub;
  const files = catalogueFiles(config, unit.name);
  const state = required(scrub.state, "state");
  const own = required(state.units[unit.name], "state of the unit");
  if (own.passMs === undefined || !existsSync(files.list)) {
    rmSync(files.part, { force: true });
    rmSync(files.list, { force: true });
    own.passMs = scrub.startedAt.getTime();
    // Until its list is there, and it is known what the disk didn't show.
    own.lacks = "unanswered";
    writeState(config.stateDir, state);
    own.lacks = judgeListing(scrub, unit, own, await writeList(scrub, unit, files));
    writeState(config.stateDir, state);
  }
  const writer = continueSums(files.part, files.id);
  try {
    const damage: Damage = { count: 0 };
    const carriesOver = own.lacks !== undefined;
    const seenMs = own.passMs;
    const progress = { writer, damage, carriesOver, seenMs, beforeMs: own.readMs, ...allowance };
    const isWhole = await compareAll(scrub, unit, files, progress);
    if (!isWhole) {
      writer.sync();
      writeState(config.stateDir, state);
      return false;
    }
    if (damage.count > 0)
      scrub.faults.push(
        `the catalogue of ${quoted(bytesOf(unit.name))} was damaged (${damage.count} records): those files were recorded anew, as they are now`,
      );
    if (own.lacks !== "unanswered") own.verifiedMs = own.passMs;
    writer.finish(own.verifiedMs ?? 0);
  } catch (error) {
    if (!(error instanceof ListDamaged)) throw error;
    scrub.faults.push(
      `the list of ${quoted(bytesOf(unit.name))} was damaged: the next run reads it from its beginning`,
    );
    rmSync(files.list);
    return false;
  } finally {
    writer.close();
  }
  renameSync(files.part, files.sums);
  syncFolder(dirname(files.sums));
  // Mended after this pass had listed the unit, or where it saw nothing: the next one needs it.
  for (const mended of mendedShelf.all(config))
    if (mended.unit === unit.name && mended.mendedMs < own.passMs && own.lacks === undefined)
      mendedShelf.drop(config, mended);
  // Where a part of the unit is hidden, nobody can tell such a file from one that is gone.
  if (own.lacks === undefined) dropGonePieces(config, files, own.readMs);
  own.readMs = own.passMs;
  delete own.passMs;
  writeState(config.stateDir, state);
  rmSync(files.list, { force: true });
  return true;
}

/**
 * What was recorded of a file is kept for so long after it was seen last, where a part of its unit is hidden: as long as that of a
 * unit that is out of sight, and for a few passes. Whether it is hidden or was replaced, nobody can tell.
 */
function carriedMs({ periodMs }: Scrub["config"]): number {
  return Math.max(goneKeptMs, 4 * periodMs);
}

interface Progress extends Allowance {
  readonly writer: SumWriter;
  readonly damage: Damage;
  /** What was recorded of files that the list doesn't have goes on counting, for a while. */
  readonly carriesOver: boolean;
  /** When the pass began, and the one before it. */
  readonly seenMs: number;
  readonly beforeMs: number | undefined;
}

async function compareAll(
  scrub: Scrub,
  unit: Unit,
  files: CatalogueFiles,
  { writer, damage, carriesOver, seenMs, beforeMs, spend, isLate }: Progress,
): Promise<boolean> {
  const { stop, log, read } = scrub;
  const carry = (record: SumRecord): void => {
    const isRecent = seenMs - record.seenMs < carriedMs(scrub.config);
    // What another job moved while the names were listed may be in no list but the next one.
    const isMissedOnce = beforeMs !== undefined && record.seenMs >= beforeMs;
    if (((carriesOver && isRecent) || isMissedOnce) && record.ino > writer.last) writer.add(record);
  };
  const known = openKnown(scrub, unit, files, damage, carry);
  const name = quoted(bytesOf(unit.name));
  let [unsynced, visited] = [0, 0];
  const inPieces = inodesInPieces(scrub.config, files);
  try {
    for (const listed of readList(files.list)) {
      if (listed.ino <= writer.last) continue;
      visited += 1;
      if (visited % filesPerTurn === 0) {
        await turn();
        stop.check("scrub");
      }
      const recorded = known.at(listed.ino);
      const file = openListed(scrub, listed);
      if (!file) {
        // What was recorded of it counts once it can be opened again; if it is gone for good, the next list says so.
        for (const record of recorded.slice(0, 1)) writer.add(record);
        continue;
      }
      let cost: Cost | undefined;
      try {
        if (inPieces.has(listed.ino)) {
          const pieces = piecesOf(files, listed.ino);
          // The pass had stopped behind it.
          if (arePiecesRead(pieces, seenMs)) continue;
          cost = await comparePieces(scrub, unit, pieces, { listed, file, seenMs, spend, isLate });
          // What is recorded of all of it is of use to whoever has the time to read that.
          const whole = cost && recorded.find(record => isOf(record, identityOf(file)));
          if (whole) writer.add(whole);
        } else
          cost = await compareWhole(scrub, unit, {
            listed,
            file,
            recorded,
            files,
            writer,
            seenMs,
            spend,
            isLate,
          });
      } finally {
        closeSync(file.fd);
      }
      if (!cost) return false;
      unsynced += cost.bytes;
      if (unsynced >= syncEveryBytes) {
        writer.sync();
        unsynced = 0;
      }
      log.progress(`scrub: ${read.files} files, ${read.bytes} bytes; at ${name}`);
      if (!spend(cost)) return false;
    }
    // To its end: what is behind the last file may be damaged too.
    known.at(undefined);
    return true;
  } catch (error) {
    writer.sync();
    throw error;
  } finally {
    known.close();
  }
}

interface Whole extends Pick<Progress, "writer" | "seenMs" | keyof Allowance> {
  readonly listed: ListedFile;
  readonly file: OpenFile;
  readonly recorded: readonly SumRecord[];
  readonly files: CatalogueFiles;
}

/** @returns what it cost; undefined where there was no time for it */
async function compareWhole(
  scrub: Scrub,
  unit: Unit,
  { listed, file, recorded, files, writer, seenMs, spend, isLate }: Whole,
): Promise<Cost | undefined> {
  const { read } = scrub;
  const record = await compareOne(scrub, unit, listed, { file, isLate }, recorded);
  if (record === "late") {
    // One with which a run begins has all of its time.
    if (read.files === 0) beginPieces(scrub, piecesOf(files, listed.ino), listed, file);
    spend({ bytes: 0 });
    return undefined;
  }
  if (record) writer.add({ ...record, seenMs });
  read.files += 1;
  if (record && !recorded.some(known => isOf(known, record))) read.recorded += 1;
  read.bytes += Number(file.stat.size);
  return { bytes: Math.min(Number(file.stat.blocks) * 512, Number(file.stat.size)) };
}

/** The file by any of its names that still is its; undefined when there is none, and when one can't be opened, which is told. */
function openListed(scrub: Scrub, { ino, names }: ListedFile): OpenFile | undefined {
  for (const name of names) {
    try {
      const file = openRegular(onDisk(scrub.config, name));
      if (file?.stat.ino === ino) return file;
      if (file) closeSync(file.fd);
    } catch (error) {
      complain(scrub, name, `${quoted(bytesOf(name))} can't be opened: ${messageOf(error)}`);
      return undefined;
    }
  }
  return undefined;
}
