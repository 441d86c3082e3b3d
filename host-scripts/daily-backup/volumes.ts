import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf, RunnerError } from "../runtime/errors";
import type { Log } from "../runtime/log";
import type { Phase } from "../runtime/phases";
import { copyVolume } from "./copy-volume";
import { type DailyBackup, nameOf, type Outcome, type VolumeTask } from "./daily-backup";
import { VolumeFailed } from "./scratch";

/**
 * Copies each volume. One that fails doesn't stop the others; one that takes too long makes room for them. Both have a
 * second try when all others are done.
 */
export const volumes: Phase<DailyBackup> = {
  name: "volumes",
  async run(run) {
    const { log, stop, outcomes, tasks = [] } = run;
    const ready = tasks.filter(({ volume }) => !outcomes.has(volume));
    for (const [index, task] of ready.entries()) {
      log.progress(`volumes: ${index} of ${ready.length}, ${nameOf(task)}`);
      await attempt(run, task);
    }
    const again = ready.filter(({ volume }) => outcomes.get(volume)?.kind === "failed");
    for (const task of again) {
      log.info(`second try of ${nameOf(task)}`);
      await attempt(run, task);
    }
    stop.check("volumes");
  },
};

async function attempt(run: DailyBackup, task: VolumeTask): Promise<void> {
  const { log, stop, config, outcomes } = run;
  stop.check("volumes");
  await yieldToOthers(stop.signal, log);
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
    next: "raise volumeBudget in the estate",
  };
}

function failureOf(error: unknown): Outcome {
  if (error instanceof VolumeFailed) return { kind: "failed", reason: error.reason, next: error.next };
  if (error instanceof RunnerError) return { kind: "failed", reason: error.failed, next: error.next };
  // A file system call's error is this volume's alone; the rest is tried.
  return { kind: "failed", reason: messageOf(error), next: "dmesg --level err,warn | tail" };
}

/** Share of ten seconds in which everybody on the host waited for its disks. */
const busyPercent = 40;
const longestYieldMs = 60_000;

/** Lets a busy host work before the next volume, for a while: who waits for ever backs nothing up. */
async function yieldToOthers(stop: AbortSignal, log: Log): Promise<void> {
  const until = performance.now() + longestYieldMs;
  while (!stop.aborted && performance.now() < until && ioPressure() > busyPercent) {
    log.progress(`the host's disks are busy (${ioPressure()} % of the time everybody waits): waiting`);
    await sleep(5_000, undefined, { signal: stop }).catch(() => undefined);
  }
}

/** "full avg10" of /proc/pressure/io, in percent; 0 where the kernel doesn't tell. See the kernel's accounting/psi. */
function ioPressure(): number {
  try {
    return Number(/^full avg10=([\d.]+)/m.exec(readFileSync("/proc/pressure/io", "utf8"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
