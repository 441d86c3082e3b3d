/** Stands for every value that a label may have. */
export const anyValue = "*";

/** A metric that a job emits. */
export interface Metric {
  readonly name: string;
  readonly help: string;
  /** `success`: written by a run that succeeded; `any-end`: by each end, also a killed one. */
  readonly emitted: "success" | "any-end";
  readonly meaning: "last-success" | "last-run" | "status" | "bytes" | "other";
  /** Further labels of its series, beside job and instance; `anyValue` where only a run knows the values. */
  readonly labels?: Readonly<Record<string, string>>;
}

/**
 * Metrics of a job: when it ended, how, when it succeeded last, and what else it counts.
 * @param prefix what its names begin with, e.g. "nfs_mirror"
 */
export function jobMetrics(prefix: string, others: readonly Metric[]): readonly Metric[] {
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

/** An end that lies further ahead was told by a clock that was wrong: it is an alarm, and the next success takes its place. In seconds. */
export const aheadS = 3_600;
