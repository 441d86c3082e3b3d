import { parseEstate, planOf } from "../..";
import { restoreDrillConfig } from "../../contracts/restore-drill";
import { EstateInvalid } from "../../estate/faults";
import { type ExampleEstate, exampleWith } from "../../estate/example";
import { releaseFiles } from "../release-files.test-support";

type Change = (estate: ExampleEstate) => void;

function filesWith(change: Change = () => undefined): ReadonlyMap<string, string> {
  const job = planOf(parseEstate(exampleWith(change))).jobs.find(({ name }) => name === "restore-drill");
  if (!job) throw new Error("the example has no job restore-drill");
  return new Map(releaseFiles(job).map(({ name, text }) => [name, text]));
}

const configWith = (change?: Change) =>
  restoreDrillConfig.parse(JSON.parse(filesWith(change).get("config.json") ?? ""));

test("drills by the programs of the jobs that keep copies on that disk, as they are installed", () => {
  const { tiers, scratch, sumsDir } = configWith();
  expect(tiers).toEqual([
    {
      ...{ tier: "generations", kind: "generations", job: "daily-backup", below: "/mnt/backup/pvc-data" },
      command: [
        "/usr/bin/node",
        "/opt/holdfast/daily-backup/current/daily-backup.cjs",
        ...["--config", "/opt/holdfast/daily-backup/current/config.json"],
      ],
      lock: "/var/lib/holdfast/daily-backup/run.lock",
    },
    expect.objectContaining({ tier: "databases", job: "daily-backup", below: "/mnt/backup/sqlite-backup" }),
    expect.objectContaining({ tier: "configuration", job: "daily-backup", below: "/mnt/backup/pve-config" }),
    expect.objectContaining({ tier: "mirror", job: "nfs-mirror", below: "/mnt/backup" }),
    expect.objectContaining({ tier: "pfsense-backup", kind: "firewall", below: "/mnt/backup/pfsense" }),
    expect.objectContaining({ tier: "offsite-sync-backup", kind: "offsite" }),
  ]);
  expect(scratch.on.path).toBe("/");
  expect(sumsDir).toBe("/var/lib/holdfast/backup-scrub");
});

test("without volumes there are no generations to drill, and without a scrub no checksums", () => {
  const { tiers, sumsDir } = configWith(({ layers }) => {
    const [daily] = layers["daily-backup"];
    if (!daily) return;
    delete daily.volumes;
    delete daily.sqlite;
    delete daily.scrub;
  });
  expect(tiers.map(({ tier }) => tier)).toEqual([
    ...["configuration", "mirror", "pfsense-backup", "offsite-sync-backup"],
  ]);
  expect(sumsDir).toBeUndefined();
});

test("its unit may have a tar read by a user without rights where there is a firewall's, and else not", () => {
  const rightsOf = (change?: Change) =>
    filesWith(change)
      .get("restore-drill.service")
      ?.match(/^CapabilityBoundingSet=.*CAP_SETUID/m) ?? undefined;
  expect(rightsOf()).toBeDefined();
  expect(rightsOf(({ firewalls }) => delete firewalls["pfsense"]?.ssh.hostKey)).toBeUndefined();
});

test("a firewall whose backup isn't installed is none that can be drilled", () => {
  const { tiers } = configWith(({ firewalls }) => delete firewalls["pfsense"]?.ssh.hostKey);
  expect(tiers.map(({ kind }) => kind)).not.toContain("firewall");
});

test("what a destination has is drilled over the estate's link, each tree that goes there by itself too", () => {
  const offsite = (change?: Change) => configWith(change).tiers.find(({ kind }) => kind === "offsite");
  expect(offsite()).toEqual({
    ...{ tier: "offsite-sync-backup", kind: "offsite", job: "offsite-sync-backup", bytesPerSecond: 50e6 },
    command: expect.arrayContaining(["/opt/holdfast/offsite-sync-backup/current/config.json"]) as string[],
    lock: "/var/lib/holdfast/offsite-sync-backup/run.lock",
    stateDir: "/var/lib/holdfast/offsite-sync-backup",
    legs: [
      { from: "/mnt/backup", to: "nas:/Backup/pve-backup", excludes: [], trees: [] },
      { from: "/srv/nfs/photos", to: "nas:/Backup/nfs/photos", excludes: [], trees: ["/srv/nfs/photos"] },
    ],
  });
  // Planned alone, where nobody is let in.
  expect(offsite(({ destinations }) => delete destinations?.["nas"]?.receives)).toBeUndefined();
});

test("its unit may write to the backup disk, the scratch folder and the jobs' states, and makes the folder", () => {
  const unit = filesWith().get("restore-drill.service") ?? "";
  expect(unit).toMatch(
    /^ReadWritePaths=.*-\/mnt\/backup .*-\/var\/lib\/holdfast-drills .*-\/var\/lib\/holdfast$/m,
  );
  expect(unit).toMatch(/^ExecStartPre=.*mkdir .*\/var\/lib\/holdfast-drills/m);
});

test.each([
  ["on the backup disk", "/mnt/backup/drills", "lies on the backup disk /mnt/backup"],
  ["in a tree that is mirrored", "/srv/nfs/drills", "what nfs-mirror copies lies there"],
  ["above what services have", "/srv", "what nfs-mirror copies lies there"],
  ["in a host's configuration", "/etc/pve/drills", "lies there"],
])("refuses a scratch folder %s", (_, scratch, problem) => {
  const faults = faultsOf(({ layers }) => Object.assign(layers["restore-drill"][0] ?? {}, { scratch }));
  expect(faults).toContainEqual(
    expect.objectContaining({
      path: 'estate.layers["restore-drill"][0].scratch',
      problem: expect.stringContaining(problem) as string,
    }),
  );
});

test("refuses a disk on which no job keeps anything that is drilled", () => {
  const faults = faultsOf(({ layers }) => {
    layers["nfs-mirror"].length = 0;
    const [daily] = layers["daily-backup"];
    if (!daily) return;
    delete daily.volumes;
    delete daily.sqlite;
    delete daily.configuration;
  });
  expect(faults).toContainEqual(
    expect.objectContaining({
      path: 'estate.layers["restore-drill"][0].target',
      problem: expect.stringContaining("has nothing to drill") as string,
    }),
  );
});

function faultsOf(change: Change) {
  try {
    parseEstate(exampleWith(change));
  } catch (error) {
    if (error instanceof EstateInvalid) return error.faults;
    throw error;
  }
  return [];
}

test("what a destination has is called as on the disk, but for what has another one's name there", () => {
  const { jobs } = planOf(parseEstate(exampleWith(() => undefined)));
  const tiers = jobs.find(({ name }) => name === "restore-drill")?.drills?.tiers ?? [];
  expect(tiers.flatMap(({ tier, sentAs }) => (sentAs === undefined ? [] : [[tier, sentAs]]))).toEqual([
    ["generations", ""],
    ["databases", "databases:"],
    ["configuration", "configuration:"],
    ["mirror", ""],
    ["pfsense-backup", "pfsense-backup:"],
  ]);
});
