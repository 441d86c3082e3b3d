import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { NasSnapshotsConfig } from "../../plan/contracts/nas-snapshots";
import { writeDurably } from "../runtime/durable";
import { errnoOf } from "../runtime/errors";

/** What a look leaves for the next. Epoch ms and bytes. */
const memory = z.strictObject({
  /** The snapshots that the last look saw. */
  seen: z.array(z.strictObject({ name: z.string(), atMs: z.number() })),
  /** Those that went before their time, and when they were missed: told until one of their age would have gone anyway. */
  gone: z.array(z.strictObject({ name: z.string(), atMs: z.number(), missedMs: z.number() })),
  /** What was used on the volume, oldest first; none while the NAS's cleaner was at work. */
  used: z.array(z.strictObject({ atMs: z.number(), bytes: z.number() })),
  /** By the name of a job that writes to the share: the end of its last run that was whole and verified there. */
  verified: z.record(z.string(), z.number()).default({}),
});
export type Memory = z.infer<typeof memory>;

/** @returns nothing where it is lost or can't be read: a forecast then begins anew */
export function readMemory({ stateDir }: Pick<NasSnapshotsConfig, "stateDir">): Memory {
  try {
    return memory.parse(JSON.parse(readFileSync(fileIn(stateDir), "utf8")));
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || error instanceof z.ZodError || error instanceof SyntaxError)
      return { seen: [], gone: [], used: [], verified: {} };
    throw error;
  }
}

export function writeMemory({ stateDir }: Pick<NasSnapshotsConfig, "stateDir">, kept: Memory): void {
  writeDurably(fileIn(stateDir), `${JSON.stringify(kept)}\n`, 0o600);
}

function fileIn(stateDir: string): string {
  return join(stateDir, "memory.json");
}
