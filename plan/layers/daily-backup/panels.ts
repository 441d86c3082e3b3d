import { backupScrubMetricNames as scrub } from "../../contracts/backup-scrub";
import { dailyBackupMetricNames as names } from "../../contracts/daily-backup";
import { pfsenseBackupMetrics } from "../../contracts/pfsense-backup";
import type { JobPanel } from "../../panel";

export const dailyPanels: readonly JobPanel[] = [
  { title: "Copied by the last run", unit: "bytes", shows: { [names.bytes]: "copied" } },
  {
    ...{ title: "Volumes without a new copy, and files that differ from theirs", unit: "count" },
    shows: { [names.failedVolumes]: "volumes", [names.differences]: "files" },
  },
];

export const volumePanels: readonly JobPanel[] = [
  { title: "Newest good copy of each volume", unit: "age", shows: { [names.volumeSuccess]: "" } },
  { title: "Compared by content", unit: "age", overview: "proofs", shows: { [names.volumeContent]: "" } },
];

export const firewallPanels: readonly JobPanel[] = [
  {
    ...{ title: "Size of the firewall's backup", unit: "bytes" },
    shows: Object.fromEntries(
      pfsenseBackupMetrics.filter(({ meaning }) => meaning === "bytes").map(({ name }) => [name, "backup"]),
    ),
  },
];

export const scrubPanels: readonly JobPanel[] = [
  { title: "Read by the last scrub", unit: "bytes", shows: { [scrub.bytes]: "read" } },
  { title: "Files read by the last scrub", unit: "count", shows: { [scrub.files]: "read" } },
  {
    ...{ title: "Rotten files", unit: "count", overview: "proofs" },
    shows: { [scrub.rotten]: "rotten", [scrub.mended]: "mended" },
  },
  {
    ...{ title: "What was not read for longest", unit: "age", overview: "proofs" },
    shows: { [scrub.oldestVerified]: "read" },
  },
];
