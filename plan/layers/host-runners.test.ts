import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { z } from "zod";
import { layers } from ".";
import type { BackupScrubConfig } from "../contracts/backup-scrub";
import { type ExampleEstate, exampleEstate, exampleWith } from "../estate/example";
import type { EstateInput } from "../estate/schema";
import { EstateInvalid, parseEstate, planOf } from "..";
import { isHosted, type Job } from "../job";
import type { DailyBackupSpec } from "./daily-backup/spec";
import { releaseFiles } from "./release-files.test-support";

const hostJobs = planOf(parseEstate(exampleEstate())).jobs.filter(isHosted);

/** What `config.json` of a job's release holds, as its runner reads it: by the contract of its name, which ends in "Config". */
function configOfJob(job: Job): { readonly job: string } {
  if (!isHosted(job)) throw new Error(`${job.name} isn't installed`);
  const exported = Object.entries(
    jest.requireActual<Record<string, unknown>>(join(__dirname, "../contracts", job.deployment.runner)),
  );
  const [contract] = exported.flatMap(([is, of]) =>
    is.endsWith("Config") ? [of as z.ZodType<{ readonly job: string }>] : [],
  );
  if (!contract) throw new Error(`${job.deployment.runner} has no contract`);
  return contract.parse(JSON.parse(fileOf(job, "config.json")));
}

function configOf(name: string, input?: EstateInput): { readonly job: string } {
  return configOfJob(jobNamed(name, input));
}

test("each job's runner is a program of host-scripts", () => {
  const programs = readdirSync(join(__dirname, "../../host-scripts"));
  const runners = hostJobs.map(({ deployment: { runner } }) => `${runner}.ts`);
  expect(programs).toEqual(expect.arrayContaining(runners));
});

function jobNamed(name: string, input: EstateInput = exampleEstate()): Job {
  const job = planOf(parseEstate(input)).jobs.find(each => each.name === name);
  if (!job) throw new Error(`the example has no job ${name}`);
  return job;
}

function fileOf(job: Job, name: string): string {
  return releaseFiles(job).find(file => file.name === name)?.text ?? "";
}

describe.each(hostJobs.map(({ name }) => name))("the release of %s", name => {
  test("has units, a config that its runner takes, and a command of its name", () => {
    const job = jobNamed(name);
    expect(releaseFiles(job).map(file => file.name)).toEqual([
      `${name}.service`,
      ...(job.deployment.kind === "timer" ? [`${name}.timer`] : []),
      "config.json",
      name,
    ]);
    expect(configOf(name).job).toBe(name);
  });

  test("loads each of its credentials from the job's own folder, but for those that are its command's alone", () => {
    const job = jobNamed(name);
    const loaded = fileOf(job, `${name}.service`)
      .split("\n")
      .filter(line => line.startsWith("LoadCredential="));
    expect(loaded).toEqual(
      job.credentials
        .filter(({ byHand }) => !byHand)
        .map(each => `LoadCredential=${each.name}:/etc/holdfast/credentials/${name}/${each.name}`),
    );
  });
});

test("a command runs as the service does, and hands its words on", () => {
  expect(fileOf(jobNamed("lvm-pvc-snapshot"), "lvm-pvc-snapshot")).toBe(
    '#!/bin/sh\nexec /usr/bin/unshare --mount --propagation private /usr/bin/node /opt/holdfast/lvm-pvc-snapshot/current/lvm-pvc-snapshot.cjs --config /opt/holdfast/lvm-pvc-snapshot/current/config.json "$@"\n',
  );
});

test("snapshots aren't made in the background class, copies are", () => {
  const background = (name: string) =>
    fileOf(jobNamed(name), `${name}.service`).includes("IOSchedulingClass=idle");
  expect(["lvm-pvc-snapshot", "daily-backup", "pfsense-backup", "backup-scrub"].map(background)).toEqual([
    false,
    true,
    true,
    true,
  ]);
});

test("the mirror knows which file systems the host has below its source, but for those in what it leaves out", () => {
  const [disk, photos] = ["44444444-4444-4444-8444-444444444444", "55555555-5555-4555-8555-555555555555"];
  const input = exampleWith(({ hosts }) => {
    Object.assign(hosts.pve?.filesystems ?? {}, {
      "/srv/nfs/media/disk": { disk: "sdc", fsUuid: disk },
      "/srv/nfs/photos": { disk: "sdc", fsUuid: photos },
    });
  });
  expect(configOf("nfs-mirror", input)).toMatchObject({ nested: [{ path: "media/disk", fsUuid: disk }] });
});

test("without an address of the cluster's API, volumes are covered and nobody is asked whose they are", () => {
  const input = exampleWith(({ clusters }) => {
    delete clusters.k8s?.api;
  });
  expect(jobNamed("lvm-pvc-snapshot", input).credentials).toEqual([]);
  expect(configOf("lvm-pvc-snapshot", input)).not.toHaveProperty("kubeconfig");
  expect(configOf("daily-backup", input)).not.toHaveProperty("kubeconfig");
});

test("a copy job asks for passphrases, further generations and a limit of its own", () => {
  const input = exampleWith(({ layers, secrets }) => {
    secrets["luks-key"] = { keptIn: ["vault", "break-glass"] };
    Object.assign(layers["daily-backup"][0]?.volumes ?? {}, {
      luksSecrets: ["luks-key"],
      volumeBudget: "10min",
      maxSnapshotAge: "13h",
      more: [{ namespaces: ["nextcloud"], keep: { count: 7, every: "day" } }],
    });
  });
  expect(jobNamed("daily-backup", input).credentials).toEqual([
    { name: "kubeconfig", from: { kind: "cluster-access", cluster: "k8s", rights: "list-volumes" } },
    { name: "luks-key", from: { kind: "secret", secret: "luks-key" } },
  ]);
  expect(configOf("daily-backup", input)).toMatchObject({
    kubeconfig: "kubeconfig",
    configuration: { every: "week", count: 4, paths: ["/etc/pve", "/usr/local/bin"] },
    volumes: {
      vg: "pve",
      maxSnapshotAgeMs: 13 * 3_600_000,
      volumeBudgetMs: 600_000,
      keep: { every: "week", count: 4 },
      more: [{ namespaces: ["nextcloud"], every: "day", count: 7 }],
      luksKeys: ["luks-key"],
    },
  });
});

test("by default a snapshot may be as old as its job promises, and a volume has a third of the budget", () => {
  expect(configOf("daily-backup")).toMatchObject({
    volumes: { maxSnapshotAgeMs: 14 * 3_600_000, volumeBudgetMs: 30 * 60_000, pattern: "vm-*-pvc-*" },
  });
});

test("each volume is compared by content within a period that nights can keep, and an alert watches over it", () => {
  const withPeriod = (contentPeriod: string): EstateInput =>
    exampleWith(({ layers }) => {
      Object.assign(layers["daily-backup"][0]?.volumes ?? {}, { contentPeriod });
    });
  expect(configOf("daily-backup")).toMatchObject({ volumes: { contentPeriodMs: 30 * 86_400_000 } });
  const unread = jobNamed("daily-backup", withPeriod("14d")).alerts?.find(({ metric }) =>
    metric.endsWith("volume_content_timestamp"),
  );
  expect(unread?.fires).toEqual({ kind: "older", thanMs: 14 * 86_400_000 });
  expect(() => parseEstate(withPeriod("1d"))).toThrow(/expected 2d or more/);
  expect(() => parseEstate(withPeriod("soon"))).toThrow(/duration/i);
});

test("a volume that has no snapshots, by its namespace, is none that the copies miss", () => {
  const own = exampleWith(({ layers }) => {
    const [spec] = layers["daily-backup"] ?? [];
    if (spec?.volumes) spec.volumes.excludeNamespaces = [{ name: "games", reason: "downloaded again" }];
  });
  expect(configOf("daily-backup", own)).toMatchObject({ volumes: { excludeNamespaces: ["dbaas", "games"] } });
});

test("a firewall's job starts after daily-backup, by its calendar and its promise", () => {
  const [copies, firewall] = [jobNamed("daily-backup"), jobNamed("pfsense-backup")];
  expect(firewall.trigger).toEqual({ ...copies.trigger, after: ["daily-backup"] });
  expect(firewall.judged.rpoMs).toBe(copies.judged.rpoMs);
  expect(firewall.budgetMs).toBe(10 * 60_000);
  expect(firewall.flows.map(flow => flow.target.path)).toEqual(["/mnt/backup/pfsense"]);
});

test("a firewall whose host key nobody knows is planned, and not installed", () => {
  const job = jobNamed(
    "pfsense-backup",
    exampleWith(({ firewalls }) => {
      delete firewalls.pfsense?.ssh.hostKey;
    }),
  );
  expect(job.deployment).toEqual({ kind: "planned" });
  expect(job.credentials).toEqual([]);
  expect(job.flows).toHaveLength(1);
});

test("a firewall's job that is called like another job is refused", () => {
  const input = exampleWith(({ firewalls, layers }) => {
    if (firewalls.pfsense) firewalls.daily = firewalls.pfsense;
    layers["daily-backup"][0]?.firewalls?.push({ name: "daily", keep: { count: 4, every: "week" } });
  });
  expect(() => parseEstate(input)).toThrow(/makes a second job named daily-backup on host pve/);
});

const faultsOf = (change: (estate: ExampleEstate) => void): string[] => {
  try {
    parseEstate(exampleWith(change));
    return [];
  } catch (error) {
    if (error instanceof EstateInvalid) return error.faults.map(({ path, value }) => `${path}: ${value}`);
    throw error;
  }
};

test.each<[string, (estate: ExampleEstate) => void, string[]]>([
  [
    "a firewall whose job is called like one of a later layer",
    ({ firewalls, layers }) => {
      if (firewalls.pfsense) firewalls["offsite-sync"] = firewalls.pfsense;
      layers["daily-backup"][0]?.firewalls?.push({ name: "offsite-sync", keep: { count: 4, every: "week" } });
    },
    ['estate.layers["daily-backup"][0].firewalls[1].name: "offsite-sync"'],
  ],
  [
    "a part that is there twice",
    ({ layers }) => {
      layers["daily-backup"].push(...layers["daily-backup"]);
    },
    ['estate.layers["daily-backup"][1].host: "pve"'],
  ],
  [
    "a host that isn't there, of a job that waits for another one there",
    ({ layers }) => {
      const [mirror] = layers["nfs-mirror"];
      layers["nfs-mirror"] = mirror
        ? [mirror, { ...mirror, host: "pev", schedule: { onCalendar: "02:00", after: ["daily-backup"] } }]
        : [];
    },
    ['estate.layers["nfs-mirror"][1].host: "pev"'],
  ],
])("%s is one fault, where it can be mended", (_, change, faults) => {
  expect(faultsOf(change)).toEqual(faults);
});

test.each([
  ["an age", { age: "28d" }],
  ["months", { count: 4, every: "month" }],
  ["several counts", { tiers: [{ count: 7, every: "day" }] }],
  ["runs", { count: 7 }],
] as const)("generations in folders by week or day can't be kept by %s", (_, keep) => {
  const input = exampleWith(({ layers }) => {
    Object.assign(layers["daily-backup"][0]?.sqlite ?? {}, { keep });
  });
  expect(() => parseEstate(input)).toThrow(/is kept in one folder a day or a week.*Example: \{ "count": 4/);
});

test("snapshots are thinned out before new ones are declined", () => {
  const input = exampleWith(({ layers }) => {
    Object.assign(layers["lvm-pvc-snapshot"][0] ?? {}, { guard: { thinOut: { dataPercent: 95 } } });
  });
  expect(() => parseEstate(input)).toThrow(
    /guard.thinOut.dataPercent: 95 is not below decline.dataPercent \(95\)/,
  );
});

test("a scrub knows what shares files on the disk, what may mend the mirror, and who else writes there", () => {
  const input = exampleWith(({ layers }) => {
    Object.assign(layers["daily-backup"][0]?.scrub ?? {}, { period: "60d" });
    // What else keeps something on the disk is for the next test.
    const known: readonly string[] = ["lvm-pvc-snapshot", "nfs-mirror", "daily-backup"];
    for (const [name, parts] of Object.entries(layers)) if (!known.includes(name)) parts.length = 0;
  });
  expect(configOf("backup-scrub", input)).toMatchObject({
    target: { path: "/mnt/backup" },
    periodMs: 60 * 86_400_000,
    generations: [
      { folder: "pvc-data", depth: 2 },
      { folder: "sqlite-backup", depth: 2 },
      { folder: "pve-config", depth: 0 },
      { folder: "pfsense", depth: 0 },
    ],
    sources: ["/srv/nfs"],
    writers: [
      "/var/lib/holdfast/daily-backup/run.lock",
      "/var/lib/holdfast/pfsense-backup/run.lock",
      "/var/lib/holdfast/nfs-mirror/run.lock",
    ],
  });
});

test("a scrub reads what any run says that it keeps on the disk, of a layer that nobody has heard of too", () => {
  const estate = parseEstate(exampleEstate());
  const unheard = (job: string, target: string) => {
    const keeps = { target, generations: [{ folder: job, depth: 3 }], mirrors: `/srv/${job}` };
    return { job, at: [], host: "pve", keeps };
  };
  const [scrub] = layers["daily-backup"]
    .jobs(estate.layers["daily-backup"][0] as DailyBackupSpec, estate, [], () => [
      unheard("tapes", "/mnt/backup"),
      unheard("elsewhere", "/srv/nfs"),
    ])
    .filter(({ name }) => name === "backup-scrub");
  const { generations, sources, writers } = configOfJob(scrub as Job) as BackupScrubConfig;
  expect(generations.at(-1)).toEqual({ folder: "tapes", depth: 3 });
  expect(sources).toEqual(["/srv/tapes"]);
  expect(writers.at(-1)).toBe("/var/lib/holdfast/tapes/run.lock");
  expect(JSON.stringify([generations, sources, writers])).not.toMatch(/elsewhere|vm-images/);
});

test("a restore that has not ended is an alert until it has: its job's successes say nothing of it", () => {
  const alert = jobNamed("lvm-pvc-snapshot").alerts.find(({ name }) => name === "LVMRestoreUnfinished");
  expect(alert).toMatchObject({
    metric: "lvm_snapshot_unfinished_restore_begun_timestamp",
    fires: { kind: "older", thanMs: 3_600_000 },
  });
});

test("a scrub's own alerts: what is rotten, and what was not read within the period", () => {
  const { alerts } = jobNamed("backup-scrub");
  expect(alerts.map(({ name, fires }) => ({ name, ...fires }))).toEqual([
    { name: "BackupScrubRotten", kind: "above", than: 0 },
    { name: "BackupScrubBehind", kind: "older", thanMs: 30 * 86_400_000 },
  ]);
});
