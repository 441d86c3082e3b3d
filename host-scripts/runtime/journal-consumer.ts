import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { syncFolder, writeDurably } from "./durable";
import { errnoOf } from "./errors";
import { consumersOf, type Cursor, cursorFile, readCursor } from "./journal-cursor";
import { handedOver, lastNumber, lastNumberMs, stemOf } from "./journal";
import { unsealed } from "./journal-seal";

/*
 * A consumer of a journal brings what its segments name to one destination: a job has a consumer for each, such as
 * "offsite-sync-backup" (who sends to two has two jobs), or the mirror of what a tracker notes. Consumers know nothing of one
 * another, and each has a cursor of its own in the journal's folder, so that one that is away holds up nobody else:
 * - `cursors/NAME`: the last segment that its destination has verified, and a stamp that is new with each and begins with that number
 * The consumer keeps that stamp itself as well. One that isn't the same means that one of the two is missing or older than the
 * other, as from a backup: what lies between them isn't known, so that all of the tree is owed. Nothing in here is ever taken for
 * done because it can't be read.
 */

/** What a consumer has not brought to its destination yet. */
export interface Debt {
  /** The last segment that it covers: what a consumer acknowledges once the destination has verified all of it. */
  readonly through: number;
  /** Why anything in the tree may have changed; undefined when the names below are all. */
  readonly whole: string | undefined;
  /** Paths that changed or went, below the tree's root, byte by byte as latin1. */
  readonly paths: ReadonlySet<string>;
  /** Those below which anything may have changed. */
  readonly subtrees: ReadonlySet<string>;
  readonly segments: number;
  /** When the oldest of them was handed over, epoch ms; undefined when there is none. */
  readonly oldestMs: number | undefined;
  /** A segment that is being written, or was left by a killed run: the writer's next run hands it over. */
  readonly isOpen: boolean;
  /** When the first of those was begun, epoch ms: what its writer has changed since isn't in the debt. */
  readonly openMs?: number;
}

/**
 * Reads what a consumer owes. Whatever it then looks at in the tree is at least as new as that.
 * @param stamp that it got by its last `acknowledge`; undefined for none
 * @throws {Error} of the file system, when the folder can't be read
 */
export function readDebt(folder: string, consumer: string, stamp: string | undefined): Debt {
  // The number first: a segment has its file before its number is noted, and keeps it until this consumer is past it.
  const last = lastNumber(folder);
  const names = entries(folder);
  const open = names.filter(name => unfinished.test(name)).map(name => Number.parseInt(name, 10));
  const handed = new Map(
    names.flatMap(name => (handedOver.test(name) ? [[Number.parseInt(name, 10), name]] : [])),
  );
  const known = readCursor(folder, consumer);
  const through =
    open.length > 0 ? Math.min(...open) - 1 : Math.max(last, known?.through ?? 0, ...handed.keys());
  const openMs = begunMs(folder, names);
  // It was handed over meanwhile.
  if (open.length > 0 && openMs === undefined) return readDebt(folder, consumer, stamp);
  const base = { through, isOpen: open.length > 0, ...(openMs !== undefined && { openMs }) };
  const fault = faultOf(known, stamp);
  if (known === undefined || fault !== undefined)
    return { ...base, ...nothing(), whole: fault ?? "it has no cursor", segments: handed.size };
  return { ...base, ...readSegments(folder, handed, known.through, through) };
}

const unfinished = /^\d{12}\.(open|part)$/;

/** When the first segment that isn't handed over was begun; undefined where there is none any more. */
function begunMs(folder: string, names: readonly string[]): number | undefined {
  const first = names.find(name => unfinished.test(name));
  const stat = first === undefined ? undefined : statSync(join(folder, first), { throwIfNoEntry: false });
  return stat && begunOf(stat, lastNumberMs(folder));
}

/** @param notedMs when its number was noted; some file systems, as ext4 with inodes of 128 bytes, keep no time of birth */
export function begunOf(
  { birthtimeMs, mtimeMs }: { readonly birthtimeMs: number; readonly mtimeMs: number },
  notedMs: number,
): number {
  return Math.min(birthtimeMs || notedMs, mtimeMs);
}

function faultOf(known: Cursor | undefined, stamp: string | undefined): string | undefined {
  if (known === undefined)
    return stamp === undefined ? "it was never brought there as a whole" : "its cursor is gone";
  const [counted = ""] = known.stamp.split(" ");
  // Of an earlier version, a stamp has no number.
  if (known.stamp !== stamp || (known.stamp.includes(" ") && Number(counted) !== known.through))
    return stamp === undefined
      ? "what was acknowledged isn't remembered"
      : "its cursor is another one than remembered";
  return undefined;
}

function nothing() {
  return { paths: new Set<string>(), subtrees: new Set<string>(), oldestMs: undefined };
}

function readSegments(
  folder: string,
  handed: ReadonlyMap<number, string>,
  from: number,
  through: number,
): Omit<Debt, "through" | "isOpen"> {
  const paths = new Set<string>();
  const subtrees = new Set<string>();
  let whole: string | undefined;
  let oldestMs: number | undefined;
  for (let number = from + 1; number <= through; number += 1) {
    const name = handed.get(number);
    const segment = name === undefined ? undefined : readSegment(join(folder, name));
    if (name === undefined || segment === undefined) {
      whole ??= `segment ${stemOf(number)} is missing`;
      continue;
    }
    oldestMs = Math.min(oldestMs ?? Infinity, segment.handedMs);
    if (segment.names === undefined)
      whole ??= `segment ${name} isn't what was written: it was cut, or has rotted`;
    const into = name.endsWith(".reconcile") ? subtrees : paths;
    for (const path of segment.names ?? []) into.add(path);
  }
  // Said last, as it says the least: the writer's run ended early, or the journal had grown too long.
  if (subtrees.has(".")) whole ??= "its writer handed over all of the tree";
  return { whole, paths, subtrees, segments: through - from, oldestMs };
}

/** @returns undefined when it is gone; no names when it isn't whole */
function readSegment(
  path: string,
): { readonly handedMs: number; readonly names: string[] | undefined } | undefined {
  try {
    const { mtimeMs } = statSync(path);
    const text = readFileSync(path, "latin1");
    return { handedMs: mtimeMs, names: unsealed(text)?.split("\0").slice(0, -2) };
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    // A disk that can't read it: its names are lost, and all else goes on.
    return { handedMs: 0, names: undefined };
  }
}

/**
 * Says that a destination has verified all of a debt, durably; then removes the segments that every consumer is past.
 * @returns the stamp to remember. A loss of power before it is kept costs a comparison of the whole tree, and forgets nothing
 */
export function acknowledge(folder: string, consumer: string, { through }: Pick<Debt, "through">): string {
  const stamp = `${through} ${randomUUID()}`;
  writeDurably(cursorFile(folder, consumer), `${JSON.stringify({ through, stamp })}\n`, 0o600);
  free(folder);
  return stamp;
}

/** Removes what every consumer is past. Of one whose cursor can't be read nobody knows how far it is. */
function free(folder: string): void {
  const cursors = consumersOf(folder).map(name => readCursor(folder, name)?.through ?? 0);
  const past = Math.min(...cursors);
  const done = entries(folder).filter(name => handedOver.test(name) && Number.parseInt(name, 10) <= past);
  for (const name of done) rmSync(join(folder, name), { force: true });
  if (done.length > 0) syncFolder(folder);
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    throw error;
  }
}
