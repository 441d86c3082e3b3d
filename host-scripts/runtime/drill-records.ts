import { createHash } from "node:crypto";
import { closeSync, fsyncSync, openSync } from "node:fs";
import { dirname } from "node:path";
import {
  type Chain,
  chainOfAll,
  type DrillFacts,
  type DrillRecord,
  lineOf,
  readChain as chainIn,
} from "../../plan/contracts/drill-record";
import { syncFolder, writeAll, writeDurably } from "./durable";
import { textIfThere } from "./text-if-there";

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** @see readChain of the contract */
export function readChain(text: string): Chain {
  return chainIn(text, sha256);
}

/** All records of their files, each of one text. Changes nothing. @param lastRecord number of the last one that is known to have been written */
export function readRecords(files: readonly string[], lastRecord: number): Chain {
  return chainOfAll(
    files.map(file => ({ file, text: textIfThere(file) })),
    lastRecord,
    sha256,
  );
}

/** Records of a run, to which it adds. */
export interface Evidence {
  readonly records: readonly DrillRecord[];
  readonly faults: readonly string[];
  /** @throws {Error} of the file system */
  add(facts: DrillFacts): DrillRecord;
}

/** Opens the files, whose folders are there: one that lacks the last records, as a new disk does, or a write that was cut, gets them from another. */
export function openRecords(files: readonly string[], lastRecord: number): Evidence {
  const { records, faults, text } = readRecords(files, lastRecord);
  const all = [...records];
  for (const file of files) {
    const there = textIfThere(file);
    if (there !== text && (text.startsWith(there) || there.startsWith(text))) writeDurably(file, text, 0o600);
  }
  return {
    records: all,
    faults,
    add(facts) {
      // What was taken from the end leaves a gap in the numbers, which stays to be seen.
      const { number = 0, hash = "" } = all.at(-1) ?? {};
      const line = lineOf(facts, { number: Math.max(number, lastRecord), hash }, sha256);
      // Before it is written: what is no record stays in the chain for good.
      const [added] = readChain(line).records;
      if (!added) throw new Error(`a record of this version isn't one: ${line}`);
      for (const file of files) append(file, line);
      all.push(added);
      return added;
    },
  };
}

function append(file: string, line: string): void {
  const fd = openSync(file, "a", 0o600);
  try {
    writeAll(fd, Buffer.from(line));
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  syncFolder(dirname(file));
}
