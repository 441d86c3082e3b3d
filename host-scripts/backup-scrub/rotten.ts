import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { BackupScrubConfig } from "../../plan/contracts/backup-scrub";
import { writeDurably } from "../runtime/durable";
import { quoted } from "../runtime/quoted";
import { statIn } from "../runtime/tree-path";
import { bytesOf, catalogueFiles } from "./paths";
import type { Identity, SumRecord } from "./sums";

const big = z.string().regex(/^-?\d+$/);
const sizeAndTime = { size: big, mtimeNs: big };
const inode = { unit: z.string(), ino: big, birthNs: big, ...sizeAndTime };
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

export const rottenFile = z.object({
  ...inode,
  /** What was recorded; absent for a file that could never be read. */
  sha256: sha256.optional(),
  /** Of a file that is read in pieces: the bytes of the one that is meant. */
  part: z.object({ from: z.number(), to: z.number() }).optional(),
  /** Of a generation's file that was written to: size and time as they were recorded. */
  was: z.object(sizeAndTime).optional(),
  /** What the disk gives in its place. */
  found: z.string(),
  /** Names below the disk, of one character a byte. */
  names: z.array(z.string()).min(1),
  foundAt: z.string(),
});

/** A file whose content is not what was recorded though its size and times are, or that the disk doesn't give. */
export type RottenFile = z.infer<typeof rottenFile>;

const mendedFile = z.object({ ...inode, sha256, mendedMs: z.number() });
/** The record of an inode that took a rotten one's place, until a pass has it in the catalogue. */
export type MendedFile = z.infer<typeof mendedFile>;

/** Name of a rotten file in this run and the next. */
export function keyOf(config: BackupScrubConfig, { unit, ino }: { unit: string; ino: string }): string {
  return `${catalogueFiles(config, unit).id}-${BigInt(ino).toString(16)}`;
}

/** Of names that a file had, those that are still its: who is told of another one would remove a good file. */
export function stillNames({ target }: BackupScrubConfig, names: readonly string[], ino: bigint): string[] {
  return names.filter(name => statIn(target.path, name)?.ino === ino);
}

/** As an operator reads it: its name, and how many more it has. */
export function nameOf({ unit, names }: RottenFile): string {
  const more = names.length > 1 ? ` (and ${names.length - 1} more names)` : "";
  return `${quoted(bytesOf(names[0] ?? ""))}${more} of ${quoted(bytesOf(unit))}`;
}

export function inodeOf(unit: string, { ino, birthNs, size, mtimeNs }: Identity) {
  return {
    ...{ unit, ino: String(ino), birthNs: String(birthNs) },
    ...{ size: String(size), mtimeNs: String(mtimeNs) },
  };
}

export function recordOf(file: RottenFile | MendedFile): SumRecord {
  const { ino, birthNs, size, mtimeNs, sha256: hash = "" } = file;
  return {
    ...{ ino: BigInt(ino), birthNs: BigInt(birthNs), size: BigInt(size), mtimeNs: BigInt(mtimeNs) },
    sha256: Buffer.from(hash, "hex"),
    seenMs: "mendedMs" in file ? file.mendedMs : Date.parse(file.foundAt),
  };
}

/** A folder of small durable files: one for each thing that must outlive the run which found it. */
class Shelf<T extends { unit: string; ino: string }> {
  constructor(
    private readonly name: string,
    private readonly schema: z.ZodType<T>,
  ) {}

  private folder({ stateDir }: Pick<BackupScrubConfig, "stateDir">): string {
    return join(stateDir, this.name);
  }

  private file(config: BackupScrubConfig, value: { unit: string; ino: string }): string {
    return join(this.folder(config), `${keyOf(config, value)}.json`);
  }

  /** @param damaged gets the paths of those that aren't what was written */
  all(config: Pick<BackupScrubConfig, "stateDir">, damaged: string[] = []): T[] {
    const folder = this.folder(config);
    const files = existsSync(folder) ? readdirSync(folder).filter(name => name.endsWith(".json")) : [];
    return files.sort().flatMap(name => {
      try {
        return [this.schema.parse(JSON.parse(readFileSync(join(folder, name), "utf8")))];
      } catch {
        damaged.push(join(folder, name));
        return [];
      }
    });
  }

  keep(config: BackupScrubConfig, value: T): void {
    writeDurably(this.file(config, value), `${JSON.stringify(value)}\n`, 0o600);
  }

  drop(config: BackupScrubConfig, value: { unit: string; ino: string }): void {
    rmSync(this.file(config, value), { force: true });
  }
}

/** Files that are rotten by the last look at them. */
export const rottenShelf = new Shelf("rotten", rottenFile);
/** Files that were mended since the last pass over their unit. */
export const mendedShelf = new Shelf("mended", mendedFile);
