import type { Estate } from "../estate/schema";
import type { Job } from "../job";
import { clusterDumpJobs } from "./cluster-dump/jobs";
import { dailyBackupJobs } from "./daily-backup/jobs";
import { lvmPvcSnapshotJobs } from "./lvm-pvc-snapshot/jobs";
import { nasSnapshotsJobs } from "./nas-snapshots/jobs";
import { nfsChangeTrackerJobs } from "./nfs-change-tracker/jobs";
import { nfsMirrorJobs } from "./nfs-mirror/jobs";
import { offsiteSyncJobs } from "./offsite-sync/jobs";

/** Every job of an estate, layer by layer. */
export function jobsOf(estate: Estate): Job[] {
  return [
    ...lvmPvcSnapshotJobs(estate),
    ...nfsMirrorJobs(estate),
    ...dailyBackupJobs(estate),
    ...clusterDumpJobs(estate),
    ...nfsChangeTrackerJobs(estate),
    ...offsiteSyncJobs(estate),
    ...nasSnapshotsJobs(estate),
  ];
}
