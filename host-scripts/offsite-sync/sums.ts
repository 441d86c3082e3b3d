import { closeSync, existsSync, mkdirSync, openSync, readSync, renameSync } from "node:fs";
import { join } from "node:path";
import type { OffsiteSyncConfig } from "../../plan/contracts/offsite-sync";
import { writeAll } from "../runtime/durable";
import { Lines } from "../runtime/lines";
import { statIn } from "../runtime/tree-path";

/*
 * What each file held when both ends were last known to agree, by its size and time: without it nobody knows which of two files that
 * differ is the good one. A lost record costs that knowledge and nothing else, so that nothing here is synced to disk. A pass over all
 * files writes it anew: what is gone is forgotten by it.
 */
export interface Sum {
  readonly size: string;
  readonly mtime: string;
  readonly md5: string;
}

type Place = Pick<OffsiteSyncConfig, "stateDir">;

const current = ({ stateDir }: Place): string => join(stateDir, "sums.new");
const earlier = ({ stateDir }: Place): string => join(stateDir, "sums");

/** @param sums by the path of a file, byte by byte as latin1 */
export function addSums(place: Place, sums: ReadonlyMap<string, Sum>): void {
  if (sums.size === 0) return;
  mkdirSync(place.stateDir, { recursive: true, mode: 0o700 });
  const file = openSync(current(place), "a", 0o600);
  try {
    // What a disk that got full took of the last record ends before these.
    const lines = [...sums].map(([path, { size, mtime, md5 }]) => `${size} ${mtime} ${md5} ${path}\0`);
    writeAll(file, Buffer.from(`\0${lines.join("")}`, "latin1"));
  } finally {
    closeSync(file);
  }
}

/** The newest of each path that is asked for. */
export function sumsOf(place: Place, paths: ReadonlySet<string>): Map<string, Sum> {
  const found = new Map<string, Sum>();
  if (paths.size === 0) return found;
  for (const file of [earlier(place), current(place)])
    if (existsSync(file))
      for (const line of recordsOf(file)) {
        const [, size, mtime, md5, path] = /^(\d+) (\d+) ([0-9a-f]{32}) (.+)$/s.exec(line) ?? [];
        if (
          size !== undefined &&
          mtime !== undefined &&
          md5 !== undefined &&
          path !== undefined &&
          paths.has(path)
        )
          found.set(path, { size, mtime, md5 });
      }
  return found;
}

/** A pass over all files has come to its end: what is older than it is forgotten. */
export function turnSums(place: Place): void {
  if (existsSync(current(place))) renameSync(current(place), earlier(place));
}

/** The same of a file as it is now; undefined where it isn't one, or may have changed since `sinceMs`. */
export function sumNow(from: string, name: string, md5: string, sinceMs: number): Sum | undefined {
  const stat = statIn(from, name);
  if (stat?.isFile() !== true || Number(stat.ctimeMs) >= sinceMs) return undefined;
  return { size: String(stat.size), mtime: String(stat.mtimeNs), md5 };
}

function* recordsOf(path: string): Generator<string, void, undefined> {
  const file = openSync(path, "r");
  try {
    const chunk = Buffer.alloc(1024 * 1024);
    let records: string[] = [];
    const lines = new Lines(record => records.push(record), "\0");
    for (let size = readSync(file, chunk); size > 0; size = readSync(file, chunk)) {
      lines.add(chunk.subarray(0, size));
      yield* records;
      records = [];
    }
  } finally {
    closeSync(file);
  }
}
