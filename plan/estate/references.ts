import { datasetId } from "../datasets";
import { firewallJobName } from "../layers/daily-backup/firewall-job";
import { scrubJobName } from "../layers/daily-backup/scrub-job";
import type { DailyBackupSpec } from "../layers/daily-backup/spec";
import { isBelow } from "../layers/places";
import { type EstateFault, pathText, shown } from "./faults";
import type { Estate } from "./schema";
import type { DatasetSpec } from "./services";

type Path = readonly PropertyKey[];

/** Names that point nowhere, and things that are there twice. */
export function references(estate: Estate): EstateFault[] {
  const look = new Lookup(estate);
  places(estate, look);
  people(estate, look);
  services(estate, look);
  layers(estate, look);
  return look.faults;
}

/** Collects faults while the estate is walked. */
class Lookup {
  readonly faults: EstateFault[] = [];
  constructor(private readonly estate: Estate) {}

  fault(path: Path, value: unknown, problem: string): void {
    this.faults.push({ path: pathText(path), value: shown(value), problem });
  }

  /** Expects a value to be one of some names. */
  name(path: Path, value: string, among: Iterable<string>, kind: string): boolean {
    const names = [...among];
    if (names.includes(value)) return true;
    this.fault(path, value, `names no ${kind} (known: ${names.map(shown).join(", ") || "none"})`);
    return false;
  }

  host(path: Path, value: string): boolean {
    return this.name(path, value, Object.keys(this.estate.hosts), "host");
  }

  disk(path: Path, host: string, value: string): void {
    this.name(path, value, Object.keys(this.estate.hosts[host]?.disks ?? {}), `disk of host ${host}`);
  }

  pool(path: Path, host: string, value: string): void {
    this.name(path, value, Object.keys(this.estate.hosts[host]?.pools ?? {}), `thin pool of host ${host}`);
  }

  secret(path: Path, value: string): void {
    this.name(path, value, Object.keys(this.estate.secrets), "secret");
  }

  mount(path: Path, host: string, value: string): void {
    this.name(
      path,
      value,
      Object.keys(this.estate.hosts[host]?.filesystems ?? {}),
      `file system of host ${host}`,
    );
  }

  /** Expects a path to lie in a file system that the host's disks are known for. */
  below(path: Path, host: string, value: string): void {
    const mounts = Object.keys(this.estate.hosts[host]?.filesystems ?? {});
    if (!mounts.some(mount => isBelow(value, mount)))
      this.fault(
        path,
        value,
        `lies in no file system of host ${host} (known: ${mounts.map(shown).join(", ") || "none"})`,
      );
  }
}

function places(estate: Estate, look: Lookup): void {
  for (const [name, host] of Object.entries(estate.hosts)) {
    for (const [mount, { disk }] of Object.entries(host.filesystems))
      look.disk(["hosts", name, "filesystems", mount, "disk"], name, disk);
    for (const [pool, { disk }] of Object.entries(host.pools))
      look.disk(["hosts", name, "pools", pool, "disk"], name, disk);
  }
  for (const [name, cluster] of Object.entries(estate.clusters)) {
    cluster.hosts.forEach((host, index) => look.host(["clusters", name, "hosts", index], host));
    look.disk(["clusters", name, "disk"], cluster.hosts[0] ?? "", cluster.disk);
  }
  const machines = [...Object.keys(estate.hosts), ...Object.keys(estate.destinations)];
  for (const [index, link] of estate.links.entries())
    for (const end of ["from", "to"] as const)
      look.name(["links", index, end], link[end], machines, "host or destination");
  const sections: Record<string, Record<string, { readonly secrets: readonly string[] }>> = {
    destinations: estate.destinations,
    services: estate.services,
  };
  for (const [section, things] of Object.entries(sections))
    for (const [name, { secrets }] of Object.entries(things))
      secrets.forEach((secret, index) => look.secret([section, name, "secrets", index], secret));
  for (const [name, firewall] of Object.entries(estate.firewalls))
    for (const part of ["api", "ssh"] as const)
      look.secret(["firewalls", name, part, "secret"], firewall[part].secret);
}

function people(estate: Estate, look: Lookup): void {
  for (const [index, { receiver }] of estate.monitoring.alerts.entries())
    if (receiver !== undefined)
      look.name(
        ["monitoring", "alerts", index, "receiver"],
        receiver,
        Object.keys(estate.receivers),
        "receiver",
      );
  for (const [name, { keptIn }] of Object.entries(estate.secrets))
    keptIn.forEach((holder, index) =>
      look.name(
        ["secrets", name, "keptIn", index],
        holder,
        [...Object.keys(estate.services), "break-glass"],
        "service",
      ),
    );
}

function services(estate: Estate, look: Lookup): void {
  for (const [service, { data, needs }] of Object.entries(estate.services)) {
    const at = ["services", service];
    needs.forEach((needed, index) =>
      look.name([...at, "needs", index], needed, Object.keys(estate.services), "service"),
    );
    const names = data.map(dataset => dataset.name ?? service);
    for (const [index, dataset] of data.entries()) {
      if (names.indexOf(names[index] ?? "") < index)
        look.fault(
          [...at, "data", index, "name"],
          names[index],
          "is there twice. Give each dataset of a service its own name",
        );
      dataPlace([...at, "data", index], dataset, estate, look);
    }
  }
}

function dataPlace(at: Path, dataset: DatasetSpec, estate: Estate, look: Lookup): void {
  switch (dataset.kind) {
    case "volume":
    case "vm":
      if (look.host([...at, "host"], dataset.host)) look.pool([...at, "pool"], dataset.host, dataset.pool);
      return;
    case "tree":
      if (look.host([...at, "host"], dataset.host)) look.below([...at, "path"], dataset.host, dataset.path);
      return;
    case "configuration":
      look.host([...at, "host"], dataset.host);
      return;
    case "device":
      look.name([...at, "firewall"], dataset.firewall, Object.keys(estate.firewalls), "firewall");
      return;
    case "database":
      if ("cluster" in dataset.on)
        look.name([...at, "on", "cluster"], dataset.on.cluster, Object.keys(estate.clusters), "cluster");
      else if (look.host([...at, "on", "host"], dataset.on.host))
        look.pool([...at, "on", "pool"], dataset.on.host, dataset.on.pool);
  }
}

/** Jobs that a host's timer may wait for, by the layer that makes them. */
const timerJobs = {
  "lvm-pvc-snapshot": "lvm-pvc-snapshot",
  "nfs-mirror": "nfs-mirror",
  "daily-backup": "daily-backup",
  "nfs-change-tracker": "nfs-change-tracker",
  "offsite-sync": "offsite-sync-backup",
} as const;

function layers(estate: Estate, look: Lookup): void {
  for (const [layer, specs] of Object.entries(estate.layers))
    for (const [index, spec] of specs.entries()) {
      const at = ["layers", layer, index];
      look.name([...at, "alert", "receiver"], spec.alert.receiver, Object.keys(estate.receivers), "receiver");
      if ("host" in spec && look.host([...at, "host"], spec.host) && "after" in spec.schedule) {
        const known = jobsOfHost(spec.host, estate);
        spec.schedule.after.forEach((job, position) =>
          look.name([...at, "schedule", "after", position], job, known, `job of host ${spec.host}`),
        );
      }
      if ("destination" in spec)
        look.name([...at, "destination"], spec.destination, Object.keys(estate.destinations), "destination");
    }
  for (const [layer, job] of Object.entries(timerJobs))
    estate.layers[layer as keyof typeof timerJobs].forEach((spec, index, all) => {
      if (all.findIndex(other => other.host === spec.host) < index)
        look.fault(
          ["layers", layer, index, "host"],
          spec.host,
          `has two jobs named ${job}: a host has one of each layer`,
        );
    });
  eachLayer(estate, look);
}

function jobsOfHost(host: string, estate: Estate): string[] {
  const jobs = Object.entries(timerJobs)
    .filter(([layer]) => estate.layers[layer as keyof typeof timerJobs].some(spec => spec.host === host))
    .map(([, job]) => job);
  const firewalls = estate.layers["daily-backup"]
    .filter(spec => spec.host === host)
    .flatMap(spec => spec.firewalls.map(({ name }) => firewallJobName(name)));
  const scrubs = estate.layers["daily-backup"]
    .filter(spec => spec.host === host && spec.scrub !== undefined)
    .map(() => scrubJobName);
  return [...jobs, ...firewalls, ...scrubs];
}

function dailyBackup(at: Path, spec: DailyBackupSpec, estate: Estate, look: Lookup): void {
  if (spec.volumes) {
    const { from, luksSecrets } = spec.volumes;
    const snapshots = estate.layers["lvm-pvc-snapshot"].filter(({ host }) => host === spec.host);
    look.name(
      [...at, "volumes", "from"],
      from,
      snapshots.map(() => timerJobs["lvm-pvc-snapshot"]),
      "job of this host that makes snapshots",
    );
    luksSecrets.forEach((secret, index) => look.secret([...at, "volumes", "luksSecrets", index], secret));
  }
  const jobs = jobsOfHost(spec.host, estate);
  spec.firewalls.forEach(({ name, schedule, alert }, index) => {
    const entry = [...at, "firewalls", index];
    if (!look.name([...entry, "name"], name, Object.keys(estate.firewalls), "firewall")) return;
    const job = firewallJobName(name);
    if (jobs.filter(other => other === job).length > 1)
      look.fault(
        [...entry, "name"],
        name,
        `makes a second job named ${job} on host ${spec.host}. Keep one, or rename the firewall`,
      );
    schedule?.after.forEach((other, position) =>
      look.name([...entry, "schedule", "after", position], other, jobs, `job of host ${spec.host}`),
    );
    if (alert)
      look.name([...entry, "alert", "receiver"], alert.receiver, Object.keys(estate.receivers), "receiver");
  });
}

function scrubOf(at: Path, { host, scrub }: DailyBackupSpec, estate: Estate, look: Lookup): void {
  if (!scrub) return;
  scrub.schedule.after.forEach((other, position) =>
    look.name(
      [...at, "scrub", "schedule", "after", position],
      other,
      jobsOfHost(host, estate),
      `job of host ${host}`,
    ),
  );
  if (scrub.alert)
    look.name(
      [...at, "scrub", "alert", "receiver"],
      scrub.alert.receiver,
      Object.keys(estate.receivers),
      "receiver",
    );
}

function eachLayer(estate: Estate, look: Lookup): void {
  for (const [index, spec] of estate.layers["lvm-pvc-snapshot"].entries()) {
    const at = ["layers", "lvm-pvc-snapshot", index];
    look.pool([...at, "pool"], spec.host, spec.pool);
    if (spec.cluster !== undefined)
      look.name([...at, "cluster"], spec.cluster, Object.keys(estate.clusters), "cluster");
  }
  for (const [index, spec] of estate.layers["nfs-mirror"].entries()) {
    look.mount(["layers", "nfs-mirror", index, "source"], spec.host, spec.source);
    look.mount(["layers", "nfs-mirror", index, "target"], spec.host, spec.target);
  }
  for (const [index, spec] of estate.layers["daily-backup"].entries()) {
    const at = ["layers", "daily-backup", index];
    look.mount([...at, "target"], spec.host, spec.target);
    dailyBackup(at, spec, estate, look);
    scrubOf(at, spec, estate, look);
  }
  const datasets = Object.entries(estate.services).flatMap(([service, { data }]) =>
    data.map(dataset => datasetId(`${service}/${dataset.name ?? service}`)),
  );
  const dumps = estate.layers["cluster-dump"];
  for (const [index, spec] of dumps.entries()) {
    const at = ["layers", "cluster-dump", index];
    if (dumps.findIndex(other => other.name === spec.name && other.cluster === spec.cluster) < index)
      look.fault([...at, "name"], spec.name, "is there twice in this cluster. Give each dump its own name");
    look.name([...at, "cluster"], spec.cluster, Object.keys(estate.clusters), "cluster");
    look.name([...at, "dataset"], datasetId(spec.dataset), datasets, "dataset of a service");
    if (look.host([...at, "target", "host"], spec.target.host))
      look.below([...at, "target", "path"], spec.target.host, spec.target.path);
  }
  for (const [index, spec] of estate.layers["offsite-sync"].entries())
    spec.legs.forEach((leg, position) =>
      look.below(["layers", "offsite-sync", index, "legs", position, "from"], spec.host, leg.from),
    );
}
