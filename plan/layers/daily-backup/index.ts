import { snapshotJobName } from "../../contracts/lvm-pvc-snapshot";
import { exceptVolumes } from "../../estate/except-volumes";
import type { Lookup } from "../../estate/lookup";
import type { Estate } from "../../estate/schema";
import { parseDuration } from "../../units/duration";
import { parseSize } from "../../units/size";
import type { Layer } from "../layer";
import { isBelow } from "../places";
import { firewallJob } from "./firewall-job";
import { dailyBackupJob } from "./jobs";
import { runsOf } from "./runs";
import { scrubJob } from "./scrub-job";
import { dailyBackupSpec } from "./spec";

const mostSnapshotAgeMs = 14 * 86_400_000;

/** A host's backup disk: the job that fills it, one for each firewall that is backed up to it, and the one that reads it all. */
export const dailyBackup: Layer<"daily-backup", typeof dailyBackupSpec> = {
  name: "daily-backup",
  summary: "Nightly copies to a host's backup disk",
  spec: dailyBackupSpec,
  gives: ["generations of volumes", "a firewall's backup"],
  begins: ({ host, target, kinds, receiver }) => {
    const weekly = { keep: { count: 4, every: "week" } } as const;
    return {
      ...{ host, target, schedule: { onCalendar: "*-*-* 04:00:00" } },
      ...(kinds.has("volume") && { volumes: weekly }),
      ...(kinds.has("sqlite") && { sqlite: weekly }),
      ...{ configuration: weekly, scrub: { schedule: { onCalendar: "*-*-* 13:00:00" } } },
      ...{ usualRun: "40min", budget: "1h 30min", promise: { rpo: "28h" }, alert: { receiver } },
    };
  },
  runs: runsOf,
  references({ host, target, volumes, firewalls, budget }, at, look, estate) {
    look.backupMount([...at, "target"], host, target);
    copiesOfCopies(host, target, look, estate);
    const volumeBudget = volumes?.volumeBudget;
    if (volumeBudget !== undefined && parseDuration(volumeBudget) > parseDuration(budget))
      look.fault(
        [...at, "volumes", "volumeBudget"],
        volumeBudget,
        `is longer than the budget (${budget}): one volume that hangs takes the night of all others. Expected less, e.g. a third of the budget`,
      );
    const { maxSnapshotAge } = volumes ?? {};
    if (maxSnapshotAge !== undefined && parseDuration(maxSnapshotAge) > mostSnapshotAgeMs)
      look.fault(
        [...at, "volumes", "maxSnapshotAge"],
        maxSnapshotAge,
        "is no limit: for weeks without a new snapshot, the old one would be copied as that night's state. Expected 14d at most. Remove it: left out, it is what the snapshots' job promises",
      );
    if (volumes) {
      for (const [index, { keep }] of volumes.more.entries())
        if (keep.every === volumes.keep.every)
          look.fault(
            [...at, "volumes", "more", index, "keep", "every"],
            keep.every,
            `is the period of keep itself: the same generations would be kept twice on one disk. Expected another period, e.g. "${keep.every === "day" ? "week" : "day"}"; or raise keep.count for all`,
          );
      const snapshots = estate.layers["lvm-pvc-snapshot"].filter(other => other.host === host);
      look.name(
        [...at, "volumes", "from"],
        volumes.from,
        snapshots.map(() => snapshotJobName),
        "job of this host that makes snapshots",
      );
      volumes.luksSecrets.forEach((secret, index) => {
        const path = [...at, "volumes", "luksSecrets", index];
        look.secret(path, secret, "passphrase");
      });
    }
    firewalls.forEach(({ name }, index) => {
      if (look.firewall([...at, "firewalls", index, "name"], name)) smallEnough(name, look, estate);
    });
  },
  jobs: (part, estate, _, hostRuns) => [
    dailyBackupJob(part, estate),
    ...part.firewalls.map(firewall => firewallJob(firewall, part, estate)),
    ...(part.scrub ? [scrubJob(part.scrub, part, estate, hostRuns(part.host))] : []),
  ],
};

/** The host's configuration is copied to the backup disk: with the disk in it, each night copies all earlier ones. */
function copiesOfCopies(host: string, target: string, look: Lookup, estate: Estate): void {
  for (const { service, index, spec } of exceptVolumes(estate)) {
    if (spec.kind !== "configuration" || spec.host !== host) continue;
    for (const [place, path] of spec.paths.entries())
      if (isBelow(path, target) || isBelow(target, path))
        look.fault(
          ["services", service, "data", index, "paths", place],
          path,
          `has the backup disk "${target}" in it: each night would copy its own copies. Expected what the host needs to be set up anew, e.g. "/etc/pve"`,
        );
  }
}

/** A backup below the least size is refused: one that is beyond all of the firewall is never reached. */
function smallEnough(name: string, look: Lookup, { services, firewalls }: Estate): void {
  const sizes = exceptVolumes({ services }).flatMap(({ spec }) =>
    spec.kind === "device" && spec.firewall === name && spec.size !== undefined ? [spec.size] : [],
  );
  const most = Math.max(...sizes.map(parseSize));
  for (const [file, least] of Object.entries(firewalls[name]?.atLeast ?? {}))
    if (sizes.length > 0 && parseSize(least) > most)
      look.fault(
        ["firewalls", name, "atLeast", file],
        least,
        `is more than all of it (${sizes.join(", ")}): each backup would be refused. Expected less than the smallest good one, e.g. "4kB"`,
      );
}
