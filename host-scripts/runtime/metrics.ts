import { readFileSync } from "node:fs";
import { valuesIn } from "../../plan/contracts/exposition";
import { aheadS, type Metric } from "../../plan/contracts/metric";
import { isAhead } from "./clock";
import { exitCodes, messageOf } from "./errors";
import { writeDurably } from "./durable";
import { takeLock } from "./lock";
import { textOf } from "./metric-text";

/** How a run ended. */
export interface End {
  /** Exit code; 0 is the only success. */
  readonly status: number;
  /** Epoch seconds. */
  readonly at: number;
  /** What the run counted, by the metric's name; undefined is left as it was. A metric of successes is left as it was by a failure. */
  readonly values: Readonly<Record<string, number | undefined>>;
}

/**
 * Writes a run's end into the textfile and gives its whole text: what a success wrote earlier is carried over, so the
 * text is complete also for a Pushgateway that lost what it had.
 * @param lockFile taken for the read and the write, or two ends at once could set an older success
 * @throws {Error} when the textfile can't be written
 */
export async function recordEnd(
  textfile: string,
  lockFile: string,
  metrics: readonly Metric[],
  end: End,
): Promise<string> {
  const textOf = (of: End): string => render(metrics, merge(metrics, readTextfile(textfile), of));
  // What can't be kept is no success, for whoever hears of it by a push too.
  const failure = { ...end, status: end.status === exitCodes.ok ? exitCodes.failed : end.status };
  const notKept = (cause: unknown) => new TextfileNotWritten(textfile, textOf(failure), cause);
  // Where its file system is read-only, so is that of the lock as a rule.
  const lock = await takeLock(lockFile, 30_000).catch((error: unknown) => {
    throw notKept(error);
  });
  try {
    const text = textOf(end);
    try {
      writeDurably(textfile, text);
    } catch (error) {
      throw notKept(error);
    }
    return text;
  } finally {
    lock.release();
  }
}

/** The end of a run could not be kept on disk; its text, as that of a failure, may still be pushed. */
export class TextfileNotWritten extends Error {
  constructor(
    readonly path: string,
    readonly text: string,
    cause: unknown,
  ) {
    super(`metrics can't be written to "${path}": ${messageOf(cause)}`, { cause });
    this.name = "TextfileNotWritten";
  }
}

type Values = ReadonlyMap<string, number>;

/** Values of a textfile; none when there is no such file yet. */
export function readTextfile(path: string): Values {
  try {
    return valuesIn(readFileSync(path, "utf8"));
  } catch {
    return new Map();
  }
}

function merge(metrics: readonly Metric[], before: Values, end: End): Values {
  const succeeded = end.status === 0;
  const values = new Map(before);
  for (const { name, meaning, emitted } of metrics) {
    if (emitted === "success" && !succeeded) continue;
    // A clock that went back mustn't make an end look older than the one before; what a clock that was ahead has written would
    // keep an alert of staleness silent until that day.
    const earlier = before.get(name) ?? 0;
    const at =
      succeeded && isAhead(earlier * 1000, end.at * 1000, aheadS * 1000) ? end.at : Math.max(end.at, earlier);
    const value = meaning === "status" ? end.status : meaning.startsWith("last-") ? at : end.values[name];
    if (value !== undefined) values.set(name, value);
  }
  return values;
}

/** Text exposition format; a metric that no run has set yet is left out. */
function render(metrics: readonly Metric[], values: Values): string {
  return metrics
    .flatMap(({ name, help }) => {
      const value = values.get(name);
      return value === undefined ? [] : [textOf({ name, help, series: [{ labels: {}, value }] })];
    })
    .join("");
}
