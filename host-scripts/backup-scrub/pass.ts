import { closeSync, existsSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { syncFolder } from "../runtime/durable";
import { messageOf } from "../runtime/errors";
import { quoted } from "../runtime/quoted";
import { required } from "../runtime/required";
import { complain } from "./accept";
import type { Scrub } from "./backup-scrub";
import { type Content, contentOf, forgetCached, openRegular, type OpenFile } from "./content";
import { ListDamaged, type ListedFile, readList, writeList } from "./list";
import { bytesOf, catalogueFiles, type CatalogueFiles, onDisk } from "./paths";
import { inodeOf, keyOf, mendedShelf, recordOf, rottenShelf, stillNames } from "./rotten";
import { continueSums, type Damage, isOf, readSums, type SumRecord, type SumWriter } from "./sums";
import { writeStanding } from "./standing";
import type { Unit } from "./units";

/** After so many bytes, what was found is made durable: a loss of power costs no more. */
const syncEveryBytes = 256 * 2 ** 20;
const filesPerTurn = 64;
const bigBytes = 8 * 2 ** 20;

/** What one file cost. */
export interface Cost {
  /** On the disk, holes left out. */
  readonly bytes: number;
}

/**
 * Reads a unit, and compares it with what was recorded: goes on where an earlier run stopped, or begins anew.
 * @param spend told of each file that was read; false ends the pass for this run
 * @returns whether the unit was read to its end
 */
export async function passOver(scrub: Scrub, unit: Unit, spend: (cost: Cost) => boolean): Promise<boolean> {
  const { config } = scrub;
  const files = catalogueFiles(config, unit.name);
  const standing = required(scrub.standing, "standing");
  const own = required(standing.units[unit.name], "standing of the unit");
  if (own.passMs === undefined || !existsSync(files.list)) {
    rmSync(files.part, { force: true });
    rmSync(files.list, { force: true });
    own.passMs = scrub.startedAt.getTime();
    writeStanding(config.stateDir, standing);
    for (const { path, reason } of await writeList(scrub, unit, files))
      complain(
        scrub,
        path,
        `${quoted(bytesOf(path))} of ${quoted(bytesOf(unit.name))} can't be looked at: ${reason}`,
      );
  }
  const writer = continueSums(files.part, files.id);
  try {
    const damage: Damage = { count: 0 };
    const isWhole = await compareAll(scrub, unit, files, { writer, damage, spend });
    if (!isWhole) {
      writer.sync();
      return false;
    }
    if (damage.count > 0)
      scrub.faults.push(
        `the catalogue of ${quoted(bytesOf(unit.name))} was damaged (${damage.count} records): those files were recorded anew, as they are now`,
      );
    writer.finish(own.passMs);
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
  // Mended after this pass had listed the unit: the next one needs it.
  for (const mended of mendedShelf.all(config))
    if (mended.unit === unit.name && mended.mendedMs < own.passMs) mendedShelf.drop(config, mended);
  standing.units[unit.name] = { firstSeenMs: own.firstSeenMs, verifiedMs: own.passMs };
  writeStanding(config.stateDir, standing);
  rmSync(files.list, { force: true });
  return true;
}

interface Progress {
  readonly writer: SumWriter;
  readonly damage: Damage;
  spend(cost: Cost): boolean;
}

async function compareAll(
  scrub: Scrub,
  unit: Unit,
  files: CatalogueFiles,
  { writer, damage, spend }: Progress,
): Promise<boolean> {
  const { stop, log, read } = scrub;
  const known = openKnown(scrub, unit, files, damage);
  const name = quoted(bytesOf(unit.name));
  let [unsynced, visited] = [0, 0];
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
      if (!file) continue;
      if (file === "hidden") {
        // What was recorded of it counts once it can be opened again.
        for (const record of recorded.slice(0, 1)) writer.add(record);
        continue;
      }
      try {
        const record = await compareOne(scrub, unit, listed, file, recorded);
        if (record) writer.add(record);
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

/** What was recorded of inodes; asked for in ascending order, so that the catalogue is read once and never kept. */
interface Known {
  /** Records of an inode; without one, reads on to the end. */
  at(ino: bigint | undefined): readonly SumRecord[];
  close(): void;
}

function openKnown({ config }: Scrub, unit: Unit, files: CatalogueFiles, damage: Damage): Known {
  const mended = mendedShelf
    .all(config)
    .filter(file => file.unit === unit.name)
    .map(recordOf);
  const recorded = readSums(files.sums, files.id, damage);
  let next = recorded.next();
  return {
    at(ino) {
      while (!next.done && (ino === undefined || next.value.ino < ino)) next = recorded.next();
      const found = !next.done && next.value.ino === ino ? [next.value] : [];
      return [...found, ...mended.filter(record => record.ino === ino)];
    },
    close: () => void recorded.return(undefined),
  };
}

/** The file by any of its names that still is its; undefined when there is none, "hidden" when one can't be opened. */
function openListed(scrub: Scrub, { ino, names }: ListedFile): OpenFile | "hidden" | undefined {
  for (const name of names) {
    try {
      const file = openRegular(onDisk(scrub.config, name));
      if (file?.stat.ino === ino) return file;
      if (file) closeSync(file.fd);
    } catch (error) {
      complain(scrub, name, `${quoted(bytesOf(name))} can't be opened: ${messageOf(error)}`);
      return "hidden";
    }
  }
  return undefined;
}

/** @returns what the catalogue says of the file from now on; undefined for one that was written to meanwhile */
async function compareOne(
  scrub: Scrub,
  unit: Unit,
  listed: ListedFile,
  file: OpenFile,
  known: readonly SumRecord[],
): Promise<SumRecord | undefined> {
  const { config, log, stop } = scrub;
  const now = identityOf(file);
  const recorded = known.find(record => isOf(record, now));
  // From the disk, and what others want to keep in memory stays there. For a small file that costs more than it brings.
  const isBig = now.size >= bigBytes;
  if (isBig) await forgetCached(file, stop);
  const read = await contentOf(file, stop, "scrub");
  if (isBig) await forgetCached(file, stop);
  if (read.kind === "changed") return undefined;
  if (read.kind === "read" && (!recorded || read.sha256.equals(recorded.sha256)))
    return { ...now, sha256: read.sha256 };
  const again = await readAnew(scrub, file);
  if (again.kind === "changed") return undefined;
  const names = stillNames(config, listed.names, now.ino);
  if (names.length === 0) return undefined;
  if (again.kind === "read" && (!recorded || again.sha256.equals(recorded.sha256))) {
    scrub.faults.push(
      `${quoted(bytesOf(names[0] ?? ""))} was read wrongly once, and rightly then: memory, cable or controller`,
    );
    return { ...now, sha256: again.sha256 };
  }
  const found = again.kind === "read" ? `sha256 ${again.sha256.toString("hex")}` : again.reason;
  const rotten = {
    ...inodeOf(unit.name, now),
    ...(recorded && { sha256: recorded.sha256.toString("hex") }),
    ...{ found, names, foundAt: new Date().toISOString() },
  };
  rottenShelf.keep(config, rotten);
  scrub.foundNow.add(keyOf(config, rotten));
  log.warn(`rotten: ${quoted(bytesOf(names[0] ?? ""))} of ${quoted(bytesOf(unit.name))}: ${found}`);
  return recorded;
}

/** From the disk, not from memory. */
export async function readAnew({ stop }: Scrub, file: OpenFile): Promise<Content> {
  await forgetCached(file, stop);
  return contentOf(file, stop, "scrub");
}

export function identityOf({ stat }: OpenFile): Omit<SumRecord, "sha256"> {
  return { ino: stat.ino, birthNs: stat.birthtimeNs, size: stat.size, mtimeNs: stat.mtimeNs };
}
