import { messageOf, RunnerError } from "../runtime/errors";
import type { Phase } from "../runtime/phases";
import { copyVolume } from "./copy-volume";
import { backPressure } from "./back-pressure";
import { type DailyBackup, nameOf, type Outcome, type VolumeTask } from "./daily-backup";
import { VolumeFailed } from "./scratch";

/**
 * Copies each volume. One that fails doesn't stop the others; one that takes too long makes room for them. Both have a
 * second try when all others are done.
 */
export const volumes: Phase<DailyBackup> = {
  name: "volumes",
  async run(run) {
    const { config, log, stop, outcomes, tasks = [] } = run;
    const pressureFile = "/proc/pressure/io";
    const yieldToOthers = backPressure({ log, longestMs: 60_000, allMs: config.budgetMs / 10, pressureFile });
    const ready = tasks.filter(({ volume }) => !outcomes.has(volume));
    for (const [index, task] of ready.entries()) {
      log.progress(`volumes: ${index} of ${ready.length}, ${nameOf(task)}`);
      await yieldToOthers(stop.signal);
      await attempt(run, task);
    }
    const again = ready.filter(({ volume }) => outcomes.get(volume)?.kind === "failed");
    for (const task of again) {
      log.info(`second try of ${nameOf(task)}`);
      await yieldToOthers(stop.signal);
      await attempt(run, task);
    }
    stop.check("volumes");
  },
};

async function attempt(run: DailyBackup, task: VolumeTask): Promise<void> {
  const { log, stop, config, outcomes } = run;
  stop.check("volumes");
  const budgetMs = config.volumes?.volumeBudgetMs ?? config.budgetMs;
  const own = AbortSignal.timeout(budgetMs);
  try {
    const kind = await copyVolume(run, task, AbortSignal.any([stop.signal, own]));
    outcomes.set(task.volume, { kind });
    if (kind === "copied") log.info(`${nameOf(task)} is copied`);
  } catch (error) {
    stop.check("volumes");
    const outcome = own.aborted ? tooSlow(budgetMs) : failureOf(error);
    outcomes.set(task.volume, outcome);
    log.warn(`${nameOf(task)}: ${outcome.kind === "failed" ? outcome.reason : ""}`);
  }
}

function tooSlow(budgetMs: number): Outcome {
  return {
    kind: "failed",
    reason: `it was stopped after ${Math.round(budgetMs / 1000)} s, so that the others have their turn`,
    next: "raise volumeBudget in the estate   (a first copy goes on where it was stopped)",
  };
}

/** What became of a volume that could not be copied or compared. */
export function failureOf(error: unknown): Extract<Outcome, { kind: "failed" }> {
  if (error instanceof VolumeFailed) return { kind: "failed", reason: error.reason, next: error.next };
  if (error instanceof RunnerError) return { kind: "failed", reason: error.failed, next: error.next };
  // A file system call's error is this volume's alone; the rest is tried.
  return { kind: "failed", reason: messageOf(error), next: "dmesg --level err,warn | tail" };
}
