import { EstateInvalid } from "../../plan";
import type { ExampleEstate } from "../../plan/estate/example";
import { findingsOf, homelabWith } from "./found";

type Layers = ExampleEstate["layers"];
type Edit = (estate: ExampleEstate) => void;

/** The one job of a layer, or the dump of a name. */
const job = <Layer extends keyof Layers>({ layers }: ExampleEstate, layer: Layer): Layers[Layer][number] =>
  found(layers[layer][0]);
const dump = ({ layers }: ExampleEstate, name: string) =>
  found(layers["cluster-dump"].find(candidate => candidate.name === name));
const service = ({ services }: ExampleEstate, name: string) => found(services[name]);
const host = ({ hosts }: ExampleEstate) => found(hosts["pve"]);
const nas = ({ destinations }: ExampleEstate) => found(destinations["synology"]);
const leg = (estate: ExampleEstate, from: string) =>
  found(job(estate, "offsite-sync").legs.find(candidate => candidate.from === from));

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("the homelab no longer has what this edit changes");
  return value;
}

/** Sets fields, also to what their types forbid: an operator's typo knows no types. */
const set = (target: object, fields: object): void => void Object.assign(target, fields);
const without = <T>(list: T[], is: (item: T) => boolean): void => void list.splice(list.findIndex(is), 1);
const alert = { receiver: "infra-alerts" };

/** Single edits that a tired operator could make, and the code of the one error that answers each. */
const edits: readonly (readonly [string, string, Edit])[] = [
  [
    "a mirror's alert after 16 days",
    "schedule/stale-above-promise",
    e => set(job(e, "nfs-mirror"), { alert: { ...alert, staleAfter: "16d" } }),
  ],
  [
    "a backup's alert after 9 days",
    "schedule/stale-above-promise",
    e => set(job(e, "daily-backup"), { alert: { ...alert, staleAfter: "9d" } }),
  ],
  [
    "an offsite alert after 8 days",
    "schedule/stale-above-promise",
    e => set(job(e, "offsite-sync"), { alert: { ...alert, staleAfter: "8d" } }),
  ],
  [
    "a six-hourly dump's alert after 8 days",
    "schedule/stale-above-promise",
    e => set(dump(e, "vaultwarden-backup"), { alert: { ...alert, staleAfter: "8d" } }),
  ],
  [
    "an alert that waits for three days",
    "schedule/stale-above-promise",
    e => set(job(e, "nfs-mirror"), { alert: { ...alert, for: "3d" } }),
  ],
  [
    "an alert after exactly a day",
    "schedule/stale-below-gap",
    e => set(job(e, "nfs-mirror"), { alert: { ...alert, staleAfter: "24h" } }),
  ],
  [
    "an alert after an hour",
    "schedule/stale-below-gap",
    e => set(dump(e, "etcd-backup"), { alert: { ...alert, staleAfter: "1h" } }),
  ],
  [
    "a snapshot's alert after twelve hours",
    "schedule/stale-below-gap",
    e => set(job(e, "lvm-pvc-snapshot"), { alert: { ...alert, staleAfter: "12h" } }),
  ],
  [
    "a budget as short as the run",
    "order/budget-out-of-bounds",
    e => set(job(e, "nfs-mirror"), { budget: "20min" }),
  ],
  [
    "a heartbeat's budget longer than its hour",
    "order/budget-out-of-bounds",
    e => set(job(e, "nfs-change-tracker"), { budget: "70min", promise: { rpo: "6h" } }),
  ],
  [
    "a dump's pod killed before its budget ends",
    "order/timeout-below-budget",
    e => set(dump(e, "mysql-backup"), { timeout: "5min" }),
  ],
  [
    "a mirror's unit killed before its budget ends",
    "order/timeout-below-budget",
    e => set(job(e, "nfs-mirror"), { timeout: "30min" }),
  ],
  [
    "snapshots while a dump writes",
    "order/overlap-on-disk",
    e => set(job(e, "lvm-pvc-snapshot"), { schedule: { onCalendar: "*-*-* 00,12:31:00" } }),
  ],
  [
    "a dump in the middle of another one",
    "order/overlap-on-disk",
    e => set(dump(e, "mysql-backup"), { schedule: { cron: "51 0 * * *" } }),
  ],
  [
    "no waiting for the nightly backup",
    "order/assumed-not-enforced",
    e => {
      const offsite = job(e, "offsite-sync");
      set(offsite, { schedule: { onCalendar: "*-*-* 05:00:00" } });
    },
  ],
  [
    "an excluded namespace that nothing else covers",
    "routes/exclude-hides-data",
    e =>
      found(job(e, "lvm-pvc-snapshot").excludeNamespaces).push({
        name: "nextcloud",
        reason: "was noisy last week",
      }),
  ],
  [
    "a new database without a dump",
    "routes/no-copy",
    e =>
      set(e.services, {
        gitea: {
          data: [
            {
              kind: "database",
              engine: "postgresql",
              on: { host: "pve", pool: "data", namespace: "dbaas" },
              size: "1GB",
            },
          ],
          promise: { rpo: {} },
        },
      }),
  ],
  [
    "a new tree beside the NFS trees",
    "routes/no-copy",
    e =>
      set(e.services, {
        scans: {
          data: [{ kind: "tree", host: "pve", path: "/var/scans", size: "1GB" }],
          promise: { rpo: {} },
        },
      }),
  ],
  [
    "the mirror's exclude of a service",
    "routes/exclude-hides-data",
    e =>
      found(job(e, "nfs-mirror").excludes).push({
        name: "navidrome",
        reason: "somebody thought it is a cache",
      }),
  ],
  [
    "the mirror's exclude of a dump",
    "routes/exclude-hides-data",
    e =>
      found(job(e, "nfs-mirror").excludes).push({
        name: "postgresql-backup",
        reason: "somebody thought it is big",
      }),
  ],
  [
    "the offsite leg's exclude of a service",
    "routes/exclude-hides-data",
    e =>
      set(leg(e, "/mnt/backup"), {
        excludes: [{ name: "navidrome", reason: "somebody thought it is a cache" }],
      }),
  ],
  [
    "a dropped leg",
    "routes/exclude-hides-data",
    e => without(job(e, "offsite-sync").legs, ({ from }) => from === "/srv/nfs/immich"),
  ],
  [
    "the SSD's leg cut to one folder",
    "routes/no-copy",
    e => set(leg(e, "/srv/nfs-ssd"), { from: "/srv/nfs-ssd/immich", to: "/Backup/Viki/nfs-ssd/immich" }),
  ],
  [
    "a second leg for what the mirror carries",
    "routes/two-routes",
    e => job(e, "offsite-sync").legs.push({ from: "/srv/nfs/servarr", to: "/Backup/Viki/nfs/servarr" }),
  ],
  [
    "an entry that the mirror no longer keeps",
    "routes/deleter-over-foreign-tree",
    e => without(found(job(e, "nfs-mirror").keep), ({ name }) => name === "pvc-data"),
  ],
  [
    "a firewall's folder that the mirror no longer keeps",
    "routes/deleter-over-foreign-tree",
    e => without(found(job(e, "nfs-mirror").keep), ({ name }) => name === "pfsense"),
  ],
  [
    "a tracker that no longer watches the SSD",
    "routes/tracker-watches-less",
    e => set(job(e, "nfs-change-tracker"), { watches: ["/srv/nfs"] }),
  ],
  [
    "a leg that loses owners and hard links",
    "routes/metadata-lost",
    e => set(leg(e, "/srv/nfs/immich"), { metadata: "lost" }),
  ],
  [
    "a promise of an hour",
    "promises/rpo",
    e => set(found(service(e, "nextcloud").promise), { rpo: { application: "1h" } }),
  ],
  [
    "a daily dump made weekly, its own promise too",
    "promises/rpo",
    e => set(dump(e, "etcd-backup"), { schedule: { cron: "50 0 * * 0" }, promise: { rpo: "9d" } }),
  ],
  [
    "the NAS' snapshot every other day only",
    "promises/rpo",
    e =>
      set(job(e, "nas-snapshots"), {
        schedule: { onCalendar: "Mon,Wed,Fri *-*-* 11:00:00" },
        promise: { rpo: "4d" },
      }),
  ],
  [
    "a terabyte and a half in an hour",
    "promises/rto",
    e => set(found(service(e, "immich").promise), { rto: "1h" }),
  ],
  [
    "a NAS behind a slow line",
    "promises/rto",
    e => {
      for (const link of e.links) if (link.from === "synology") link.bandwidth = "2MB";
    },
  ],
  [
    "Vault promised before the etcd that it needs",
    "promises/needs-restored-later",
    e => set(found(service(e, "etcd").promise), { rto: "12h" }),
  ],
  ["etcd needing Vault", "promises/restore-cycle", e => set(service(e, "etcd"), { needs: ["vault"] })],
  [
    "the NAS' password in Vault alone",
    "promises/secret-cycle",
    e => set(found(e.secrets["synology-admin-password"]), { keptIn: ["vault"] }),
  ],
  ["a NAS that stands at home", "routes/no-route-off-site", e => set(nas(e), { site: "home" })],
  [
    "no snapshots on the NAS",
    "promises/unreachable-from-host-root",
    e => set(e.layers, { "nas-snapshots": [] }),
  ],
  [
    "a thin pool that is nearly full",
    "capacity/pool-data",
    e => set(found(host(e).pools?.["data"]), { used: "5.8TB" }),
  ],
  [
    "a thin pool's metadata that is nearly full",
    "capacity/pool-metadata",
    e => set(found(host(e).pools?.["data"]), { metadata: { size: "16GB", used: "15.5GB" } }),
  ],
  [
    "a backup disk of half a terabyte",
    "capacity/disk",
    e => set(found(host(e).disks["sda"]), { size: "500GB" }),
  ],
  ["a NAS of two terabytes", "capacity/nas", e => set(nas(e), { size: "2.5TB" })],
  [
    "snapshots kept for an hour",
    "retention/outlived-by-source",
    e => set(job(e, "lvm-pvc-snapshot"), { keep: { age: "1h", atLeast: 0 } }),
  ],
  [
    "dumps kept for a day",
    "retention/below-gap",
    e => set(dump(e, "mysql-backup"), { keep: { age: "12h", atLeast: 0 } }),
  ],
  [
    "old dumps deleted before the new one is read back",
    "retention/deletes-before-verified",
    e => set(dump(e, "postgresql-backup"), { verified: false }),
  ],
  [
    "a NAS without a pinned key",
    "security/unpinned-host-key",
    e => {
      delete nas(e).hostKey;
    },
  ],
  ["root on the NAS", "security/root-login", e => set(nas(e), { user: "root" })],
  ["NFS to the NAS", "security/plaintext-transport", e => set(nas(e), { transport: "nfs" })],
  [
    "a password that everybody knows",
    "security/unpinned-secret",
    e => set(found(e.secrets["synology-admin-password"]), { pinned: false }),
  ],
  [
    "an alert's misspelt metric",
    "alerts/metric-unknown",
    e =>
      set(found(e.monitoring.alerts?.[1]), {
        expr: 'lvm_snapshot_thinpool_free_percent{job="lvm-pvc-snapshot"} < 15',
      }),
  ],
  [
    "an alert's misspelt mount",
    "alerts/label-unknown",
    e =>
      set(found(e.monitoring.alerts?.[0]), {
        expr: 'node_filesystem_avail_bytes{job="proxmox-host",mountpoint="/mnt/backups"} < 1e9',
      }),
  ],
  [
    "an alert's misspelt job",
    "alerts/label-unknown",
    e =>
      set(found(e.monitoring.alerts?.[1]), {
        expr: 'lvm_snapshot_thinpool_free_pct{job="lvm-snapshot"} < 15',
      }),
  ],
  [
    "an alert's bracket left open",
    "alerts/syntax",
    e =>
      set(found(e.monitoring.alerts?.[2]), {
        expr: 'vaultwarden_sqlite_integrity_ok{job="vaultwarden-integrity" == 0',
      }),
  ],
  [
    "a join of two jobs' series",
    "alerts/join-never-matches",
    e =>
      set(found(e.monitoring.alerts?.[1]), {
        expr: 'lvm_snapshot_thinpool_free_pct{job="lvm-pvc-snapshot"} < daily_backup_bytes_synced{job="daily-backup"}',
      }),
  ],
  [
    "an alert that nobody hears",
    "alerts/unrouted",
    e => {
      delete found(e.monitoring.alerts?.[0]).receiver;
    },
  ],
  [
    "an alert pasted twice",
    "alerts/doubly-routed",
    e => found(e.monitoring.alerts).push(structuredClone(found(e.monitoring.alerts?.[0]))),
  ],
  [
    "a Pushgateway that forgets",
    "alerts/pushgateway-forgets",
    e => set(e.monitoring, { pushgatewayPersistent: false }),
  ],
  [
    "a critical receiver inside the house",
    "alerts/never-leaves-site",
    e => set(found(e.receivers["infra-critical"]), { outOfSite: false }),
  ],
  [
    "a heartbeat at a time that March skips",
    "schedule/runs-lost-to-dst",
    e =>
      set(job(e, "nfs-change-tracker"), {
        schedule: { onCalendar: "*-*-* 03:30:00" },
        promise: { rpo: "60h" },
      }),
  ],
  [
    "what was left out, after its date",
    "waivers/expired",
    e =>
      set(found(service(e, "temp").data[0]), {
        unprotected: { reason: "scratch space", owner: "viktor", expires: "2026-10-01" },
      }),
  ],
];

/** Edits that the estate's own grammar answers, with the path that it names. */
const typos: readonly (readonly [string, string, Edit])[] = [
  [
    "an hour of 25",
    'estate.layers["nfs-mirror"][0].schedule.onCalendar',
    e => set(job(e, "nfs-mirror"), { schedule: { onCalendar: "*-*-* 25:00:00" } }),
  ],
  [
    "four fields of cron",
    'estate.layers["cluster-dump"][0].schedule.cron',
    e => set(found(e.layers["cluster-dump"][0]), { schedule: { cron: "0 1 * *" } }),
  ],
  ["a zone that doesn't exist", "estate.zone", e => set(e, { zone: "Europe/Sophia" })],
  [
    "a misspelt field",
    'estate.layers["nfs-mirror"][0].exclude',
    e => set(job(e, "nfs-mirror"), { exclude: [] }),
  ],
  ["a size without a unit", "estate.destinations.synology.size", e => set(nas(e), { size: "5300" })],
  [
    "a renamed receiver",
    'estate.layers["nfs-mirror"][0].alert.receiver',
    e => set(job(e, "nfs-mirror"), { alert: { receiver: "infra-alert" } }),
  ],
  [
    "a job after one that doesn't exist",
    'estate.layers["offsite-sync"][0].schedule.after[0]',
    e => set(job(e, "offsite-sync").schedule, { after: ["weekly-backup"] }),
  ],
  [
    "a mirror into itself",
    'estate.layers["nfs-mirror"][0].target',
    e => set(job(e, "nfs-mirror"), { target: "/srv/nfs/backup" }),
  ],
];

function errorsOf(edit: Edit): string[] {
  const errors = findingsOf(homelabWith(edit)).filter(({ severity }) => severity === "error");
  return [...new Set(errors.map(({ code }) => code))];
}

test("there are at least sixty edits", () => expect(edits.length + typos.length).toBeGreaterThanOrEqual(60));

test.each(edits)("%s: %s, and no other error", (_, code, edit) => {
  expect(errorsOf(edit)).toEqual([code]);
});

test.each(typos)("%s is refused at %s", (_, path, edit) => {
  const paths = ((): string[] => {
    try {
      errorsOf(edit);
      return [];
    } catch (error) {
      if (error instanceof EstateInvalid) return error.faults.map(fault => fault.path);
      throw error;
    }
  })();
  expect(paths).toEqual([path]);
});
