import { existsSync } from "node:fs";
import type { DailyBackupConfig } from "../../plan/contracts/daily-backup";
import { closeDisk } from "../runtime/closed-folder";
import { recoverGenerations } from "../runtime/generations";
import { recover as recoverJournal } from "../runtime/journal";
import type { Log } from "../runtime/log";
import type { Phase } from "../runtime/phases";
import { journalFolder } from "../runtime/hand-over";
import { type DailyBackup, rootOf } from "./daily-backup";
import { recoverMetadataSnapshot } from "./metadata-snapshot";
import { recoverScratch } from "./scratch";

/** Removes what a killed run left on the host and on the backup disk. Comes after the disk is known to be the right one. */
export const recover: Phase<DailyBackup> = {
  name: "recover",
  async run({ config, log }) {
    const roots = (["pvc-data", "sqlite-backup", "pve-config"] as const).map(folder =>
      rootOf(config, folder),
    );
    closeDisk(config.target.path, roots, log);
    await recoverHost(config, log);
    const parts = roots.filter(root => existsSync(root)).map(root => recoverGenerations(root));
    const left = parts.reduce((sum, count) => sum + count, 0);
    if (left > 0) log.warn(`put ${left} unfinished generations aside that an earlier run had left`);
  },
};

/** Of a run that was killed: mappers, scratch snapshots, the pool's metadata snapshot, and its open hand-over. */
export async function recoverHost(config: DailyBackupConfig, log: Log): Promise<void> {
  await recoverMetadataSnapshot(config.stateDir, log);
  if (config.volumes) await recoverScratch(config.volumes.vg, log);
  const segments = recoverJournal(journalFolder(config));
  if (segments.length > 0)
    log.warn(`an earlier run ended early: ${segments.join(", ")} hands over the whole backup disk`);
}
