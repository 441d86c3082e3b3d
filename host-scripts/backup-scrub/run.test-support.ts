import { join } from "node:path";
import type { BackupScrubConfig } from "../../plan/contracts/backup-scrub";
import { Stop } from "../runtime/stop";
import type { Scrub } from "./backup-scrub";

/** A scrub of the folder "disk", whose state is in "state". */
export function scrubConfig(folder: string): BackupScrubConfig {
  return {
    ...{ job: "backup-scrub", host: "pve", budgetMs: 3_600_000, periodMs: 1 },
    target: { path: join(folder, "disk"), fsUuid: "" },
    ...{ generations: [], sources: [], accepted: [], writers: [] },
    stateDir: join(folder, "state"),
    textfile: join(folder, "textfile"),
    pushgateway: { url: "http://127.0.0.1:9", timeoutMs: 1, attempts: 1 },
  };
}

/** A run of it in this process, for phases that are called one by one. */
export function scrubRun(config: BackupScrubConfig): Scrub {
  const quiet = (): void => undefined;
  const log = { info: quiet, warn: quiet, error: quiet, progress: quiet, result: quiet };
  return {
    ...{ config, log, dryRun: false, notes: [], faults: [], mended: [], units: [] },
    stop: new Stop(config.job, log),
    startedAt: new Date(),
    startMs: performance.now(),
    read: { files: 0, bytes: 0, recorded: 0 },
    foundNow: new Set(),
    lock: { fd: 2, leftovers: [], release: quiet },
  };
}
