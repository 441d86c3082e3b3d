import { asRunnerError } from "./entry";
import { RunnerError } from "./errors";
import type { JobRun } from "./job-run";
import type { Phase } from "./phases";

/** A run that removes what nobody wants any more. */
export interface Removing {
  /** What can't be removed, or looked at whether it is to be: told once the run's work is done. */
  readonly unremoved: RunnerError[];
}

/** The first is what the run ends with, once its work is done; none keeps anything else from going. */
export function keepUnremoved({ config, log, unremoved }: JobRun & Removing, error: unknown): void {
  const fault = asRunnerError(error, config.job);
  // A run comes to the same entry more than once.
  if (unremoved.some(({ failed }) => failed === fault.failed)) return;
  log.error(fault.failed);
  unremoved.push(fault);
}

/** Fails a run that can't remove what nobody wants any more: the disk would fill up with it. */
export function judgeTrash<Run extends Removing>(): Phase<Run> {
  return {
    name: "judge-trash",
    async run({ unremoved: [first, ...more] }) {
      if (!first) return;
      const { failed, kept, next } = first;
      const others = more.length > 0 ? `; ${more.length} more can't either` : "";
      throw new RunnerError(first.exitCode, { failed: `${failed}${others}`, kept, next }, { cause: first });
    },
  };
}
