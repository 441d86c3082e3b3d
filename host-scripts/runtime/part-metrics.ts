import type { RunnerConfig } from "../../plan/contracts/runner";
import { writeDurably } from "./durable";
import { messageOf } from "./errors";
import type { Log } from "./log";
import { type PartFamily, textOf } from "./metric-text";
import { push } from "./push";

/** Series of a job that come and go as a whole, such as those of each of its volumes. */
export interface PartMetrics {
  /** All of one group. */
  readonly families: readonly [PartFamily, ...PartFamily[]];
  readonly textfile: string;
  /** What is told, for a message: "the age of each volume's copy". */
  readonly what: string;
}

/**
 * Tells a part of a job's metrics: in a textfile of its own, and to the Pushgateway as a group that is replaced as a whole,
 * so a series that is left out is gone. Never fails; what can't be told is in the log.
 */
export async function tellPart(
  config: Pick<RunnerConfig, "job" | "metricsJob" | "host" | "pushgateway">,
  metrics: PartMetrics,
  stop: AbortSignal,
  log: Log,
): Promise<void> {
  const { families, textfile, what } = metrics;
  const [{ part }] = families;
  const text = families.map(textOf).join("");
  try {
    writeDurably(textfile, text);
  } catch (error) {
    log.warn(`${what} can't be kept: ${messageOf(error)}`);
  }
  const group = { job: config.metricsJob ?? config.job, instance: config.host, part };
  const fault = await push(config.pushgateway, group, text, stop);
  if (fault !== undefined)
    log.warn(`the Pushgateway has not got ${what} (${fault}). It is kept in "${textfile}"`);
}
