import { readFileSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
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
  /** Identity of the generation that holds a good copy of each of them; absent after one failed. */
  copies: z.string().optional(),
  /** What the generations hold. */
  holds: z.object({ files: z.number(), bytes: z.number() }).optional(),
  /** Whether files of the generations have several names in one of them; undefined when nobody looked. */
  hasLinks: z.boolean().optional(),
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
    return record.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return undefined;
  }
}
