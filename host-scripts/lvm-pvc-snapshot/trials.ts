import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { isAhead } from "../runtime/clock";
import { writeDurably } from "../runtime/durable";

const trials = z.object({
  /** How full the pool was, and of what, when the first of them was made; percent. */
  what: z.enum(["data", "metadata"]),
  percent: z.number(),
  /** Whether that was so much that no snapshot is made. */
  declines: z.boolean(),
  /** By volume: how many of its snapshots went on its last such night (epoch ms), and what they freed, in percent of the pool. */
  origins: z.record(
    z.string(),
    z.object({ removals: z.int().positive(), data: z.number(), metadata: z.number(), atMs: z.number() }),
  ),
});

/** What removals before their time freed on earlier nights: who knows that it is nothing tries no other one each night. */
export type Trials = z.infer<typeof trials>;

/** A volume that was quiet may be busy by now, and its snapshots hold what they didn't. */
export const trialMs = 7 * 86_400_000;
/** So much more in use is another situation; percent of the pool. */
export const anotherPercent = 5;

type Situation = Pick<Trials, "what" | "percent" | "declines">;

/** @returns those that still count; undefined where none do, as in another situation than theirs */
export function readTrials(stateDir: string, now: Situation, nowMs: number): Trials | undefined {
  const known = read(stateDir);
  if (!known || known.what !== now.what || (now.declines && !known.declines)) return undefined;
  if (now.percent >= known.percent + anotherPercent) return undefined;
  const origins = Object.entries(known.origins).filter(
    ([, { atMs }]) => !isAhead(atMs, nowMs) && nowMs - atMs < trialMs,
  );
  return origins.length > 0 ? { ...known, origins: Object.fromEntries(origins) } : undefined;
}

/** One that can't be read is none: each volume is tried once more. */
function read(stateDir: string): Trials | undefined {
  try {
    return trials.parse(JSON.parse(readFileSync(fileOf(stateDir), "utf8")));
  } catch {
    return undefined;
  }
}

export function writeTrials(stateDir: string, value: Trials): void {
  writeDurably(fileOf(stateDir), `${JSON.stringify(value)}\n`, 0o600);
}

/** Below its limits, a pool is in another situation when it reaches them again. */
export function forgetTrials(stateDir: string): void {
  rmSync(fileOf(stateDir), { force: true });
}

function fileOf(stateDir: string): string {
  return join(stateDir, "trials.json");
}
