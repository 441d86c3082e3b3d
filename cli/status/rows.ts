import { formatDuration } from "../../plan/units/duration";
import { formatSize } from "../../plan/units/size";
import type { MachineState, Standing } from "./state";

/** A table whose last column, the state, each reader shows in their own way. */
export interface StateTable {
  readonly head: readonly string[];
  readonly rows: readonly { readonly cells: readonly string[]; readonly state: Standing }[];
}

export function jobsTable(machines: readonly MachineState[], nowMs: number): StateTable {
  return {
    head: ["on", "job", "succeeded", "at most", "next", "state"],
    rows: machines
      .flatMap(machine => machine.jobs)
      .map(({ on, job, lastSuccess, staleAfterSeconds, nextStart, running, state }) => ({
        cells: [
          ...[on, job, lastSuccess === null ? "-" : `${roughly(nowMs - Date.parse(lastSuccess))} ago`],
          staleAfterSeconds === null ? "-" : roughly(staleAfterSeconds * 1000),
          running !== null
            ? "runs"
            : nextStart === null
              ? "-"
              : `in ${roughly(Date.parse(nextStart) - nowMs)}`,
        ],
        state,
      })),
  };
}

export function storesTable(machines: readonly MachineState[]): StateTable {
  return {
    head: ["on", "store", "free", "of", "metadata", "full on", "state"],
    rows: machines
      .flatMap(machine => machine.stores)
      .map(({ on, store, freeBytes, sizeBytes, metadataPercent, fullOn, state }) => ({
        cells: [
          ...[on, store, freeBytes === null ? "-" : formatSize(freeBytes)],
          sizeBytes === null ? "-" : formatSize(sizeBytes),
          metadataPercent === null ? "-" : `${metadataPercent} %`,
          fullOn ?? "-",
        ],
        state,
      })),
  };
}

/** Its largest unit alone: who looks at a screen wants to know whether it was tonight. */
function roughly(ms: number): string {
  // Another machine's clock may be ahead by as little.
  if (Math.abs(ms) < 1000) return "0 s";
  const [count = "", unit = ""] = formatDuration(Math.abs(ms)).split(" ");
  return `${ms < 0 ? "-" : ""}${Math.floor(Number(count))} ${unit}`;
}
