import { readFileSync } from "node:fs";
import { messageOf } from "./errors";
import { writeDurably } from "./durable";
import { takeLock } from "./lock";

/** Names of a job's metrics by their meaning. */
export interface MetricNames {
  readonly lastRun: string;
  readonly status: string;
  readonly bytes: string;
  readonly lastSuccess: string;
}

/** How a run ended. */
export interface End {
  /** Exit code; 0 is the only success. */
  readonly status: number;
  /** Epoch seconds. */
  readonly at: number;
  /** Bytes that were copied; only a success changes the metric. */
  readonly bytes: number;
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
  names: MetricNames,
  end: End,
): Promise<string> {
  const lock = await takeLock(lockFile, 30_000);
  try {
    const text = render(names, merge(names, readTextfile(textfile), end));
    try {
      writeDurably(textfile, text);
    } catch (error) {
      throw new TextfileNotWritten(textfile, text, error);
    }
    return text;
  } finally {
    lock.release();
  }
}

/** The end of a run could not be kept on disk; its text may still be pushed. */
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
    return parse(readFileSync(path, "utf8"));
  } catch {
    return new Map();
  }
}

function parse(text: string): Values {
  const samples = text.matchAll(/^([a-z_]+) (-?[0-9.e+]+)$/gm);
  return new Map([...samples].map(([, name = "", value]) => [name, Number(value)]));
}

function merge(names: MetricNames, before: Values, end: End): Values {
  const values = new Map(before);
  values.set(names.lastRun, Math.max(end.at, before.get(names.lastRun) ?? 0));
  values.set(names.status, end.status);
  if (end.status !== 0) return values;
  values.set(names.bytes, end.bytes);
  values.set(names.lastSuccess, Math.max(end.at, before.get(names.lastSuccess) ?? 0));
  return values;
}

/** Text exposition format; a metric that no run has set yet is left out. */
function render(names: MetricNames, values: Values): string {
  const help: readonly [string, string][] = [
    [names.lastRun, "End of the last run, epoch seconds"],
    [names.status, "0 after a success, the exit code after a failure"],
    [names.bytes, "Bytes that the last successful run copied"],
    [names.lastSuccess, "End of the last successful run, epoch seconds"],
  ];
  return help
    .flatMap(([name, text]) => {
      const value = values.get(name);
      if (value === undefined) return [];
      return [`# HELP ${name} ${text}`, `# TYPE ${name} gauge`, `${name} ${value}`];
    })
    .map(line => `${line}\n`)
    .join("");
}
