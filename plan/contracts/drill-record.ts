import { z } from "zod";
import { drillTier } from "./restore-drill";

/** File of records in the job's state folder, and on the backup disk below its mount point. */
export const drillRecordsName = "evidence.log";
export const drillRecordsOnDisk = `.holdfast/restore-drill/${drillRecordsName}`;

/** Kind of copies of a drill in a cluster: all dumps of a job, called after that job. */
export const dumpsTier = "dumps";

const count = z.number().nonnegative();
/** What is printed: whoever wrote the file that it is read from may have put a terminal's commands there. */
const printed = z.string().regex(/^\P{Cc}{1,1000}$/u);

export const drillFacts = z.object({
  /** When the drill began, ISO 8601. */
  at: z.iso.datetime(),
  host: printed,
  tier: drillTier,
  /** What was restored, as its program's restore is told it. */
  of: z.string(),
  /** Where the copy lies, and when its data was read. */
  copy: z.object({ path: z.string(), at: z.iso.datetime().optional(), lacks: count }),
  result: z.enum(["proved", "failed"]),
  /** Why it failed. */
  reason: z.string().optional(),
  /** All of the copy, or some of its files: then nothing is said of the others. */
  scope: z.enum(["whole", "sample"]),
  /** What was restored, and what all of the copy has. */
  restored: z.object({ entries: count, bytes: count }),
  whole: z.object({ entries: count, bytes: count }),
  /**
   * Files whose content was compared with the checksum on record of them; those that had none, with the copy itself, or for a copy
   * off site with what this host has unchanged since it was sent; and those of which only the destination says what they are to be.
   */
  compared: z.object({ recorded: count, copy: count, far: count.optional() }),
  /** Dumps that a server was given one after the other, by their files below the copy's path; then entries are dumps. */
  dumps: z
    .array(
      z.object({
        file: z.string(),
        at: z.iso.datetime(),
        bytes: count,
        seconds: count,
        reason: z.string().optional(),
      }),
    )
    .optional(),
  /** How long the restore took, and what came after it. */
  seconds: z.object({ restore: count, compare: count }),
  /** Release of this program that says so. */
  release: z.string(),
});

/** What a drill found. */
export type DrillFacts = z.infer<typeof drillFacts>;

export const drillRecord = drillFacts.extend({
  number: z.int().positive(),
  /** Hash of the record before, empty for the first one. */
  previous: z.string(),
});

/** The same with its place in the chain. */
export type DrillRecord = z.infer<typeof drillRecord> & { readonly hash: string };

/** Less than that says more of how long a restore takes to begin than of how fast it is. */
const leastTellingBytes = 64e6;

/** How long all of a copy, or so many bytes of it, would take at the rate of its drill, in seconds; undefined where what was drilled is too little to tell. */
export function secondsAt({ restored, whole, seconds }: DrillFacts, bytes = whole.bytes): number | undefined {
  const isTold = restored.bytes >= leastTellingBytes || bytes <= 2 * restored.bytes;
  return isTold ? (seconds.restore * bytes) / Math.max(1, restored.bytes) : undefined;
}

/** Records, and what is wrong with them. */
export interface Chain {
  readonly records: readonly DrillRecord[];
  readonly faults: readonly string[];
  /** Bytes of whole lines: what is behind them, a write that was cut left. */
  readonly text: string;
}

/** What one run leaves for the next, beside the records: a file of its state folder. */
export const drillStateName = "drills.json";
export const drillState = z.object({
  /** When each copy was seen first, epoch ms, by its key. */
  seen: z.record(z.string(), z.number()),
  /** Number of the last record: were the last ones taken from both files, this tells. */
  lastRecord: z.int().min(0),
});
export type DrillState = z.infer<typeof drillState>;

/** Of a text's UTF-8 bytes, as hexadecimal digits: whoever reads or writes records brings it. */
export type Sha256 = (text: string) => string;

/** A line "HASH JSON": the hash is of the JSON's very bytes, in which the record before is named by its own. */
export function lineOf(
  facts: DrillFacts,
  before: Pick<DrillRecord, "number" | "hash"> | undefined,
  sha256: Sha256,
): string {
  const record = { number: (before?.number ?? 0) + 1, previous: before?.hash ?? "", ...facts };
  const json = JSON.stringify(record);
  return `${sha256(json)} ${json}\n`;
}

/** Whole lines of a text, one after the other: a hostile one has so many that nobody holds all of them. */
export function* linesIn(text: string): Generator<string> {
  for (let from = 0, end = 0; (end = text.indexOf("\n", from)) >= 0; from = end + 1)
    yield text.slice(from, end);
}

/** More of them say nothing more. */
const mostFaults = 20;

/** Reads records and their chain. A line without its end is what a write that was cut left, and no record. */
export function readChain(whole: string, sha256: Sha256): Chain {
  const text = whole.slice(0, whole.lastIndexOf("\n") + 1);
  const records: DrillRecord[] = [];
  const faults: string[] = [];
  let untold = 0;
  const tell = (fault: string): void => {
    if (faults.length < mostFaults) faults.push(fault);
    else untold++;
  };
  let lines = 0;
  for (const line of linesIn(text)) {
    lines++;
    const found = recordIn(line);
    if (!found) {
      tell(`line ${lines} is no record`);
      continue;
    }
    const { json, ...record } = found;
    const { number, hash, previous } = record;
    const before = records.at(-1);
    if (sha256(json) !== hash)
      tell(`record ${number} (line ${lines}) was changed: it isn't what its own hash says`);
    if (number !== (before?.number ?? 0) + 1)
      tell(
        `record ${number} (line ${lines}) comes after ${before === undefined ? "none" : `record ${before.number}`}: what is between them is missing, or they were put in another order`,
      );
    else if (previous !== (before?.hash ?? ""))
      tell(
        `record ${number} (line ${lines}) isn't the one that was written after ${before === undefined ? "none" : `record ${before.number} as it is now`}`,
      );
    records.push(record);
  }
  if (untold > 0) faults.push(`${untold} more of its lines aren't what was written there`);
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

/** A file with records, by its path. */
export interface RecordsFile {
  readonly file: string;
  readonly text: string;
}

/**
 * All records of all places, each of one text, of which some may lack the last ones.
 * @param lastRecord number of the last one that is known to have been written
 */
export function chainOfAll(files: readonly RecordsFile[], lastRecord: number, sha256: Sha256): Chain {
  const chains = files.map(({ file, text }) => ({ file, ...readChain(text, sha256) }));
  const [longest, ...others] = chains.sort((a, b) => b.text.length - a.text.length);
  if (!longest) throw new Error("no file has no records");
  const faultsOf = ({ file, faults }: (typeof chains)[number]): string[] =>
    faults.map(fault => `${fault}, in ${file}`);
  const faults = faultsOf(longest);
  for (const other of others.filter(({ text }) => !longest.text.startsWith(text))) {
    const [lines, others] = [longest.text.split("\n"), other.text.split("\n")];
    const number = 1 + lines.findIndex((line, index) => others[index] !== line);
    faults.push(
      `${files.map(({ file }) => file).join(" and ")} tell different things from line ${number} on: one of them was changed`,
      ...faultsOf(other),
    );
  }
  const last = longest.records.at(-1)?.number ?? 0;
  if (last < lastRecord)
    faults.push(`record ${lastRecord} was written, and the last one that is there is ${last || "none"}`);
  return { records: longest.records, text: longest.text, faults };
}
