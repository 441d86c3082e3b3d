import { existsSync, mkdirSync } from "node:fs";
import { refuseUnknown } from "../runtime/accepted";
import { proveBackupDisk } from "../runtime/backup-disk";
import { refuseStrangers } from "../runtime/mounts";
import { closeDisk } from "../runtime/closed-folder";
import { recoverGenerations } from "../runtime/generations";
import type { Phase } from "../runtime/phases";
import { requireRoot } from "../runtime/root";
import { shell } from "../runtime/shell";
import { stopUnit, unitOf } from "./proxmox";
import { empty } from "./prune";
import { rootOf, type VmImages } from "./vm-images";

/** Refuses unless the backup disk is the file system that the config names, and the disk of earlier runs. */
export const verify: Phase<VmImages> = {
  name: "verify",
  async run(run) {
    const { config, dryRun } = run;
    refuseUnknown(run, new Set(config.vms.map(({ id }) => String(id))), {
      none: "is no VM of which images are made",
      next: shell`${config.job} --dry-run   (it names each by its id)`,
    });
    requireRoot(config.job, "start vzdump");
    const mounts = await proveBackupDisk(config, "write", run);
    refuseStrangers(config.target, mounts, [rootOf(config)]);
    if (!dryRun) mkdirSync(config.stateDir, { recursive: true, mode: 0o700 });
  },
};

/** Ends and removes what a killed run left: a vzdump that is still at work, and what it has of an image. */
export const recover: Phase<VmImages> = {
  name: "recover",
  async run(run) {
    const { config, log } = run;
    await stopUnit(unitOf(config.job, "vzdump"));
    const root = rootOf(config);
    closeDisk(config.target.path, [root], log);
    if (!existsSync(root)) return;
    // Folders of this runner's own, in which it alone has vzdump write: an image by hand lies elsewhere.
    const left = recoverGenerations(root);
    if (left > 0) log.warn(`an earlier run ended early: what it had of ${left} images is removed`);
    await empty(run);
  },
};
