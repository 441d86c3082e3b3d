import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { writeDurably } from "../runtime/durable";

const drillState = z.object({
  /** When each copy was seen first, epoch ms, by its key. */
  seen: z.record(z.string(), z.number()),
  /** Number of the last record: were the last ones taken from both files, this tells. */
  lastRecord: z.int().min(0),
});

/** What one run leaves for the next, beside the records. */
export type DrillState = z.infer<typeof drillState>;

/** @returns an empty one where there is none, or none that can be read: copies count as seen now then */
export function readState(stateDir: string): DrillState {
  try {
    return drillState.parse(JSON.parse(readFileSync(fileOf(stateDir), "utf8")));
  } catch {
    return { seen: {}, lastRecord: 0 };
  }
}

export function writeState(stateDir: string, state: DrillState): void {
  writeDurably(fileOf(stateDir), `${JSON.stringify(state)}\n`, 0o600);
}

function fileOf(stateDir: string): string {
  return join(stateDir, "drills.json");
}
