import { closeSync, existsSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { syncFolder } from "../runtime/durable";
import { messageOf } from "../runtime/errors";
import { quoted } from "../runtime/quoted";
import { required } from "../runtime/required";
import { complain } from "./accept";
import type { Scrub } from "./backup-scrub";
import {
  bigBytes,
  type Content,
  contentOf,
  forgetCached,
  type Late,
  openRegular,
  type OpenFile,
} from "./content";
import { judgeListing } from "./lacking";
import { ListDamaged, type ListedFile, readList, writeList } from "./list";
import { bytesOf, catalogueFiles, type CatalogueFiles, onDisk } from "./paths";
import { inodeOf, keyOf, mendedShelf, recordOf, rottenShelf, stillNames } from "./rotten";
import {
  continueSums,
  type Damage,
  type Identity,
  isOf,
  isFormerOf,
  readSums,
  type SumRecord,
  type SumWriter,
} from "./sums";
import { goneKeptMs, type UnitState, writeState } from "./state";
import { isInGeneration, type Unit } from "./units";

/** After so many bytes, what was found is made durable: a loss of power costs no more. */
const syncEveryBytes = 256 * 2 ** 20;
const filesPerTurn = 64;
/** What one file cost. */
export interface Cost {
  /** On the disk, holes left out. */
  readonly bytes: number;
}

/** What a run has for reading. */
export interface Allowance {
  /** Told of each file that was read; false ends the pass for this run. */
  spend(cost: Cost): boolean;
  /** Whether its time is up. */
  isLate(): boolean;
}

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
    delete own.tooLong;
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
    const progress = { writer, damage, carriesOver, seenMs, own, ...allowance };
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
    if (own.lacks !== "unanswered" && own.tooLong?.isAnswered !== false) own.verifiedMs = own.passMs;
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
  readonly own: UnitState;
  readonly writer: SumWriter;
  readonly damage: Damage;
  /** What was recorded of files that the list doesn't have goes on counting, for a while. */
  readonly carriesOver: boolean;
  /** When the pass began. */
  readonly seenMs: number;
}

async function compareAll(
  scrub: Scrub,
  unit: Unit,
  files: CatalogueFiles,
  { writer, damage, carriesOver, seenMs, own, spend, isLate }: Progress,
): Promise<boolean> {
  const { stop, log, read } = scrub;
  const carry = (record: SumRecord): void => {
    const isRecent = seenMs - record.seenMs < carriedMs(scrub.config);
    if (carriesOver && isRecent && record.ino > writer.last) writer.add(record);
  };
  const known = openKnown(scrub, unit, files, damage, carry);
  const name = quoted(bytesOf(unit.name));
  let [unsynced, visited] = [0, 0];
  const doneTo = (): bigint => {
    const passed = BigInt(own.tooLong?.ino ?? -1);
    return passed > writer.last ? passed : writer.last;
  };
  try {
    for (const listed of readList(files.list)) {
      if (listed.ino <= doneTo()) continue;
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
      try {
        const record = await compareOne(scrub, unit, listed, { file, isLate }, recorded);
        if (record === "late") {
          if (isFirst(scrub)) {
            tellTooLong(scrub, own, listed, file);
            for (const known of recorded.slice(0, 1)) writer.add(known);
          }
          spend({ bytes: 0 });
          return false;
        }
        if (record) writer.add({ ...record, seenMs });
        read.files += 1;
        if (record && !recorded.some(known => isOf(known, record))) read.recorded += 1;
        read.bytes += Number(file.stat.size);
      } finally {
        closeSync(file.fd);
      }
      const bytes = Math.min(Number(file.stat.blocks) * 512, Number(file.stat.size));
      unsynced += bytes;
      if (unsynced >= syncEveryBytes) {
        writer.sync();
        unsynced = 0;
      }
      log.progress(`scrub: ${read.files} files, ${read.bytes} bytes; at ${name}`);
      if (!spend({ bytes })) return false;
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

/** Whether a run has read no other file: one with which it begins has all of its time. */
function isFirst({ read }: Scrub): boolean {
  return read.files === 0;
}

/** No later run would have more time for it, and none would get to what comes behind it. */
function tellTooLong(scrub: Scrub, own: UnitState, { ino, names }: ListedFile, { stat }: OpenFile): void {
  const [name = ""] = names;
  const text = `${quoted(bytesOf(name))} (${stat.size} bytes, holes counted) can't be read in the time that a run has: it is passed over, and what was recorded of it is kept (raise the scrub's budget in the estate)`;
  const isAnswered = complain(scrub, name, text) && own.tooLong?.isAnswered !== false;
  own.tooLong = { ino: String(ino), isAnswered };
}

/** What was recorded of inodes; asked for in ascending order, so that the catalogue is read once and never kept. */
interface Known {
  /** Records of an inode; without one, reads on to the end. */
  at(ino: bigint | undefined): readonly SumRecord[];
  close(): void;
}

/** @param passedOver gets what was recorded of inodes that nobody asks for */
function openKnown(
  { config }: Scrub,
  unit: Unit,
  files: CatalogueFiles,
  damage: Damage,
  passedOver: (record: SumRecord) => void,
): Known {
  const mended = mendedShelf
    .all(config)
    .filter(file => file.unit === unit.name)
    .map(recordOf);
  const recorded = readSums(files.sums, files.id, damage);
  let next = recorded.next();
  let asked: bigint | undefined;
  return {
    at(ino) {
      while (!next.done && (ino === undefined || next.value.ino < ino)) {
        if (next.value.ino !== asked) passedOver(next.value);
        next = recorded.next();
      }
      asked = ino;
      const found = !next.done && next.value.ino === ino ? [next.value] : [];
      return [...found, ...mended.filter(record => record.ino === ino)];
    },
    close: () => void recorded.return(undefined),
  };
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

/**
 * @returns what the catalogue says of the file from now on; undefined for one that was written to meanwhile, and "late" for one that
 *   there was no time to read
 */
async function compareOne(
  scrub: Scrub,
  unit: Unit,
  listed: ListedFile,
  { file, isLate }: { readonly file: OpenFile; readonly isLate: () => boolean },
  known: readonly SumRecord[],
): Promise<Omit<SumRecord, "seenMs"> | "late" | undefined> {
  const { config, log, stop } = scrub;
  const now = identityOf(file);
  // Nobody writes to a file of a generation: one that was counts as what it was.
  const mayChange = !listed.names.some(name => isInGeneration(config, name));
  const recorded =
    known.find(record => isOf(record, now)) ??
    (mayChange ? undefined : known.find(record => isFormerOf(record, now)));
  // From the disk, and what others want to keep in memory stays there. For a small file that costs more than it brings.
  const isBig = now.size >= bigBytes;
  if (isBig) await forgetCached(file, stop);
  const read = await contentOf(file, stop, "scrub", isLate);
  if (isBig) await forgetCached(file, stop);
  const unchanged = mayChange ? undefined : recorded;
  if (read.kind === "late") return "late";
  if (read.kind === "changed") return unchanged;
  if (read.kind === "read" && (!recorded || read.sha256.equals(recorded.sha256)))
    return { ...now, sha256: read.sha256 };
  const again = await readAnew(scrub, file, isLate);
  if (again.kind === "late") return "late";
  if (again.kind === "changed") return unchanged;
  const names = stillNames(config, listed.names, now.ino);
  if (names.length === 0) return undefined;
  if (again.kind === "read" && (!recorded || again.sha256.equals(recorded.sha256))) {
    scrub.faults.push(
      `${quoted(bytesOf(names[0] ?? ""))} was read wrongly once, and rightly then: memory, cable or controller`,
    );
    return { ...now, sha256: again.sha256 };
  }
  const was =
    recorded && !isOf(recorded, now)
      ? { size: String(recorded.size), mtimeNs: String(recorded.mtimeNs) }
      : undefined;
  const content = again.kind === "read" ? `sha256 ${again.sha256.toString("hex")}` : again.reason;
  const at = new Date(Number(now.mtimeNs / 1_000_000n)).toISOString();
  const bytes =
    String(now.size) === was?.size
      ? `${now.size} bytes as it had, and other content`
      : `${now.size} bytes where it had ${was?.size}`;
  const found = was ? `${content}: it was written to at ${at}, and has ${bytes}` : content;
  const rotten = {
    ...inodeOf(unit.name, now),
    ...(was && { was }),
    ...(recorded && { sha256: recorded.sha256.toString("hex") }),
    ...{ found, names, foundAt: new Date().toISOString() },
  };
  rottenShelf.keep(config, rotten);
  scrub.foundNow.add(keyOf(config, rotten));
  log.warn(`rotten: ${quoted(bytesOf(names[0] ?? ""))} of ${quoted(bytesOf(unit.name))}: ${found}`);
  return recorded;
}

/** From the disk, not from memory. */
async function readAnew({ stop }: Scrub, file: OpenFile, isLate: () => boolean): Promise<Content | Late> {
  await forgetCached(file, stop);
  return contentOf(file, stop, "scrub", isLate);
}

export function identityOf({ stat }: OpenFile): Identity {
  return { ino: stat.ino, birthNs: stat.birthtimeNs, size: stat.size, mtimeNs: stat.mtimeNs };
}
