import type { RunnerConfig } from "../../plan/contracts/runner";
import { writeDurably } from "./durable";
import { messageOf } from "./errors";
import type { Log } from "./log";
import { push } from "./push";

/** Series of one name. */
export interface Family {
  readonly name: string;
  readonly help: string;
  readonly series: readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[];
}

/** Series of a job that come and go as a whole, such as those of each of its volumes. */
export interface PartMetrics {
  readonly part: string;
  readonly families: readonly Family[];
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
  const { part, families, textfile, what } = metrics;
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

function textOf({ name, help, series }: Family): string {
  const lines = series.map(({ labels, value }) => {
    const text = Object.entries(labels).map(([label, of]) => `${label}=${JSON.stringify(of)}`);
    return `${name}{${text.join(",")}} ${value}\n`;
  });
  return `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${lines.sort().join("")}`;
}
