import { readFileSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { isAhead } from "../runtime/clock";
import { writeDurably } from "../runtime/durable";

const record = z.object({
  namespace: z.string(),
  claim: z.string(),
  /** Path of its generations; a claim that is called otherwise now begins anew. */
  path: z.string(),
  /** End of the last run that had a good copy of it, epoch ms. */
  successMs: z.number(),
  /** Snapshot that the generations hold: the uuid tells it from a later one that got its id in the pool. */
  base: z.object({ uuid: z.string(), thinId: z.number() }),
  /** By kind: the generation that was made of it, and which folder that is. */
  generations: z.array(
    z.object({ every: z.enum(["day", "week"]), period: z.string(), identity: z.string() }),
  ),
  /** Whether there is an SQLite database in what the generations hold; undefined when nobody looked. */
  hasDatabases: z.boolean().optional(),
  /**
   * Identity of the generation that holds a good copy of each of them; absent after one failed. An earlier version called it
   * `copies`, and linked what a journal that went had committed meanwhile: no copy of that time is relied on.
   */
  goodCopies: z.string().optional(),
  /** How many databases that generation has copies of; undefined when nobody counted them. */
  databases: z.number().optional(),
  /** What the generations hold. */
  holds: z.object({ files: z.number(), bytes: z.number() }).optional(),
  /** Whether files of the generations have several names in one of them; undefined when nobody looked. */
  hasLinks: z.boolean().optional(),
  /** What they lack, and somebody answered for; paths byte by byte as latin1. Undefined when nobody kept it. */
  accepted: z.array(z.object({ path: z.string(), reason: z.string() })).optional(),
  /** When its files were last read whole, to be copied or compared by content; epoch ms. */
  contentMs: z.number().optional(),
  /** When a comparison by content had no time to end. */
  contentTriedMs: z.number().optional(),
});

/** What is known of a volume's copies. Written after a generation has become visible, so it is never ahead of the disk. */
export type VolumeRecord = z.infer<typeof record>;

function folderOf(stateDir: string): string {
  return join(stateDir, "volumes");
}

/** Records by volume. One that can't be read counts as none: its volume is copied in full. */
export function readRecords(stateDir: string): Map<string, VolumeRecord> {
  const folder = folderOf(stateDir);
  return new Map(
    namesIn(folder).flatMap((file): [string, VolumeRecord][] => {
      const found = readRecord(join(folder, file));
      return found ? [[file.slice(0, -".json".length), found]] : [];
    }),
  );
}

export function writeRecord(stateDir: string, volume: string, value: VolumeRecord): void {
  writeDurably(join(folderOf(stateDir), `${volume}.json`), `${JSON.stringify(value)}\n`, 0o600);
}

/** Forgets a volume that is gone; its generations stay. */
export function forget(stateDir: string, volume: string): void {
  rmSync(join(folderOf(stateDir), `${volume}.json`), { force: true });
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter(name => name.endsWith(".json"));
  } catch {
    return [];
  }
}

function readRecord(file: string): VolumeRecord | undefined {
  try {
    return withoutAhead(record.parse(JSON.parse(readFileSync(file, "utf8"))), Date.now());
  } catch {
    return undefined;
  }
}

/** Of a time that hasn't come nothing is known: the volume is never copied, or never read, until it is the next time. */
function withoutAhead(found: VolumeRecord, nowMs: number): VolumeRecord {
  const known = (ms: number | undefined): number | undefined =>
    ms !== undefined && isAhead(ms, nowMs) ? undefined : ms;
  return {
    ...found,
    successMs: known(found.successMs) ?? 0,
    contentMs: known(found.contentMs),
    contentTriedMs: known(found.contentTriedMs),
  };
}
