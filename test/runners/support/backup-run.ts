import { join } from "node:path";
import type { DailyBackup, VolumeTask } from "../../../host-scripts/daily-backup/daily-backup";
import { createLog } from "../../../host-scripts/runtime/log";
import { Stop } from "../../../host-scripts/runtime/stop";
import { dailyBackupConfig } from "../../../plan/contracts/daily-backup";

/** A run of daily-backup whose phases are called one by one. @param folder with a folder "disk" in it @param date of its start */
export function backupRun(folder: string, date: string, change: Partial<DailyBackup> = {}): DailyBackup {
  const config = dailyBackupConfig.parse({
    ...{ job: "daily-backup", host: "pve", budgetMs: 600_000, stateDir: join(folder, "state"), zone: "UTC" },
    ...{ textfile: join(folder, "job.prom"), credentialsDir: join(folder, "credentials") },
    pushgateway: { url: "http://127.0.0.1:9", timeoutMs: 1_000, attempts: 1 },
    target: { path: join(folder, "disk"), fsUuid: "11111111-2222-3333-4444-555555555555" },
    volumes: {
      ...{ vg: "pve", pool: "data", pattern: "vm-1-pvc-*", excludeNamespaces: [], more: [], luksKeys: [] },
      ...{ snapshotJob: "lvm-pvc-snapshot", maxSnapshotAgeMs: 14 * 3_600_000, volumeBudgetMs: 300_000 },
      snapshots: {
        ...{ stateDir: join(folder, "snapshots"), zone: "UTC" },
        keep: { kind: "age", ms: 7 * 86_400_000, atLeast: 1 },
      },
      ...{ keep: { every: "week", count: 4 }, accepted: [] },
      contentPeriodMs: 30 * 86_400_000,
      collapse: { leastPercent: 20, mostChangedPercent: 90 },
    },
    sqlite: { every: "week", count: 4 },
    volumesTextfile: join(folder, "volumes.prom"),
  });
  const log = createLog("test", { json: true, progress: false });
  return {
    ...{ config, log, dryRun: false, stop: new Stop("test", log), notes: [], bytes: 0 },
    ...{ startedAt: new Date(date), accepted: new Set(), outcomes: new Map(), distrust: [], unremoved: [] },
    // Commands inherit it; nobody locks it here.
    lock: { fd: 2, leftovers: [], release: () => undefined },
    ...change,
  };
}

/** The volume app/data. @param record what that of the night before says */
export function volumeTask(record: Partial<NonNullable<VolumeTask["record"]>> = {}): VolumeTask {
  return {
    ...{ volume: "vm-1-pvc-app", claim: { namespace: "app", name: "data" }, path: "app/data" },
    snapshot: undefined,
    record: {
      ...{ namespace: "app", claim: "data", path: "app/data", successMs: 0 },
      ...{ base: { uuid: "", thinId: -1 }, generations: [], ...record },
    },
  };
}
