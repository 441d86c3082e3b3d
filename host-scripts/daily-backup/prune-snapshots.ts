import { existsSync } from "node:fs";
import { join } from "node:path";
import { RunnerError } from "../runtime/errors";
import { lockIfFree } from "../runtime/lock";
import { listVolumes } from "../runtime/lvm/listing";
import { removeAll } from "../runtime/lvm/remove";
import { lookForRestores } from "../runtime/lvm/restore-record";
import { planRemovals, type ExistingSnapshot, existingIn } from "../runtime/lvm/existing";
import type { Phase } from "../runtime/phases";
import { shell } from "../runtime/shell";
import type { DailyBackup } from "./daily-backup";

/**
 * Removes snapshots that have outlived the job which made them, by that job's own rules: what it would have removed by its last
 * run, were it alive. A pool that nobody prunes fills up, and then every guest on it stops. Each volume keeps its newest
 * snapshot, also one that is gone: who doesn't know why a job is dead takes no last copy.
 */
export const pruneSnapshots: Phase<DailyBackup> = {
  name: "prune-snapshots",
  async run(run) {
    const { config, dryRun, notes, log, stop } = run;
    const { volumes } = config;
    if (!volumes) return;
    const { snapshots, snapshotJob } = volumes;
    try {
      // The job's own lock: no restore begins with a snapshot that is about to go. A job that left nothing here restores nothing.
      const isShared = !dryRun && existsSync(snapshots.stateDir);
      const lock = isShared ? await lockIfFree(join(snapshots.stateDir, "run.lock"), stop.signal) : undefined;
      if (isShared && !lock) {
        notes.push(`${snapshotJob} is at work: its snapshots are left to itself`);
        return;
      }
      try {
        await removeOutlived(run, volumes);
      } finally {
        lock?.release();
      }
    } catch (error) {
      stop.check("prune-snapshots");
      if (!(error instanceof RunnerError)) throw error;
      log.warn(`snapshots that have outlived ${snapshotJob} can't be removed: ${error.failed}`);
      notes.push(`snapshots that have outlived ${snapshotJob} can't be removed: ${error.failed}`);
    }
  },
};

async function removeOutlived(
  { config, tasks = [], startedAt, dryRun, log, notes, stop }: DailyBackup,
  { vg, snapshotJob, snapshots, maxSnapshotAgeMs }: NonNullable<DailyBackup["config"]["volumes"]>,
): Promise<void> {
  const { restored } = lookForRestores(snapshots.stateDir);
  const existing = existingIn(await listVolumes(vg, stop.signal), restored);
  const missing = new Set(tasks.flatMap(({ volume, missing: lost }) => (lost ? [volume] : [])));
  const outlived = planRemovals(existing, new Set(existing.keys()), missing, {
    ...{ policy: snapshots.keep, zone: snapshots.zone },
    nowMs: startedAt.getTime() - maxSnapshotAgeMs,
  }).remove;
  if (outlived.length === 0) return;
  for (const { name } of outlived)
    log.info(`${dryRun ? "would remove" : "removes"} ${name}, which has outlived ${snapshotJob}`);
  if (dryRun) return;
  const failed = await removeAll(
    vg,
    outlived.map(({ name }: ExistingSnapshot) => name),
    () => stop.check("prune-snapshots"),
    removed => log.progress(`prune-snapshots: ${removed.length} removed`),
  );
  for (const [name, reason] of failed) log.warn(`${name} can't be removed: ${reason}`);
  const next = shell`systemctl list-timers ${snapshotJob}; journalctl -u ${snapshotJob} -n 50`;
  notes.push(
    `${outlived.length - failed.size} snapshots had outlived ${snapshotJob} and were removed in its place; each volume keeps its newest. Next: ${next} (${config.job} copies none that is too old)`,
  );
}
