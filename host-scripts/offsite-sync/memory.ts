import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { OffsiteSyncConfig } from "../../plan/contracts/offsite-sync";
import { writeDurably } from "../runtime/durable";
import { errnoOf } from "../runtime/errors";

const ms = z.number().min(0);

/** Names below a leg that may be in the destination's memory alone, and not on its disk; null for all of it. */
const recent = z.strictObject({
  names: z.array(z.string()).nullable(),
  /** When the last of them was sent, or later; unknown where the run that did was killed. */
  sentMs: ms.optional(),
});
export type Recent = z.infer<typeof recent>;

/** As memories had it that knew no time: it is taken for what was sent a moment ago. */
const untimed = z
  .array(z.string())
  .nullable()
  .transform((names): Recent => ({ names, sentMs: Number.MAX_SAFE_INTEGER }));

/** What a run leaves for the next. */
const memory = z.strictObject({
  /** Which destination it is, and how far it is: the same are kept there. Absent before the first run. */
  mark: z.string().optional(),
  token: z.string().optional(),
  /** The next one, which may be there already: a run that ended meanwhile had not acknowledged what it tells of. */
  telling: z.string().optional(),
  /** By the folder of a journal: what its last acknowledgement gave. */
  stamps: z.record(z.string(), z.string()),
  /** By the name of a part: as it was when all of it was last compared and there. */
  parts: z.record(z.string(), z.strictObject({ entries: ms, bytes: ms })),
  /** By the source of a leg: when all of it was last there and verified. */
  legs: z.record(z.string(), ms),
  /** By the source of a leg: when what is gone here was last removed there, or what it first was there. */
  full: z.record(z.string(), ms).default({}),
  /** Whether the destination syncs all when it is asked, as it was last. */
  syncs: z.boolean().optional(),
  /** When the destination's rsync was last found to sync nothing. */
  unsyncedMs: ms.optional(),
  /** Whether its rsync compares times by the second, as one of 3.1.2 does, and when it was asked for that. */
  rsync: z.strictObject({ isCoarse: z.boolean(), askedMs: ms }).optional(),
  /** By the source of a leg: what was sent last, also by runs that failed. */
  recent: z.record(z.string(), z.union([recent, untimed])).default({}),
  /** Whether a run may have sent what isn't on the destination's disk, and has not said what: it is at work, or was killed. */
  isSending: z.boolean().optional(),
  /** How far the pass that compares all by content is: behind which file of which leg, and when it began and last went on. */
  scrub: z.strictObject({ leg: z.string(), after: z.string(), startedMs: ms, atMs: ms }).optional(),
  /** When the last such pass that came to its end had begun. */
  scrubbedMs: ms.optional(),
  /** By the source of a leg: files of which nobody knows whether what is here or what is there is the good one. */
  doubtful: z.record(z.string(), z.array(z.string())).default({}),
});
export type Memory = z.infer<typeof memory>;

const nothingKnown: Memory = { stamps: {}, parts: {}, legs: {}, full: {}, doubtful: {}, recent: {} };

/** @returns nothing where it is lost or can't be read: then everything is compared again */
export function readMemory(config: Pick<OffsiteSyncConfig, "stateDir">): Memory {
  try {
    return memory.parse(JSON.parse(readFileSync(fileOf(config), "utf8")));
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || error instanceof z.ZodError || error instanceof SyntaxError)
      return nothingKnown;
    throw error;
  }
}

export function writeMemory(config: Pick<OffsiteSyncConfig, "stateDir">, kept: Memory): void {
  writeDurably(fileOf(config), `${JSON.stringify(kept)}\n`, 0o600);
}

export function fileOf({ stateDir }: Pick<OffsiteSyncConfig, "stateDir">): string {
  return join(stateDir, "memory.json");
}
