/** Stands for every value that a label may have. */
export const anyValue = "*";

/** A metric that a job emits. */
export interface Metric<Name extends string = string> {
  readonly name: Name;
  readonly help: string;
  /** `success`: written by a run that succeeded; `any-end`: by each end, also a killed one. */
  readonly emitted: "success" | "any-end";
  /** `oldest`: the instant at which what has waited longest had its turn; the job's alert on one says how long ago it may be. */
  readonly meaning: "last-success" | "last-run" | "status" | "bytes" | "duration" | "oldest" | "other";
  /** What it is while all is well, where that is one number: 0 of what counts failures. */
  readonly well?: number;
  /** Further labels of its series, beside job and instance; `anyValue` where only a run knows the values. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** A metric with a series for each of something, such as each volume; they come and go as a whole, the group `part`. */
export interface PartMetric<Label extends string = string> extends Metric {
  readonly labels: Readonly<Record<"part" | Label, string>>;
}

/** @param labels those that its series have beside `part`, whose values only a run knows */
export function partMetric<const Label extends string>(
  part: string,
  name: string,
  help: string,
  labels: readonly Label[],
): PartMetric<Label> {
  const values = Object.fromEntries(labels.map(label => [label, anyValue])) as Record<Label, string>;
  return { name, help, emitted: "any-end", meaning: "other", labels: { part, ...values } };
}

/** Names of the metrics that a run itself counts; the others follow from how, when and how soon it ended. */
export type Counted<Metrics extends readonly Metric[]> = Exclude<
  Metrics[number],
  { readonly meaning: "last-success" | "last-run" | "status" | "duration" }
>["name"];

/**
 * Metrics of a job: when it ended, how, when it succeeded last, and what else it counts.
 * @param prefix what its names begin with, e.g. "nfs_mirror"
 */
export function jobMetrics<const Others extends readonly Metric[]>(
  prefix: string,
  others: Others,
): readonly (OfEnd | Others[number])[] {
  return [
    {
      name: `${prefix}_last_run_timestamp`,
      help: "End of the last run, epoch seconds",
      emitted: "any-end",
      meaning: "last-run",
    },
    {
      name: `${prefix}_last_status`,
      help: "0 after a success, the exit code after a failure",
      emitted: "any-end",
      meaning: "status",
    },
    ...others,
    {
      name: `${prefix}_last_success_timestamp`,
      help: "End of the last successful run, epoch seconds",
      emitted: "success",
      meaning: "last-success",
    },
  ];
}

/**
 * How long a job's usual runs take, by which one that grows towards its budget is told in time. Not for a job that does as much as
 * there is time for, which is always as long as it may be.
 * @param prefix as of its other metrics
 */
export function tookMetric(prefix: string) {
  return {
    name: `${prefix}_duration_seconds`,
    help: "How long the last usual run that succeeded took for all that it had to do, in seconds",
    emitted: "success",
    meaning: "duration",
  } as const satisfies Metric;
}

export interface OfEnd extends Metric {
  readonly meaning: "last-success" | "last-run" | "status";
}

/** An end that lies further ahead was told by a clock that was wrong: it is an alarm, and the next success takes its place. In seconds. */
export const aheadS = 3_600;
