import { snapshotJobName } from "../../contracts/lvm-pvc-snapshot";
import { z } from "zod";
import { accepted } from "../../contracts/accepted";
import { absolutePath, duration, name } from "../../estate/fields";
import { generationsByPeriod } from "../../retention";
import { alertPolicy, collapse, excludes, readingPeriod, runFields, runsOn, schedule } from "../common";

const keep = generationsByPeriod;
/** Of a job that comes with daily-backup: what isn't said of it is said of daily-backup. */
function derivedRun(usualRun: string, budget: string) {
  return {
    usualRun: runFields.usualRun.default(usualRun),
    budget: runFields.budget.default(budget),
    timeout: runFields.timeout,
    promise: runFields.promise.optional().describe("By default daily-backup's"),
    alert: alertPolicy
      .optional()
      .describe("By default daily-backup's, with a threshold that follows from its own runs"),
  };
}

/** One firewall's backup: a job of its own, "FIREWALL-backup". */
const firewallBackup = z.strictObject({
  name: name.describe("Firewall of the estate"),
  keep,
  schedule: schedule
    .optional()
    .describe(
      "By default daily-backup's calendar, after daily-backup and the firewalls before it: one of them uses the disk at a time",
    ),
  ...derivedRun("2min", "10min"),
});

/** Reading of the whole backup disk, of the mirror's part too: a job of its own, "backup-scrub". */
const scrub = z.strictObject({
  period: readingPeriod("expected 2d or more: a nightly run can't read the disk more often")
    .default("30d")
    .describe("Each file of the disk is read and compared with its checksum once in that time"),
  accepted: z
    .array(accepted)
    .default([])
    .describe("Rotten or unreadable files without a good copy that somebody answers for, below the disk"),
  schedule,
  ...derivedRun("1h", "2h"),
});

/** File-level generations of every snapshotted volume, SQLite copies, firewalls and the host's own configuration. */
export const dailyBackupSpec = z.strictObject({
  host: runsOn,
  schedule,
  target: absolutePath.describe("Mount point of the backup disk"),
  volumes: z
    .strictObject({
      from: name.default(snapshotJobName).describe("Job whose newest snapshot of each volume is read"),
      excludeNamespaces: excludes.describe("Namespaces whose volumes aren't copied"),
      keep,
      more: z
        .array(
          z.strictObject({
            namespaces: z.array(name).min(1).describe("Namespaces whose volumes get them"),
            keep,
          }),
        )
        .superRefine((more, context) => {
          const seen = new Set<string>();
          for (const [index, { namespaces, keep: kept }] of more.entries())
            for (const [place, namespace] of namespaces.entries()) {
              const key = `${namespace} ${kept.every}`;
              if (seen.has(key))
                context.addIssue({
                  code: "custom",
                  path: [index, "namespaces", place],
                  message: `has generations of each ${kept.every} already in that list. Keep one of the two`,
                });
              seen.add(key);
            }
        })
        .default([])
        .describe("Further generations of the volumes of some namespaces, e.g. seven daily ones"),
      luksSecrets: z
        .array(name)
        .default([])
        .describe("Secrets with passphrases of encrypted volumes, tried in this order"),
      maxSnapshotAge: duration
        .optional()
        .describe("An older snapshot isn't copied; by default what the snapshots' job promises"),
      contentPeriod: readingPeriod("expected 2d or more: a nightly run can't compare a volume more often")
        .default("30d")
        .describe("Each volume's files are read and compared with their copies by content once in that time"),
      collapse: collapse.describe(
        "A volume that holds less than leastPercent of its last generation's files or bytes, or of whose last generation's files (50 or more) more than mostChangedPercent are gone or have another content, keeps that generation and fails until somebody accepts it",
      ),
      accepted: z
        .array(accepted)
        .default([])
        .describe("Entries that can't be copied and aren't missed for a while, as NAMESPACE/CLAIM/PATH"),
      volumeBudget: duration
        .optional()
        .describe(
          "One volume may take that long before the others have their turn; by default a third of the budget",
        ),
    })
    .optional()
    .describe("File-level generations of the volumes of a pool, from their snapshots"),
  sqlite: z.strictObject({ keep }).optional().describe("Copies of the SQLite files in the volumes"),
  firewalls: z.array(firewallBackup).default([]).describe("Backups of firewalls, each a job of its own"),
  configuration: z.strictObject({ keep }).optional().describe("The host's own configuration"),
  scrub: scrub
    .optional()
    .describe("What reads the whole backup disk and compares it with its checksums, a job of its own"),
  ...runFields,
});
export type DailyBackupSpec = z.output<typeof dailyBackupSpec>;
export type ScrubSpec = z.output<typeof scrub>;
export type FirewallBackupSpec = z.output<typeof firewallBackup>;
