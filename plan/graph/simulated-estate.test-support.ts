import fc from "fast-check";
import { type ExampleEstate, exampleEstate } from "../estate/example";
import type { Domain } from "../estate/services";
import type { EstateInput } from "../estate/schema";
import type { Copier, Question, Times } from "./simulator.test-support";

export const jobNames = [
  "lvm-pvc-snapshot",
  "nfs-mirror",
  "daily-backup",
  "pfsense-backup",
  "offsite-sync-backup",
  "nas-snapshots",
  "etcd-backup",
  "vault-backup",
] as const;
/** Their layers. */
const simulated: readonly (keyof Layers)[] = [
  "lvm-pvc-snapshot",
  "nfs-mirror",
  "daily-backup",
  "offsite-sync",
  "nas-snapshots",
  "cluster-dump",
  "nfs-change-tracker",
];
export type JobName = (typeof jobNames)[number];
const timers: readonly JobName[] = [
  "lvm-pvc-snapshot",
  "nfs-mirror",
  "daily-backup",
  "pfsense-backup",
  "offsite-sync-backup",
];
const cronJobs: readonly JobName[] = ["etcd-backup", "vault-backup"];

interface Run {
  readonly times: Times;
  readonly runMinutes: number;
  readonly delayMinutes: number;
  readonly after: readonly JobName[];
  readonly missing: boolean;
}

/** The example's estate with times of its own for each job; some jobs are missing. */
export type RandomEstate = Readonly<Record<JobName, Run>> & { readonly booksExcluded: boolean };

const zones = ["UTC", "Europe/Sofia", "America/New_York", "Australia/Lord_Howe"];

function run(job: JobName): fc.Arbitrary<Run> {
  const dialect = cronJobs.includes(job) ? "cron" : "systemd";
  return fc.record({
    times: fc.record({
      dialect: fc.constant<Times["dialect"]>(dialect),
      zone: fc.constantFrom(...zones),
      hours: fc.oneof(
        fc.integer({ min: 0, max: 23 }).map(hour => [hour]),
        fc.constantFrom([0, 12], [1, 2, 3], [0, 6, 12, 18], [5, 7]),
      ),
      minute: fc.constantFrom(0, 0, 15, 30, 59),
      weekdays: fc.oneof(
        { weight: 3, arbitrary: fc.constant([]) },
        fc.constantFrom([0], [3], [1, 4], [6, 0]),
      ),
    }),
    runMinutes: fc.oneof(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 90, max: 600 })),
    delayMinutes: dialect === "cron" ? fc.constant(0) : fc.constantFrom(0, 0, 0, 10, 45),
    // Only jobs that come earlier in the list: no circles.
    after: timers.includes(job) ? fc.subarray(timers.slice(0, timers.indexOf(job))) : fc.constant([]),
    missing: fc.integer({ min: 0, max: 19 }).map(dice => dice === 0),
  });
}

export const randomEstate: fc.Arbitrary<RandomEstate> = fc
  .tuple(fc.boolean(), ...jobNames.map(run))
  .map(([booksExcluded, ...runs]) =>
    possible({
      ...(Object.fromEntries(jobNames.map((job, index) => [job, runs[index]])) as Record<JobName, Run>),
      booksExcluded,
    }),
  );

/** A firewall's job is written in the layer of daily-backup: without that, it is missing too. */
export function possible(estate: RandomEstate): RandomEstate {
  const missing = estate["pfsense-backup"].missing || estate["daily-backup"].missing;
  return { ...estate, "pfsense-backup": { ...estate["pfsense-backup"], missing } };
}

/** The estate as an operator writes it. */
export function estateOf(random: RandomEstate): EstateInput {
  const estate = exampleEstate();
  estate.years = [2026];
  const timer = (job: JobName) => ({
    schedule: {
      onCalendar: systemdText(random[job].times),
      zone: random[job].times.zone,
      randomizedDelay: `${random[job].delayMinutes}min`,
      after: random[job].after.filter(other => !random[other].missing),
    },
    usualRun: `${random[job].runMinutes}min`,
    budget: "12h",
  });
  const layers = estate.layers;
  // What isn't simulated isn't there: the images of a week, with what they are of.
  for (const name of Object.keys(layers) as (keyof Layers)[])
    if (!simulated.includes(name)) layers[name] = [];
  for (const service of Object.keys(estate.services))
    if (!(service in outliving)) Reflect.deleteProperty(estate.services, service);
  set(layers, "lvm-pvc-snapshot", random["lvm-pvc-snapshot"].missing, timer("lvm-pvc-snapshot"));
  set(layers, "nfs-mirror", random["nfs-mirror"].missing, timer("nfs-mirror"));
  set(layers, "daily-backup", random["daily-backup"].missing, timer("daily-backup"));
  for (const spec of layers["daily-backup"])
    spec.firewalls = random["pfsense-backup"].missing
      ? []
      : (spec.firewalls ?? []).map(entry => ({ ...entry, ...timer("pfsense-backup") }));
  set(layers, "offsite-sync", random["offsite-sync-backup"].missing, timer("offsite-sync-backup"));
  set(layers, "nas-snapshots", random["nas-snapshots"].missing, timer("nas-snapshots"));
  if (random.booksExcluded)
    layers["nfs-mirror"][0]?.excludes?.push({ name: "books", reason: "bought again if need be" });
  // Its source has to be a job of the host.
  if (random["lvm-pvc-snapshot"].missing) for (const spec of layers["daily-backup"]) delete spec.volumes;
  layers["cluster-dump"] = layers["cluster-dump"].flatMap(spec => {
    const { missing, times, runMinutes } = random[spec.name as JobName];
    const changed = { schedule: { cron: cronText(times), zone: times.zone }, usualRun: `${runMinutes}min` };
    return missing ? [] : [{ ...spec, ...changed, budget: "12h" }];
  });
  return estate;
}

type Layers = ExampleEstate["layers"];

function set<L extends keyof Layers>(layers: Layers, layer: L, missing: boolean, change: object): void {
  layers[layer] = (missing ? [] : layers[layer].map(spec => ({ ...spec, ...change }))) as Layers[L];
}

function systemdText({ hours, minute, weekdays }: Times): string {
  const names = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
  const days = weekdays.map(day => names[day]).join(",");
  return `${days} *-*-* ${hours.join(",")}:${String(minute).padStart(2, "0")}:00`.trim();
}

function cronText({ hours, minute, weekdays }: Times): string {
  return `${minute} ${hours.join(",")} * * ${weekdays.length === 0 ? "*" : weekdays.join(",")}`;
}

/** Who carries what where in the example's estate, read off it by hand: "place/service". */
export function copiersOf(estate: RandomEstate): Copier[] {
  const carry = (services: readonly string[], from: string, to: string) =>
    services.map(service => ({
      from: from === "live" ? `live:${service}` : `${from}/${service}`,
      to: `${to}/${service}`,
    }));
  const dumped = ["etcd", "vault"];
  const mirrored = estate.booksExcluded ? [] : ["books"];
  const onDisk = [...dumped, ...mirrored, "pfsense", "pve-host", "nextcloud"];
  const hops: Readonly<Record<JobName, Copier["hops"]>> = {
    "lvm-pvc-snapshot": carry(["nextcloud"], "live", "snapshots"),
    "nfs-mirror": [...carry(mirrored, "live", "backup"), ...carry(dumped, "nfs", "backup")],
    "daily-backup": [
      ...carry(["nextcloud"], "snapshots", "backup"),
      ...carry(["pve-host"], "live", "backup"),
    ],
    "pfsense-backup": carry(["pfsense"], "live", "backup"),
    "offsite-sync-backup": [...carry(onDisk, "backup", "nas"), ...carry(["photos"], "live", "nas")],
    "nas-snapshots": carry([...onDisk, "photos", "books"], "nas", "nas-snapshots"),
    "etcd-backup": carry(["etcd"], "live", "nfs"),
    "vault-backup": carry(["vault"], "live", "nfs"),
  };
  return jobNames
    .filter(job => !estate[job].missing)
    .map(job => ({
      name: job,
      ...estate[job],
      after: estate[job].after.filter(other => !estate[other].missing),
      hops: hops[job],
    }));
}

const everywhere = ["snapshots", "nfs", "backup", "nas", "nas-snapshots"];
const offTheDisk = ["backup", "nas", "nas-snapshots"];
const offTheHost = ["nas", "nas-snapshots"];

/** Places that outlive each disaster by service; what isn't named keeps its live data. By hand from the example's disks and sites. */
const outliving: Readonly<Record<string, Partial<Record<Domain, readonly string[]>>>> = {
  ...Object.fromEntries(
    ["etcd", "vault", "nextcloud", "books", "photos"].map(service => [
      service,
      {
        application: everywhere,
        volume: ["books", "photos"].includes(service) ? offTheDisk : everywhere,
        "live-disk": offTheDisk,
        host: offTheHost,
        site: offTheHost,
        "host-root": ["nas-snapshots"],
        ...(service === "etcd" ? { cluster: everywhere } : {}),
        ...(service === "vault" ? { secrets: everywhere } : {}),
      },
    ]),
  ),
  pfsense: { application: everywhere, volume: everywhere, "live-disk": everywhere, site: offTheHost },
  "pve-host": {
    application: everywhere,
    volume: everywhere,
    "live-disk": everywhere,
    host: offTheHost,
    site: offTheHost,
    "host-root": ["nas-snapshots"],
  },
};

/** A question for each service and disaster that harms it, named "service domain". */
export function questions(): Question[] {
  return Object.entries(outliving).flatMap(([service, byDomain]) =>
    Object.entries(byDomain).map(([domain, places]) => ({
      name: `${service} ${domain}`,
      places: places.map(place => `${place}/${service}`),
    })),
  );
}
