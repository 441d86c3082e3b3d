import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { NfsMirrorConfig } from "../../plan/contracts/nfs-mirror";
import { writeDurably } from "../runtime/durable";

const known = z.strictObject({
  /** What the journal's last acknowledgement gave. */
  stamp: z.string(),
  /** When the last run began that compared all, epoch ms. */
  comparedAllMs: z.number(),
  /** Of the source, after the last run. */
  entries: z.number(),
  totalBytes: z.number(),
  /** What that run left as it was: names below the root, byte by byte as latin1. */
  held: z.array(z.string()),
});
/** What a run leaves for the next, of what was noted of the source. */
export type Known = z.infer<typeof known>;

const suspects = z.object({
  /** What had no newer ctime was found, epoch ms. */
  sinceMs: z.number(),
  /** What is still to be compared: names below the root, byte by byte as latin1. */
  pending: z.array(z.string()),
});
/** What may have changed behind its size and time. */
export type Suspects = z.infer<typeof suspects>;

export function readKnown(config: NfsMirrorConfig): Known | undefined {
  return readAs(known, config, knownFile);
}

export function writeKnown(config: NfsMirrorConfig, value: Known): void {
  write(config, knownFile, value);
}

/** Without a record, as on the first night, all that there is. */
export function readSuspects(config: NfsMirrorConfig): Suspects {
  return readAs(suspects, config, suspectsFile) ?? { sinceMs: 0, pending: [] };
}

export function writeSuspects(config: NfsMirrorConfig, value: Suspects): void {
  write(config, suspectsFile, value);
}

const knownFile = "changes.json";
const suspectsFile = "suspects.json";

/** @returns undefined where there is none, or it can't be read as one */
function readAs<T>(schema: z.ZodType<T>, { stateDir }: NfsMirrorConfig, file: string): T | undefined {
  try {
    return schema.parse(JSON.parse(readFileSync(join(stateDir, file), "utf8")));
  } catch {
    return undefined;
  }
}

function write({ stateDir }: NfsMirrorConfig, file: string, value: Known | Suspects): void {
  writeDurably(join(stateDir, file), `${JSON.stringify(value)}\n`, 0o600);
}
