import { createHash } from "node:crypto";
import { closeSync, fsyncSync, openSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  type Chain,
  type DrillFacts,
  type DrillRecord,
  drillRecordsName,
  drillRecordsOnDisk,
  lineOf,
  chainOfBoth,
  readChain as chainIn,
  type RecordsFile,
} from "../../plan/contracts/drill-record";
import type { RestoreDrillConfig } from "../../plan/contracts/restore-drill";
import { makeClosedFolder } from "../runtime/closed-folder";
import { syncFolder, writeAll, writeDurably } from "../runtime/durable";
import { errnoOf } from "../runtime/errors";
import { keyOf, type Past } from "./turns";

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** @see readChain of the contract */
export function readChain(text: string): Chain {
  return chainIn(text, sha256);
}

/** Where the records lie: on the host, and on the disk that is read with them. */
export function evidenceFiles({
  stateDir,
  target,
}: Pick<RestoreDrillConfig, "stateDir" | "target">): readonly [string, string] {
  return [join(stateDir, drillRecordsName), join(target.path, drillRecordsOnDisk)];
}

/** All records of both places. Changes nothing. @param lastRecord number of the last one that is known to have been written */
export function readEvidence(
  config: Pick<RestoreDrillConfig, "stateDir" | "target">,
  lastRecord: number,
): Chain {
  const [own, disk] = evidenceFiles(config);
  return chainOfBoth([fileAt(own), fileAt(disk)], lastRecord, sha256);
}

function fileAt(file: string): RecordsFile {
  return { file, text: textOf(file) };
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return "";
    throw error;
  }
}

/** Records of a run, to which it adds. */
export interface Evidence {
  readonly records: readonly DrillRecord[];
  readonly faults: readonly string[];
  /** @throws {Error} of the file system */
  add(facts: DrillFacts): DrillRecord;
}

/** Opens both files: one that lacks the last records, as a new disk does, or a write that was cut, gets them from the other. */
export function openEvidence(
  config: Pick<RestoreDrillConfig, "stateDir" | "target">,
  lastRecord: number,
): Evidence {
  const { records, faults, text } = readEvidence(config, lastRecord);
  const all = [...records];
  const files = evidenceFiles(config);
  for (const file of files) {
    makeClosedFolder(dirname(file));
    const there = textOf(file);
    if (there !== text && (text.startsWith(there) || there.startsWith(text))) writeDurably(file, text, 0o600);
  }
  return {
    records: all,
    faults,
    add(facts) {
      // What was taken from the end leaves a gap in the numbers, which stays to be seen.
      const { number = 0, hash = "" } = all.at(-1) ?? {};
      const line = lineOf(facts, { number: Math.max(number, lastRecord), hash }, sha256);
      for (const file of files) append(file, line);
      const [added] = readChain(line).records;
      if (!added) throw new Error(`a record of this version isn't one: ${line}`);
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

/** When each copy was last drilled, by its key. */
export function pastOf(records: readonly DrillRecord[], host: string): ReadonlyMap<string, Past> {
  const past = new Map<string, Past>();
  for (const record of records) {
    // A disk that was another host's has that one's records.
    if (record.host !== host) continue;
    const key = keyOf(record);
    const triedMs = Date.parse(record.at);
    const provedMs = record.result === "proved" ? triedMs : past.get(key)?.provedMs;
    past.set(key, { triedMs, provedMs });
  }
  return past;
}
