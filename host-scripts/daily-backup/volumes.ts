import { messageOf, RunnerError } from "../runtime/errors";
import { inTurn, TookTooLong } from "../runtime/in-turn";
import type { Phase } from "../runtime/phases";
import { copyVolume } from "./copy-volume";
import { backPressure } from "./back-pressure";
import { type DailyBackup, nameOf, type Outcome, type VolumeTask } from "./daily-backup";
import { VolumeFailed } from "../runtime/file-system";

/** Copies each volume. */
export const volumes: Phase<DailyBackup> = {
  name: "volumes",
  async run(run) {
    const { config, log, stop, outcomes, tasks = [] } = run;
    const pressureFile = "/proc/pressure/io";
    await inTurn<VolumeTask>(
      tasks.filter(({ volume }) => !outcomes.has(volume)),
      {
        ...{ phase: "volumes", log, stop, name: nameOf },
        doneMs: ({ record }) => record?.successMs ?? 0,
        longestMs: config.volumes?.volumeBudgetMs ?? config.budgetMs,
        before: backPressure({ log, longestMs: 60_000, allMs: config.budgetMs / 10, pressureFile }),
        async attempt(task, signal) {
          const kind = await copyVolume(run, task, signal);
          outcomes.set(task.volume, { kind });
          if (kind === "copied") log.info(`${nameOf(task)} is copied`);
        },
        failed(task, error) {
          const outcome = failureOf(error);
          outcomes.set(task.volume, outcome);
          log.warn(`${nameOf(task)}: ${outcome.reason}`);
        },
      },
    );
  },
};

/** What became of a volume that could not be copied or compared. */
export function failureOf(error: unknown): Extract<Outcome, { kind: "failed" }> {
  if (error instanceof VolumeFailed) return { kind: "failed", reason: error.reason, next: error.next };
  if (error instanceof RunnerError) return { kind: "failed", reason: error.failed, next: error.next };
  if (error instanceof TookTooLong)
    return {
      kind: "failed",
      reason: error.message,
      next: "raise volumeBudget in the estate   (a first copy goes on where it was stopped)",
    };
  // A file system call's error is this volume's alone; the rest is tried.
  return { kind: "failed", reason: messageOf(error), next: "dmesg --level err,warn | tail" };
}
