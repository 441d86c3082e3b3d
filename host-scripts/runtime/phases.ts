import type { Log } from "./log";
import type { Stop } from "./stop";

/** One step of a run. Its name is part of the contract: it is in the log, in the state file and in errors. */
export interface Phase<Context> {
  readonly name: string;
  run(context: Context): Promise<void>;
}

/**
 * Runs phases one after the other, each noted in the state file before it starts. The log tells how long those took that
 * a night notices, also of one that was stopped. @throws what a phase throws
 */
export async function runPhases<Context>(
  phases: readonly Phase<Context>[],
  context: Context,
  run: { stop: Stop; log: Log; enter(phase: string): void },
): Promise<void> {
  for (const phase of phases) {
    run.stop.check(phase.name);
    run.enter(phase.name);
    run.log.info(`phase ${phase.name}`);
    const startMs = performance.now();
    try {
      await phase.run(context);
    } finally {
      const seconds = (performance.now() - startMs) / 1000;
      if (seconds >= 1) run.log.info(`phase ${phase.name} took ${seconds.toFixed(1)} s`);
      // Whatever a command that was cut short made of it: the reason is the stop.
      run.stop.check(phase.name);
    }
  }
}
