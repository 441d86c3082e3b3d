import { scrubJobName } from "../../contracts/backup-scrub";
import { dailyBackupJobName } from "../../contracts/daily-backup";
import type { Kept, PlannedRun } from "../layer";
import { firewallJobName } from "./firewall-job";
import type { DailyBackupSpec } from "./spec";

/** The runs of a part: its own, one for each firewall, and the scrub, which keeps nothing. */
export function runsOf(spec: DailyBackupSpec): PlannedRun[] {
  const { host, target, schedule, alert, firewalls, scrub } = spec;
  return [
    {
      ...{ job: dailyBackupJobName, at: [], host, schedule, alert },
      keeps: { target, generations: generationsOf(spec) },
    },
    ...firewalls.map((firewall, index) => ({
      ...{ job: firewallJobName(firewall.name), at: ["firewalls", index], host },
      ...{ schedule: firewall.schedule, alert: firewall.alert },
      named: { at: ["firewalls", index, "name"], value: firewall.name, what: "firewall" },
      keeps: { target, generations: [{ folder: firewall.name, depth: 0 }] },
    })),
    ...(scrub
      ? [{ job: scrubJobName, at: ["scrub"], host, schedule: scrub.schedule, alert: scrub.alert }]
      : []),
  ];
}

/** A claim is told by its namespace and its name; of the host there is one. */
function generationsOf({ volumes, sqlite, configuration }: DailyBackupSpec): Kept["generations"] {
  return [
    ...(volumes ? [{ folder: "pvc-data", depth: 2 }] : []),
    ...(volumes && sqlite ? [{ folder: "sqlite-backup", depth: 2 }] : []),
    ...(configuration ? [{ folder: "pve-config", depth: 0 }] : []),
  ];
}
