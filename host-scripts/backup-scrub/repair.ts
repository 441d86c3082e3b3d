import { closeSync } from "node:fs";
import { join } from "node:path";
import { forgetCached } from "../runtime/forget-cached";
import type { Phase } from "../runtime/phases";
import { messageOf } from "../runtime/errors";
import { quoted } from "../runtime/quoted";
import { required } from "../runtime/required";
import { isAccepted } from "./accept";
import type { Scrub } from "./backup-scrub";
import { contentOf, identityOf, type OpenFile, openRegular } from "./content";
import { type KnownRotten, mend, resumeMending, Unmended } from "./mend";
import { bytesOf, catalogueFiles, onDisk, pathOf } from "./paths";
import { inodeOf, keyOf, nameOf, recordOf, type RottenFile, rottenShelf, stillNames } from "./rotten";
import { type Identity, isOf, isFormerOf, readSums, type SumRecord } from "./sums";
import { leftMs } from "./time";
import { isInGeneration } from "./units";
import { filesBelow } from "./walk";

/**
 * Looks again at each file that is known to be rotten, and mends it where another file is proven to hold what was recorded.
 * One whose names are gone, or that was written anew, is forgotten.
 */
export const repair: Phase<Scrub> = {
  name: "repair",
  async run(scrub) {
    const { config, stop, notes } = scrub;
    await resume(scrub);
    const rotten: RottenFile[] = [];
    // The small ones first: one that takes all of the time keeps no other waiting.
    for (const file of rottenShelf.all(config).sort((a, b) => Number(bytesToRead(a) - bytesToRead(b)))) {
      stop.check("repair");
      const now = await lookAgain(scrub, file);
      if (now) rotten.push(now);
      else rottenShelf.drop(config, file);
    }
    const left: RottenFile[] = [];
    const copies = copiesOf(scrub, rotten);
    for (const file of rotten) {
      stop.check("repair");
      const isLate = leftMs(scrub, "repair") <= 0;
      if (!isLate && (await mendFrom(scrub, file, copies.get(keyOf(config, file)) ?? []))) count(scrub, file);
      else left.push(file);
      if (isLate) notes.push(`no time was left to look for a good copy of ${nameOf(file)}`);
    }
    scrub.left = left.filter(
      file => !isAccepted(scrub, file.names, `${nameOf(file)} is rotten, and no good copy is known`),
    );
  },
};

/** What an earlier run was ended in the middle of. */
async function resume(scrub: Scrub): Promise<void> {
  try {
    const mended = await resumeMending(scrub);
    if (mended) count(scrub, mended);
  } catch (error) {
    if (!(error instanceof Unmended)) throw error;
    scrub.faults.push(`a file that is being mended isn't yet: ${error.message}`);
  }
}

function count({ config, mended, log }: Scrub, file: RottenFile): void {
  rottenShelf.drop(config, file);
  mended.push(file);
  log.warn(`mended: ${nameOf(file)} holds again what was recorded`);
}

function bytesToRead({ size, part }: RottenFile): bigint {
  return part ? BigInt(part.to - part.from) : BigInt(size);
}

/** @returns the file with the names that it still has, also where there is no time to read it; undefined once it is rotten no more */
async function lookAgain(scrub: Scrub, rotten: RottenFile): Promise<RottenFile | undefined> {
  const { config, stop, foundNow, log, notes } = scrub;
  const names = stillNames(config, rotten.names, BigInt(rotten.ino));
  const now = { ...rotten, names: names.length > 0 ? names : rotten.names };
  for (const name of rotten.names) {
    let file: OpenFile | undefined;
    try {
      file = openRegular(onDisk(config, name));
    } catch {
      // Even its inode isn't given any more.
      return now;
    }
    if (!file) continue;
    try {
      if (!isOf(recordOf(rotten), identityOf(file))) {
        if (
          isFormerOf(recordOf(rotten), identityOf(file)) &&
          names.some(path => isInGeneration(config, path))
        )
          return { ...now, ...writtenTo(rotten, identityOf(file)) };
        continue;
      }
      if (foundNow.has(keyOf(config, rotten))) return now;
      await forgetCached(file, stop);
      const isLate = (): boolean => leftMs(scrub, "repair") <= 0;
      const content = await contentOf(file, stop, "repair", isLate, rotten.part);
      if (content.kind === "changed") return undefined;
      if (content.kind === "late") notes.push(`no time was left to look again at ${nameOf(now)}`);
      if (content.kind === "unreadable" || content.kind === "late") return now;
      if (rotten.sha256 === undefined || content.sha256.toString("hex") === rotten.sha256) {
        log.info(`${nameOf(now)} can be read again, and is as it was recorded`);
        return undefined;
      }
      return now;
    } finally {
      closeSync(file.fd);
    }
  }
  return undefined;
}

/** A file of a generation that was written to since it was found. */
function writtenTo({ unit, size, mtimeNs, was }: RottenFile, now: Identity) {
  return { ...inodeOf(unit, now), was: was ?? { size, mtimeNs } };
}

/** A file that was recorded with the content that a rotten one has lost. */
interface Copy {
  readonly unit: string;
  readonly record: SumRecord;
}

/** Of one that is read in pieces, no other file is known to have its content. */
function isWholeRecorded(file: RottenFile): file is KnownRotten {
  return file.sha256 !== undefined && file.part === undefined;
}

/** By the key of each rotten file, where the catalogue has its content a second time. */
function copiesOf({ config, units }: Scrub, rotten: readonly RottenFile[]): Map<string, Copy[]> {
  const wanted = new Map<string, RottenFile[]>();
  for (const file of rotten)
    if (isWholeRecorded(file)) wanted.set(file.sha256, [...(wanted.get(file.sha256) ?? []), file]);
  const copies = new Map<string, Copy[]>();
  if (wanted.size === 0) return copies;
  for (const { name } of required(units, "units")) {
    const { id, sums, part } = catalogueFiles(config, name);
    for (const path of [sums, part])
      for (const record of readSums(path, id, { count: 0 }))
        for (const file of wanted.get(record.sha256.toString("hex")) ?? [])
          if (file.ino !== String(record.ino))
            copies.set(keyOf(config, file), [
              ...(copies.get(keyOf(config, file)) ?? []),
              { unit: name, record },
            ]);
  }
  return copies;
}

/** Tries each file that may be a good copy. What isn't proven is no copy. */
async function mendFrom(scrub: Scrub, rotten: RottenFile, copies: readonly Copy[]): Promise<boolean> {
  const { log, faults } = scrub;
  if (!isWholeRecorded(rotten)) return false;
  for (const candidate of candidatesOf(scrub, rotten, copies)) {
    try {
      if (await mend(scrub, rotten, candidate.file)) {
        log.info(`mended from ${quoted(candidate.path)}`);
        return true;
      }
    } catch (error) {
      if (!(error instanceof Unmended)) throw error;
      faults.push(`${nameOf(rotten)} isn't mended yet: ${messageOf(error)}`);
      return false;
    } finally {
      closeSync(candidate.file.fd);
    }
  }
  return false;
}

interface Candidate {
  readonly path: Buffer;
  /** Open; whoever gets it closes it. */
  readonly file: OpenFile;
}

/** The live file first, where it is as old and as big as what was recorded; then files with the same recorded content. */
function* candidatesOf(scrub: Scrub, rotten: RottenFile, copies: readonly Copy[]): Generator<Candidate> {
  const { config } = scrub;
  const mirrored = rotten.names.some(name => isInGeneration(config, name)) ? [] : rotten.names;
  for (const source of config.sources)
    for (const name of mirrored) {
      const path = bytesOf(join(pathOf(source), name));
      const file = openRegular(path);
      if (!file) continue;
      if (String(file.stat.size) === rotten.size && String(file.stat.mtimeNs) === rotten.mtimeNs)
        yield { path, file };
      else closeSync(file.fd);
    }
  for (const { unit, record } of copies)
    for (const path of namesOf(scrub, unit, record.ino)) {
      const file = openRegular(onDisk(config, path));
      if (!file) continue;
      if (isOf(record, identityOf(file))) {
        yield { path: onDisk(config, path), file };
        break;
      }
      closeSync(file.fd);
    }
}

/** Names of an inode in a unit, by a walk. */
function* namesOf({ config, units }: Scrub, name: string, ino: bigint): Generator<string> {
  for (const path of units?.find(unit => unit.name === name)?.paths ?? [])
    for (const found of filesBelow(config, path))
      if ("stat" in found && found.stat.ino === ino) yield found.path;
}
