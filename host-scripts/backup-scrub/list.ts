import { createHash } from "node:crypto";
import { closeSync, fsyncSync, lstatSync, openSync, readSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import type { BackupScrubConfig } from "../../plan/contracts/backup-scrub";
import { syncFolder } from "../runtime/durable";
import { exitCodes, RunnerError } from "../runtime/errors";
import { required } from "../runtime/required";
import { run } from "../runtime/run";
import { shell } from "../runtime/shell";
import { firstLines } from "../runtime/tail";
import type { Scrub } from "./backup-scrub";
import { type CatalogueFiles, bytesOf, onDisk } from "./paths";
import type { HeldGeneration } from "./state";
import { generationOf, type Unit } from "./units";
import { filesBelow, type Found, type Hidden } from "./walk";

/** An inode of a unit, with its names as they were when the unit was listed. */
export interface ListedFile {
  readonly ino: bigint;
  readonly names: readonly string[];
}

/*
 * Each name is a line "INODE CHECK PATH", ended by NUL as a name may hold any other byte; CHECK tells a line that isn't what
 * was written. They are sorted by sort(1), whose memory is bounded: by inode, which brings the names of one file together,
 * and is near to the order on the disk.
 */
const inoDigits = 16;
const checkDigits = 8;

function lineOf(ino: bigint, path: string): string {
  const digits = ino.toString(16).padStart(inoDigits, "0");
  return `${digits} ${checkOf(digits, path)} ${path}`;
}

function checkOf(digits: string, path: string): string {
  return createHash("sha256").update(digits).update(path, "latin1").digest("hex").slice(0, checkDigits);
}

/** A list isn't what was written: the unit has to be listed again. */
export class ListDamaged extends Error {}

const longestSortMs = 24 * 3_600_000;
const namesPerTurn = 1000;
const bufferedNames = 1000;

/** What a listing found beside the names. */
export interface Listing {
  /** Names that can't be looked at. */
  readonly hidden: readonly Hidden[];
  /** What each generation of the unit holds, by its path; without those that went or were replaced meanwhile. */
  readonly generations: ReadonlyMap<string, HeldGeneration>;
}

/** Looks at all names of a unit. @param each told of every name of a file */
export async function lookOver(
  { config, stop }: Scrub,
  unit: Unit,
  each: (found: Found) => void,
): Promise<Listing> {
  const hidden: Hidden[] = [];
  const generations = new Map<string, HeldGeneration>();
  let names = 0;
  for (const path of unit.paths) {
    const identity = generationOf(config, path) === path ? identityAt(config, path) : undefined;
    let held = 0;
    for (const found of filesBelow(config, path)) {
      if ("stat" in found) {
        held += 1;
        each(found);
      } else hidden.push(found);
      names += 1;
      if (names % namesPerTurn !== 0) continue;
      await turn();
      stop.check("scrub");
    }
    if (identity !== undefined && identity === identityAt(config, path))
      generations.set(path, { identity, files: held });
  }
  return { hidden, generations };
}

/** Lists all names of a unit, durably. */
export async function writeList(scrub: Scrub, unit: Unit, files: CatalogueFiles): Promise<Listing> {
  const { config, stop, lock } = scrub;
  const [raw, sorted] = [`${files.list}.raw`, `${files.list}.sorted`];
  const out = openSync(raw, "w", 0o600);
  let listing: Listing;
  try {
    let pending: Buffer[] = [];
    const flush = (): void => {
      const whole = Buffer.concat(pending);
      for (let done = 0; done < whole.length;) done += writeSync(out, whole, done);
      pending = [];
    };
    listing = await lookOver(scrub, unit, ({ stat, path }) => {
      pending.push(bytesOf(`${lineOf(stat.ino, path)}\0`));
      if (pending.length >= bufferedNames) flush();
    });
    flush();
  } finally {
    closeSync(out);
  }
  const argv = [
    "sort",
    "--zero-terminated",
    "--buffer-size=32M",
    `--temporary-directory=${dirname(raw)}`,
  ] as const;
  const result = await run([...argv, `--output=${sorted}`, raw], {
    ...{ timeoutMs: longestSortMs, stop: stop.signal, env: { LC_ALL: "C" } },
    inherit: [required(lock, "lock").fd],
  });
  stop.check("scrub");
  if (result.exitCode !== 0)
    throw new RunnerError(exitCodes.failed, {
      failed: `the names of a unit can't be sorted: ${firstLines(result.stderr) || result.ended}`,
      kept: "What was read so far is kept.",
      next: shell`df -h ${config.stateDir}`,
    });
  rmSync(raw);
  const whole = openSync(sorted, "r");
  fsyncSync(whole);
  closeSync(whole);
  renameSync(sorted, files.list);
  syncFolder(dirname(files.list));
  return listing;
}

/** Tells what lies at a path from all else that was or will be there; undefined where nothing lies, or can't be told. */
function identityAt(config: BackupScrubConfig, path: string): string | undefined {
  try {
    const { ino, birthtimeNs } = lstatSync(onDisk(config, path), { bigint: true });
    return birthtimeNs === 0n ? undefined : `${ino}-${birthtimeNs}`;
  } catch {
    // Whatever it is: the walk tells it.
    return undefined;
  }
}

/** Files of a list, in ascending order of their inodes. @throws {ListDamaged} */
export function* readList(path: string): Generator<ListedFile> {
  let file: { ino: bigint; names: string[] } | undefined;
  for (const line of linesOf(path)) {
    const digits = line.slice(0, inoDigits);
    const name = line.slice(inoDigits + checkDigits + 2);
    if (line.slice(inoDigits + 1, inoDigits + 1 + checkDigits) !== checkOf(digits, name))
      throw new ListDamaged();
    const ino = BigInt(`0x${digits}`);
    if (file?.ino === ino) file.names.push(name);
    else {
      if (file) yield file;
      file = { ino, names: [name] };
    }
  }
  if (file) yield file;
}

function* linesOf(path: string): Generator<string> {
  const fd = openSync(path, "r");
  try {
    const chunk = Buffer.alloc(256 * 1024);
    let rest = "";
    for (let got = readSync(fd, chunk); got > 0; got = readSync(fd, chunk)) {
      const lines = (rest + chunk.toString("latin1", 0, got)).split("\0");
      rest = lines.pop() ?? "";
      yield* lines;
    }
    if (rest !== "") throw new ListDamaged();
  } finally {
    closeSync(fd);
  }
}
