import { exitCodes, RunnerError } from "../runtime/errors";
import type { Phase } from "../runtime/phases";
import { saidWhere } from "../runtime/said-where";
import { shell } from "../runtime/shell";
import { type DailyBackup, nameOf, type VolumeTask } from "./daily-backup";

const shown = 5;

/** Says whether the night was a good one: each volume has a new copy, and what the pool said of changes was true. */
export const judge: Phase<DailyBackup> = {
  name: "judge",
  async run(run) {
    const { distrust, unfinished, tasks = [] } = run;
    const failed = failedTasks(run);
    if (failed.length > 0) throw failure(run, failed, tasks.length);
    if (unfinished?.fault) throw unfinished.fault;
    if (distrust.length > 0)
      throw new RunnerError(exitCodes.failed, {
        failed: `the pool called ${distrust.length} volumes unchanged whose files differ from the last copy, first ${distrust[0]}`,
        kept: "They are copied in full now. Nights before this one may have skipped changes.",
        next: shell`set ${run.config.job} aside from its records: rm /var/lib/holdfast/${run.config.job}/volumes/*.json; systemctl start ${run.config.job}`,
      });
  },
};

/** Volumes without a new copy, and those that are missing: what was copied of one of them is its last snapshot. */
export function failedTasks({ tasks = [], outcomes }: DailyBackup): VolumeTask[] {
  return tasks.filter(({ volume, missing }) => missing || outcomes.get(volume)?.kind === "failed");
}

function failure(run: DailyBackup, failed: readonly VolumeTask[], all: number): RunnerError {
  const details = failed.map(task => {
    const outcome = run.outcomes.get(task.volume);
    const name = nameOf(task);
    if (task.missing) {
      const copied = outcome?.kind === "failed" ? "" : "; its last snapshot is copied";
      return { name, reason: `${task.missing.reason}${copied}`, next: task.missing.next };
    }
    return outcome?.kind === "failed" ? { ...outcome, name } : undefined;
  });
  const known = details.filter(detail => detail !== undefined);
  const [first] = known;
  // One cause of all of them is told once.
  const same = known.every(({ next }) => next === first?.next) && known.length > 1;
  const list = known
    .slice(0, same ? 1 : shown)
    .map(({ name, reason }) => `${name}: ${reason}`)
    .join("; ");
  const more = same ? "the same holds for all of them" : known.length > shown ? "…" : "";
  return new RunnerError(exitCodes.failed, {
    failed: `${failed.length} of ${all} volumes have no new copy: ${list}${more === "" ? "" : `; ${more}`}`,
    kept: "Their earlier generations are kept, and the other volumes are copied.",
    next: first?.next ?? saidWhere(run.config.job),
  });
}
