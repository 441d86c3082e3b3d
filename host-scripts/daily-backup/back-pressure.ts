import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "../runtime/log";

/** Percent of the last ten seconds in which everybody on the host waited for its disks. */
const busyPercent = 40;
const pollMs = 5_000;

export interface BackPressureOptions {
  readonly log: Pick<Log, "info">;
  /** Longest wait before one volume. */
  readonly longestMs: number;
  /** Longest wait of a run, for all its volumes: who waits for ever backs nothing up. */
  readonly allMs: number;
  /** In the form of the kernel's; where there is none, nobody is waited for. See the kernel's accounting/psi. */
  readonly pressureFile: string;
}

/** @returns what waits before a volume while the host's disks are busy, for a while */
export function backPressure(options: BackPressureOptions): (stop: AbortSignal) => Promise<void> {
  const { log, longestMs, allMs, pressureFile } = options;
  let leftMs = allMs;
  return async stop => {
    const atMostMs = Math.min(longestMs, leftMs);
    const busy = pressure(pressureFile);
    if (busy <= busyPercent || atMostMs <= 0) return;
    log.info(
      `the host's disks are busy (${busy} % of the time everybody waits): makes room for up to ${(atMostMs / 1000).toFixed(1)} s`,
    );
    const startMs = performance.now();
    const waitedMs = (): number => performance.now() - startMs;
    while (!stop.aborted && waitedMs() < atMostMs && pressure(pressureFile) > busyPercent)
      await sleep(Math.min(pollMs, atMostMs - waitedMs()), undefined, { signal: stop }).catch(
        () => undefined,
      );
    leftMs -= Math.min(waitedMs(), atMostMs);
    log.info(`goes on after ${(waitedMs() / 1000).toFixed(1)} s`);
  };
}

/** "full avg10", in percent. */
function pressure(file: string): number {
  try {
    return Number(/^full avg10=([\d.]+)/m.exec(readFileSync(file, "utf8"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
