import { createHash } from "node:crypto";
import { closeSync, fsyncSync, openSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { drillTier, type RestoreDrillConfig } from "../../plan/contracts/restore-drill";
import { makeClosedFolder, ownPrefix } from "../runtime/closed-folder";
import { syncFolder, writeAll, writeDurably } from "../runtime/durable";
import { errnoOf } from "../runtime/errors";
import { keyOf, type Past } from "./turns";

const drillFacts = z.object({
  /** When the drill began, ISO 8601. */
  at: z.iso.datetime(),
  host: z.string(),
  tier: drillTier,
  /** What was restored, as its program's restore is told it. */
  of: z.string(),
  /** Where the copy lies, and when its data was read. */
  copy: z.object({ path: z.string(), at: z.string().optional(), lacks: z.number() }),
  result: z.enum(["proved", "failed"]),
  /** Why it failed. */
  reason: z.string().optional(),
  /** All of the copy, or some of its files: then nothing is said of the others. */
  scope: z.enum(["whole", "sample"]),
  /** What was restored, and what all of the copy has. */
  restored: z.object({ entries: z.number(), bytes: z.number() }),
  whole: z.object({ entries: z.number(), bytes: z.number() }),
  /** Files whose content was compared with the checksum on record of them, and those that had none, with the copy itself. */
  compared: z.object({ recorded: z.number(), copy: z.number() }),
  /** How long the restore took, and what came after it. */
  seconds: z.object({ restore: z.number(), compare: z.number() }),
  /** Release of this program that says so. */
  release: z.string(),
});

/** What a drill found. */
export type DrillFacts = z.infer<typeof drillFacts>;

const drillRecord = drillFacts.extend({
  number: z.int().positive(),
  /** Hash of the record before, empty for the first one. */
  previous: z.string(),
});

/** The same with its place in the chain. */
export type DrillRecord = z.infer<typeof drillRecord> & { readonly hash: string };

/** Records, and what is wrong with them. */
export interface Chain {
  readonly records: readonly DrillRecord[];
  readonly faults: readonly string[];
  /** Bytes of whole lines: what is behind them, a write that was cut left. */
  readonly text: string;
}

/** A line "HASH JSON": the hash is of the JSON's very bytes, in which the record before is named by its own. */
export function lineOf(facts: DrillFacts, before: Pick<DrillRecord, "number" | "hash"> | undefined): string {
  const record = { number: (before?.number ?? 0) + 1, previous: before?.hash ?? "", ...facts };
  const json = JSON.stringify(record);
  return `${hashOf(json)} ${json}\n`;
}

function hashOf(json: string): string {
  return createHash("sha256").update(json).digest("hex");
}

/** Reads records and their chain. A line without its end is what a write that was cut left, and no record. */
export function readChain(whole: string): Chain {
  const text = whole.slice(0, whole.lastIndexOf("\n") + 1);
  const records: DrillRecord[] = [];
  const faults: string[] = [];
  for (const [index, line] of text.split("\n").slice(0, -1).entries()) {
    const record = recordIn(line);
    if (!record) {
      faults.push(`line ${index + 1} is no record`);
      continue;
    }
    const { number, hash, previous, json } = record;
    const before = records.at(-1);
    if (hashOf(json) !== hash)
      faults.push(`record ${number} (line ${index + 1}) was changed: it isn't what its own hash says`);
    if (number !== (before?.number ?? 0) + 1)
      faults.push(
        `record ${number} (line ${index + 1}) comes after ${before === undefined ? "none" : `record ${before.number}`}: what is between them is missing, or they were put in another order`,
      );
    else if (previous !== (before?.hash ?? ""))
      faults.push(
        `record ${number} (line ${index + 1}) isn't the one that was written after ${before === undefined ? "none" : `record ${before.number} as it is now`}`,
      );
    records.push(record);
  }
  return { records, faults, text };
}

function recordIn(line: string): (DrillRecord & { readonly json: string }) | undefined {
  const [, hash, json] = /^([0-9a-f]{64}) (\{.*\})$/.exec(line) ?? [];
  if (hash === undefined || json === undefined) return undefined;
  try {
    return { ...drillRecord.parse(JSON.parse(json)), hash, json };
  } catch {
    return undefined;
  }
}

/** Where the records lie: on the host, and on the disk that is read with them. */
export function evidenceFiles({
  stateDir,
  target,
}: Pick<RestoreDrillConfig, "stateDir" | "target">): readonly [string, string] {
  return [join(stateDir, "evidence.log"), join(target.path, ownPrefix, "restore-drill", "evidence.log")];
}

/** All records of both places. Changes nothing. @param lastRecord number of the last one that is known to have been written */
export function readEvidence(
  config: Pick<RestoreDrillConfig, "stateDir" | "target">,
  lastRecord: number,
): Chain {
  const [own, disk] = evidenceFiles(config).map(file => readChain(textOf(file))) as [Chain, Chain];
  const [longer, shorter] = own.text.length >= disk.text.length ? [own, disk] : [disk, own];
  const faults = longer.faults.map(fault => `${fault}, in ${fileOf(config, longer === own)}`);
  if (!longer.text.startsWith(shorter.text)) {
    const [lines, others] = [longer.text.split("\n"), shorter.text.split("\n")];
    const number = 1 + lines.findIndex((line, index) => others[index] !== line);
    faults.push(
      `${evidenceFiles(config).join(" and ")} tell different things from line ${number} on: one of them was changed`,
      ...shorter.faults.map(fault => `${fault}, in ${fileOf(config, shorter === own)}`),
    );
  }
  const last = longer.records.at(-1)?.number ?? 0;
  if (last < lastRecord)
    faults.push(`record ${lastRecord} was written, and the last one that is there is ${last || "none"}`);
  return { ...longer, faults };
}

function fileOf(config: Pick<RestoreDrillConfig, "stateDir" | "target">, isOwn: boolean): string {
  return evidenceFiles(config)[isOwn ? 0 : 1];
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
      const line = lineOf(facts, all.at(-1));
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
export function pastOf(records: readonly DrillRecord[]): ReadonlyMap<string, Past> {
  const past = new Map<string, Past>();
  for (const record of records) {
    const key = keyOf(record);
    const triedMs = Date.parse(record.at);
    const provedMs = record.result === "proved" ? triedMs : past.get(key)?.provedMs;
    past.set(key, { triedMs, provedMs });
  }
  return past;
}
