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

/**
 * A folder of numbered segments that hand changed paths to a later job. A consumer takes segments in the order of their
 * numbers and removes one only when its destination has verified what the segment names.
 * - `NNN.paths`: paths that changed or went, below the root of the tree, each ended by NUL; complete
 * - `NNN.reconcile`: subtrees, each ended by NUL, in which anything may have changed: a run ended early, or the journal
 *   had grown too long; "." is the whole tree
 * - `NNN.open`: being written, or left by a run that was killed
 */
export interface Segment {
  /** Names one more path. */
  add(path: Buffer): void;
  /** Makes the segment durable and hands it over. @returns its file's name; undefined when no path was named */
  promote(): string | undefined;
  /** Hands over "the whole tree" instead: what the segment names is not all that changed. */
  abandon(): string;
}

/** Larger journals are replaced by one "the whole tree": their consumer has been away for long, or there is none. */
export const longestJournalBytes = 64 * 1024 * 1024;

const wholeTree = Buffer.from(".\0");
const bufferBytes = 64 * 1024;

/** What a segment names: paths that changed, or subtrees in which anything may have changed. */
export type SegmentKind = "paths" | "reconcile";

/**
 * Starts the next segment. Segments that a killed run left open are handed over as "the whole tree" first.
 * @param kind of "reconcile", each subtree is on disk when `add` returns: it is named before anything in it changes
 */
export function openSegment(folder: string, kind: SegmentKind = "paths"): Segment {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  recover(folder);
  compact(folder);
  const stem = nextStem(folder);
  const path = join(folder, `${stem}.open`);
  const file = openSync(path, "wx", 0o600);
  fsyncSync(file);
  syncFolder(folder);
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  let paths = 0;
  const flush = (): void => {
    writeAll(file, Buffer.concat(pending));
    pending = [];
    pendingBytes = 0;
  };
  return {
    add(changed) {
      pending.push(changed, Buffer.from([0]));
      pendingBytes += changed.length + 1;
      paths += 1;
      if (kind === "reconcile") {
        flush();
        fsyncSync(file);
      } else if (pendingBytes >= bufferBytes) flush();
    },
    promote() {
      flush();
      fsyncSync(file);
      closeSync(file);
      if (paths > 0) return handOver(folder, stem, kind);
      rmSync(path);
      return undefined;
    },
    abandon() {
      closeSync(file);
      return handOverWholeTree(folder, stem);
    },
  };
}

/** Hands over what a killed run left open. @returns names of the segments; empty after a run that ended by itself */
export function recover(folder: string): string[] {
  return list(folder)
    .filter(name => name.endsWith(".open"))
    .map(name => handOverWholeTree(folder, name.slice(0, -".open".length)));
}

function compact(folder: string): void {
  const segments = list(folder).filter(name => /\.(paths|reconcile)$/.test(name));
  const bytes = segments.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
  if (bytes <= longestJournalBytes) return;
  handOverWholeTree(folder, nextStem(folder));
  // The new segment covers the old ones, so it is durable before they go.
  for (const name of segments) rmSync(join(folder, name));
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
    writeAll(file, wholeTree);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(part, join(folder, name));
  rmSync(open, { force: true });
  syncFolder(folder);
  return name;
}

/** Numbers never come twice, also when a consumer has taken every segment. */
function nextStem(folder: string): string {
  const counter = join(folder, "last-number");
  const numbers = [readNumber(counter), ...list(folder).map(name => Number.parseInt(name, 10))];
  const next = Math.max(0, ...numbers.filter(Number.isFinite)) + 1;
  writeDurably(counter, `${next}\n`, 0o600);
  return String(next).padStart(12, "0");
}

function readNumber(path: string): number {
  try {
    return Number.parseInt(readFileSync(path, "utf8"), 10);
  } catch {
    return 0;
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}
