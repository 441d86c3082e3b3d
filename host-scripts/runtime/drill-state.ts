import { readFileSync } from "node:fs";
import { join } from "node:path";
import { drillState, type DrillState, drillStateName } from "../../plan/contracts/drill-record";
import { writeDurably } from "./durable";

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
  return join(stateDir, drillStateName);
}
