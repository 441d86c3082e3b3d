import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { writeDurably } from "../runtime/durable";
import { errnoOf } from "../runtime/errors";

const heldGeneration = z.object({
  /** Tells the folder from any other that is at its path before or after. */
  identity: z.string(),
  /** The most names of files that it was seen with. */
  files: z.number(),
});
/** What a generation holds: nobody may take anything from one. */
export type HeldGeneration = z.infer<typeof heldGeneration>;

const unitState = z.object({
  /** When the unit was first seen, epoch ms: until it was read, its age counts from then. */
  firstSeenMs: z.number(),
  /** When the last whole pass over it began. */
  verifiedMs: z.number().optional(),
  /** When the last pass began that read all that the disk would show: what comes next is told by it. */
  readMs: z.number().optional(),
  /** When the pass began that is going on. */
  passMs: z.number().optional(),
  /** Absent where the last list has everything; else whether somebody answers for what the disk doesn't show. */
  lacks: z.enum(["accepted", "unanswered"]).optional(),
  /** Its generations, by their paths. */
  generations: z.record(z.string(), heldGeneration).optional(),
});
export type UnitState = z.infer<typeof unitState>;

const state = z.object({
  /** When the last run had done its share, epoch ms. */
  shareMs: z.number().optional(),
  units: z.record(z.string(), unitState),
  /** Units that are out of sight, and when they were first missed, epoch ms. */
  gone: z.record(z.string(), z.object({ unit: unitState, goneMs: z.number() })).optional(),
});

/** How far the reading of the disk is: by unit, what was read when. */
export type ScrubState = z.infer<typeof state>;

/** What was recorded of a unit that is out of sight counts for so long: a disk may show none of a folder for some nights. */
export const goneKeptMs = 30 * 86_400_000;

/** Its name is that of the first version, whose record goes on. */
function fileOf(stateDir: string): string {
  return join(stateDir, "standing");
}

/** @returns undefined where there is none yet; "damaged" where it isn't what was written */
export function readState(stateDir: string): ScrubState | undefined | "damaged" {
  try {
    const [sha256, text = ""] = readFileSync(fileOf(stateDir), "utf8").split("\n");
    return sha256 === hashOf(text) ? state.parse(JSON.parse(text)) : "damaged";
  } catch (error) {
    return errnoOf(error) === "ENOENT" ? undefined : "damaged";
  }
}

export function writeState(stateDir: string, value: ScrubState): void {
  const text = JSON.stringify(value);
  writeDurably(fileOf(stateDir), `${hashOf(text)}\n${text}\n`, 0o600);
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
