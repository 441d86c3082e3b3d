import { inRestOfTime } from "../runtime/job-run";
import type { Phase } from "../runtime/phases";
import { contentTurns } from "./content-turns";
import { compareContents } from "./copy-volume";
import { type DailyBackup, nameOf, type VolumeTask } from "./daily-backup";
import { readRecords, writeRecord } from "./record";
import { withScratch } from "./scratch";
import { failureOf } from "./volumes";

/** What is read to compare may take that share of the budget, and what comes after it has the rest. */
const mostOfBudget = 0.25;
const endOfBudget = 0.9;

/**
 * Compares some volumes with their copies by content, so that each has its turn within the period of the estate. Comes after
 * all copies: it never takes their time, and what it is cut short in is no failure of the night.
 */
export const contents: Phase<DailyBackup> = {
  name: "contents",
  async run(run) {
    const { config, log, startedAt } = run;
    if (!config.volumes) return;
    run.differences = 0;
    const turns = contentTurns(copiedTasks(run), startedAt.getTime(), config.volumes.contentPeriodMs);
    const longestMs = Math.min(
      config.budgetMs * mostOfBudget,
      Math.max(0, config.budgetMs * endOfBudget - performance.now()),
    );
    const window = AbortSignal.timeout(longestMs);
    for (const [index, task] of turns.entries()) {
      if (window.aborted) break;
      log.progress(`contents: ${index} of ${turns.length}, ${nameOf(task)}`);
      await inRestOfTime(run, () => attempt(run, task, window));
    }
  },
};

/** Volumes whose newest snapshot is what their generations were made of. */
function copiedTasks({ config, outcomes, tasks = [] }: DailyBackup): VolumeTask[] {
  const records = readRecords(config.stateDir);
  return tasks
    .filter(({ volume }) => outcomes.get(volume)?.kind !== "failed")
    .map(task => ({ ...task, record: records.get(task.volume) }))
    .filter(({ snapshot, record }) => snapshot && record?.base.uuid === snapshot.volume.uuid);
}

async function attempt(run: DailyBackup, task: VolumeTask, window: AbortSignal): Promise<void> {
  const { config, log, notes, stop, outcomes, startedAt } = run;
  const { snapshot, record, volume } = task;
  if (!snapshot || !record) return;
  const end = AbortSignal.any([stop.signal, window]);
  try {
    await withScratch(config, snapshot.volume, end, source => compareContents(run, task, source, end));
  } catch (error) {
    stop.check("contents");
    if (!window.aborted) {
      const outcome = failureOf(error);
      outcomes.set(volume, outcome);
      log.warn(`${nameOf(task)}: ${outcome.reason}`);
      return;
    }
    writeRecord(config.stateDir, volume, { ...record, contentTriedMs: startedAt.getTime() });
    notes.push(
      `${nameOf(task)} was not compared by content: there was no more time for it in this run's budget`,
    );
  }
}
