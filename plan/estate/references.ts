import { partsOf, runsOfHost } from "../layers";
import type { PlannedRun } from "../layers/layer";
import type { EstateFault } from "./faults";
import { Lookup, type Path } from "./lookup";
import type { Estate } from "./schema";
import type { DatasetSpec } from "./services";

/** Names that point nowhere, and things that are there twice. */
export function references(estate: Estate): EstateFault[] {
  const look = new Lookup(estate);
  places(estate, look);
  people(estate, look);
  services(estate, look);
  plannedRuns(estate, look);
  for (const { layer, spec, at } of partsOf(estate)) layer.references(spec, at, look, estate);
  return look.faults;
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
    if (receiver !== undefined) look.receiver(["monitoring", "alerts", index, "receiver"], receiver);
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
      dataPlace([...at, "data", index], dataset, look);
    }
  }
}

function dataPlace(at: Path, dataset: DatasetSpec, look: Lookup): void {
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
      look.firewall([...at, "firewall"], dataset.firewall);
      return;
    case "database":
      if ("cluster" in dataset.on) look.cluster([...at, "on", "cluster"], dataset.on.cluster);
      else if (look.host([...at, "on", "host"], dataset.on.host))
        look.pool([...at, "on", "pool"], dataset.on.host, dataset.on.pool);
  }
}

function plannedRuns(estate: Estate, look: Lookup): void {
  const before: PlannedRun[] = [];
  for (const { layer, spec, at } of partsOf(estate))
    for (const run of layer.runs(spec)) {
      if (run.host !== undefined && run.at.length === 0) look.host([...at, "host"], run.host);
      plannedRun(run, [...at, ...run.at], estate, look);
      twice(run, [...at, ...run.at], before, look);
      before.push(run);
    }
}

function plannedRun({ host, schedule, alert }: PlannedRun, at: Path, estate: Estate, look: Lookup): void {
  if (alert) look.receiver([...at, "alert", "receiver"], alert.receiver);
  if (host === undefined || !schedule || !("after" in schedule)) return;
  const jobs = runsOfHost(host, estate).map(({ job }) => job);
  schedule.after.forEach((job, index) =>
    look.name([...at, "schedule", "after", index], job, jobs, `job of host ${host}`),
  );
}

/** A host's jobs are told apart by their names: units, folders and metrics are called so. */
function twice(
  { job, host, at: within }: PlannedRun,
  at: Path,
  before: readonly PlannedRun[],
  look: Lookup,
): void {
  if (host === undefined || !before.some(other => other.host === host && other.job === job)) return;
  if (within.length === 0)
    look.fault([...at, "host"], host, `has two jobs named ${job}: a host has one of each layer`);
  else
    look.fault(at, job, `makes a second job named ${job} on host ${host}. Keep one, or give it another name`);
}
