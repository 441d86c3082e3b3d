import { allAlerts } from "../../alerts/alert";
import { standingRules } from "../../alerts/standing";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEstate, planOf } from "../../plan";
import { volume } from "../../stacks/builders";
import { estate } from "../../stacks/homelab/estate";
import { findingsOf, homelabWith } from "./found";

test("nothing is wrong with the homelab, and nothing is left to be waived", () => {
  expect(findingsOf(estate)).toEqual([]);
  expect(estate.waivers ?? []).toEqual([]);
});

test("fits on a few screens", () => {
  const text = readFileSync(join(__dirname, "../../stacks/homelab/estate.ts"), "utf8");
  expect(text.split("\n").length - 1).toBeLessThan(400);
});

test("a new service is one line: it is snapshotted, backed up and brought off the site", () => {
  const changed = homelabWith(({ services }) => Object.assign(services, { wiki: volume("wiki", "5GB") }));
  expect(findingsOf(changed)).toEqual([]);
  const jobs = planOf(parseEstate(changed)).copies.filter(copy => copy.dataset.service === "wiki");
  expect(new Set(jobs.map(copy => copy.job.name))).toEqual(
    new Set(["lvm-pvc-snapshot", "daily-backup", "offsite-sync-backup", "nas-snapshots"]),
  );
});

test("of the pods beside a CronJob's, one that only begins as it does is another's", () => {
  const rule = standingRules(planOf(parseEstate(estate))).find(
    found => found.rule.alert === "JobPodCannotStart",
  )?.rule;
  const [, pods = ""] = /pod=~"([^"]+)"/.exec(rule?.expr ?? "") ?? [];
  const isWatched = (pod: string): boolean => new RegExp(`^(?:${pods})$`).test(pod);
  expect(["redis-backup-29000000-abcde", "redis-backup-ask-1795913458-zsx85"].map(isWatched)).toEqual([
    true,
    true,
  ]);
  expect(["redis-backup-ui-6d4cf56db6-x7k2p", "redis-backup-0"].map(isWatched)).toEqual([false, false]);
});

// The names are as the Job controller makes them: "NAME-MINUTES-", or what a person asked for, cut to 58 letters, and five more.
test("a pod whose name Kubernetes had to cut is watched too", () => {
  for (const letters of [42, 43, 48]) {
    const name = "dump-".padEnd(letters, "x");
    const changed = homelabWith(({ layers }) => {
      for (const part of layers["cluster-dump"] ?? []) if (part.name === "redis-backup") part.name = name;
    });
    const rule = standingRules(planOf(parseEstate(changed))).find(
      found => found.rule.alert === "JobPodCannotStart",
    )?.rule;
    const [, pods = ""] = /pod=~"([^"]+)"/.exec(rule?.expr ?? "") ?? [];
    const cut = (job: string): string => `${`${job}-`.slice(0, 58)}x7k2p`;
    const made = [cut(`${name}-29000000`), cut(`${name}-ask-1795913458`)];
    expect([letters, made.filter(pod => !new RegExp(`^(?:${pods})$`).test(pod))]).toEqual([letters, []]);
  }
});

test("the alerts have the names that the reference gives them, but for those that say weekly of a daily job", () => {
  const plan = planOf(parseEstate(estate));
  const names = new Set(allAlerts(plan).map(({ name }) => name));
  const known = [
    ...["PostgreSQL", "MySQL", "Etcd", "Vault", "Vaultwarden", "Redis"].map(of => `${of}BackupStale`),
    ...["LVMSnapshot", "NfsMirror", "OffsiteBackupSync", "DailyBackup"].flatMap(of => [
      `${of}Stale`,
      `${of}Failing`,
    ]),
    ...["VaultwardenIntegrityFail", "LVMThinPoolLow", "PfsenseBackupStale", "BackupDiskFull"],
  ];
  expect(known.filter(name => !names.has(name))).toEqual([]);
});
