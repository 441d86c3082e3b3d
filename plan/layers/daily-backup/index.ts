import { scrubJobName } from "../../contracts/backup-scrub";
import { dailyBackupJobName } from "../../contracts/daily-backup";
import { snapshotJobName } from "../../contracts/lvm-pvc-snapshot";
import type { Layer } from "../layer";
import { firewallJob, firewallJobName } from "./firewall-job";
import { dailyBackupJob } from "./jobs";
import { scrubJob } from "./scrub-job";
import { dailyBackupSpec } from "./spec";

/** A host's backup disk: the job that fills it, one for each firewall that is backed up to it, and the one that reads it all. */
export const dailyBackup: Layer<"daily-backup", typeof dailyBackupSpec> = {
  name: "daily-backup",
  spec: dailyBackupSpec,
  runs: ({ host, schedule, alert, firewalls, scrub }) => [
    { job: dailyBackupJobName, at: [], host, schedule, alert },
    ...firewalls.map((firewall, index) => ({
      ...{ job: firewallJobName(firewall.name), at: ["firewalls", index], host },
      ...{ schedule: firewall.schedule, alert: firewall.alert },
      named: { at: ["firewalls", index, "name"], value: firewall.name, what: "firewall" },
    })),
    ...(scrub
      ? [{ job: scrubJobName, at: ["scrub"], host, schedule: scrub.schedule, alert: scrub.alert }]
      : []),
  ],
  references({ host, target, volumes, firewalls }, at, look, estate) {
    look.mount([...at, "target"], host, target);
    if (volumes) {
      const snapshots = estate.layers["lvm-pvc-snapshot"].filter(other => other.host === host);
      look.name(
        [...at, "volumes", "from"],
        volumes.from,
        snapshots.map(() => snapshotJobName),
        "job of this host that makes snapshots",
      );
      volumes.luksSecrets.forEach((secret, index) =>
        look.secret([...at, "volumes", "luksSecrets", index], secret),
      );
    }
    firewalls.forEach(({ name }, index) => look.firewall([...at, "firewalls", index, "name"], name));
  },
  jobs: (part, estate) => [
    dailyBackupJob(part, estate),
    ...part.firewalls.map(firewall => firewallJob(firewall, part, estate)),
    ...(part.scrub ? [scrubJob(part.scrub, part, estate)] : []),
  ],
};
