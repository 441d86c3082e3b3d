import { join } from "node:path";
import { differencesName } from "../../plan/contracts/in-force";
import type { RunnerConfig } from "../../plan/contracts/runner";
import { writeDurably } from "./durable";
import { messageOf } from "./errors";
import type { Log } from "./log";

/** Leaves what a run found to be otherwise than declared, a line each, for who asks the host later. Never fails. */
export function leaveDifferences(
  { stateDir }: Pick<RunnerConfig, "stateDir">,
  lines: readonly string[],
  log: Log,
): void {
  try {
    writeDurably(
      join(stateDir, differencesName),
      lines.map(line => `${line.replaceAll("\n", " ")}\n`).join(""),
    );
  } catch (error) {
    log.warn(`what differs can't be kept for holdfast status: ${messageOf(error)}`);
  }
}
