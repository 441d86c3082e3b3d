import type { Snapshot } from "./nas-snapshots";

const name = /^GMT([+-]\d\d)?-(\d{4})\.(\d\d)\.(\d\d)-(\d\d)\.(\d\d)\.(\d\d)$/;

/**
 * Reads what `synosharesnapshot list SHARE` prints: a line that is none, then a name a line. Names are of the time of their start,
 * in GMT or with the hours by which the NAS's zone is ahead of it. Any other line is nobody's guess: it is given back as it is.
 */
export function readSnapshotList(text: string): { snapshots: Snapshot[]; unknownLines: string[] } {
  const lines = text
    .split("\n")
    .map(line => line.trim())
    .filter(line => line !== "");
  const [first, ...rest] = lines;
  // A first line with a name in it would be a list without a heading, or of another form.
  const named = first !== undefined && !first.includes("GMT") ? rest : lines;
  const snapshots = new Map<string, Snapshot>();
  const unknownLines: string[] = [];
  for (const line of named) {
    const atMs = timeOf(line);
    if (atMs === undefined) unknownLines.push(line);
    else snapshots.set(line, { name: line, atMs });
  }
  return { snapshots: [...snapshots.values()].sort((a, b) => a.atMs - b.atMs), unknownLines };
}

/** @returns undefined for what is no name, and for a day that there is not */
function timeOf(line: string): number | undefined {
  const found = name.exec(line);
  if (!found) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = found.slice(2).map(Number);
  const local = Date.UTC(year, month - 1, day, hour, minute, second);
  const text = new Date(local).toISOString().slice(0, 19);
  const pad = (value: number): string => String(value).padStart(2, "0");
  if (text !== `${year}-${pad(month)}-${pad(day)}T${pad(hour)}:${pad(minute)}:${pad(second)}`)
    return undefined;
  return local - Number(found[1] ?? 0) * 3_600_000;
}
