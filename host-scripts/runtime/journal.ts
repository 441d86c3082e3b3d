import { createHash } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { syncFolder, writeAll, writeDurably } from "./durable";
import { consumersOf, readCursor } from "./journal-cursor";
import { sealOf } from "./journal-seal";

/**
 * A folder of numbered segments by which one job hands changed paths to later ones (journal-consumer.ts). One writer has it;
 * a number is given once, and each number has a segment until every consumer is past it.
 * - `NNN.paths`: paths that changed or went, below the root of the tree, each ended by NUL, one NUL more, and the SHA-256 of all that:
 *   a segment that was cut, or in which a bit has flipped, is known by it
 * - `NNN.reconcile`: in the same form, subtrees in which anything may have changed: a run ended early, or the journal had
 *   grown too long; "." is the whole tree
 * - `NNN.open`: being written, or left by a run that was killed
 * - `last-number`: no segment has a higher one, but for one that is open
 */
export interface Segment {
  /** Names one more path. */
  add(path: Buffer): void;
  /** Makes the segment durable and hands it over. @returns its file's name; undefined when no path was named */
  promote(): string | undefined;
  /** Hands over "the whole tree" instead: what the segment names is not all that changed. */
  abandon(): string;
}

/** Larger journals are replaced by one "the whole tree": a consumer has been away for long, or there is none. */
export const longestJournalBytes = 64 * 1024 * 1024;
const mostSegments = 10_000;

const end = Buffer.from([0]);
const wholeTree = ".\0\0";
const bufferBytes = 64 * 1024;

/** What a segment names: paths that changed, or subtrees in which anything may have changed. */
export type SegmentKind = "paths" | "reconcile";

/**
 * Starts the next segment. Segments that a killed run left open are handed over as "the whole tree" first.
 * @param isAhead whether each name is on disk when `add` returns: a subtree is named before anything in it changes, unless by
 *   somebody who was told of it afterwards
 */
export function openSegment(
  folder: string,
  kind: SegmentKind = "paths",
  isAhead = kind === "reconcile",
): Segment {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  recover(folder);
  compact(folder);
  const stem = nextStem(folder);
  const path = join(folder, `${stem}.open`);
  const file = openSync(path, "wx", 0o600);
  fsyncSync(file);
  syncFolder(folder);
  // Only now: to a consumer, a number that is given and has no file is a segment that was lost.
  noteNumber(folder, stem);
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  let paths = 0;
  const sum = createHash("sha256");
  const flush = (): void => {
    const bytes = Buffer.concat(pending);
    sum.update(bytes);
    writeAll(file, bytes);
    pending = [];
    pendingBytes = 0;
  };
  return {
    add(changed) {
      pending.push(changed, Buffer.from([0]));
      pendingBytes += changed.length + 1;
      paths += 1;
      if (isAhead) {
        flush();
        fsyncSync(file);
      } else if (pendingBytes >= bufferBytes) flush();
    },
    promote() {
      // One that names nothing keeps its number: without it, the numbers had a gap.
      pending.push(end);
      flush();
      writeAll(file, Buffer.from(sealOf(sum)));
      fsyncSync(file);
      closeSync(file);
      const name = handOver(folder, stem, kind);
      return paths > 0 ? name : undefined;
    },
    abandon() {
      closeSync(file);
      return handOverWholeTree(folder, stem);
    },
  };
}

/** Hands over what a killed run left open. @returns names of the segments; empty after a run that ended by itself */
export function recover(folder: string): string[] {
  // A run that was killed, or found no room, may have left a part alone.
  const left = list(folder).flatMap(name => /^(\d{12})\.(?:open|part)$/.exec(name)?.[1] ?? []);
  return [...new Set(left)].map(stem => handOverWholeTree(folder, stem));
}

function compact(folder: string): void {
  const segments = list(folder).filter(name => handedOver.test(name));
  // A consumer may just have taken one.
  const sizeOf = (name: string): number => statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0;
  const bytes = segments.reduce((sum, name) => sum + sizeOf(name), 0);
  if (bytes <= longestJournalBytes && segments.length <= mostSegments) return;
  // By the last one's number: who is past it is owed nothing by those that are away. The new segment covers the old ones, so it is
  // durable before they go.
  const last = segments.at(-1) ?? "";
  const whole = handOverWholeTree(folder, last.slice(0, last.indexOf(".")));
  for (const name of segments) if (name !== whole) rmSync(join(folder, name), { force: true });
  syncFolder(folder);
}

function handOver(folder: string, stem: string, kind: SegmentKind): string {
  const name = `${stem}.${kind}`;
  renameSync(join(folder, `${stem}.open`), join(folder, name));
  syncFolder(folder);
  return name;
}

function handOverWholeTree(folder: string, stem: string): string {
  const name = `${stem}.reconcile`;
  const open = join(folder, `${stem}.open`);
  const part = join(folder, `${stem}.part`);
  const file = openSync(part, "w", 0o600);
  try {
    const sum = createHash("sha256").update(wholeTree);
    writeAll(file, Buffer.from(`${wholeTree}${sealOf(sum)}`));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  // Before a consumer can take it: who takes the last one leaves no trace of its number.
  noteNumber(folder, stem);
  renameSync(part, join(folder, name));
  rmSync(open, { force: true });
  syncFolder(folder);
  return name;
}

/** Numbers never come twice, also when a consumer has taken every segment, and when the last number was lost. */
function nextStem(folder: string): string {
  const taken = consumersOf(folder).map(name => readCursor(folder, name)?.through ?? 0);
  const numbers = [lastNumber(folder), ...taken, ...list(folder).map(name => Number.parseInt(name, 10))];
  const next = Math.max(0, ...numbers.filter(Number.isFinite)) + 1;
  return stemOf(next);
}

function noteNumber(folder: string, stem: string): void {
  const number = Number.parseInt(stem, 10);
  if (lastNumber(folder) < number) writeDurably(join(folder, "last-number"), `${number}\n`, 0o600);
}

/** The highest number that was given, as far as it is noted. */
export function lastNumber(folder: string): number {
  try {
    const number = Number.parseInt(readFileSync(join(folder, "last-number"), "utf8"), 10);
    return Number.isFinite(number) ? number : 0;
  } catch {
    return 0;
  }
}

/** When it was noted, epoch ms, right after its segment was begun; infinite where it isn't. */
export function lastNumberMs(folder: string): number {
  return statSync(join(folder, "last-number"), { throwIfNoEntry: false })?.mtimeMs ?? Infinity;
}

/** Name of a segment that was handed over. */
export const handedOver = /^(?<stem>\d{12})\.(?<kind>paths|reconcile)$/;

export function stemOf(number: number): string {
  return String(number).padStart(12, "0");
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}
