import { alertStem } from "../alert-stem";
import { partsOf } from "../layers";
import { nearest } from "../contracts/near";
import { kubeconfig, restoreKubeconfig } from "../layers/host-runner";
import type { PlannedRun } from "../layers/layer";
import { deadMan } from "./callers";
import type { EstateFault } from "./faults";
import { Lookup, type Path } from "./lookup";
import type { Estate } from "./schema";
import type { DatasetSpec } from "./services";
import { secretUses } from "./secret-uses";
import { sizes } from "./sizes";
import { slips } from "./slips";

const named = new WeakMap<Estate, ReadonlySet<string>>();

/** The estate's secrets that something in it names: a job, a machine, a service or who looks at them. */
export function secretsNamed(estate: Estate): ReadonlySet<string> {
  if (!named.has(estate)) references(estate);
  return named.get(estate) ?? new Set();
}

/** Names that point nowhere, and things that are there twice. */
export function references(estate: Estate): EstateFault[] {
  const look = new Lookup(estate);
  places(estate, look);
  people(estate, look);
  slips(estate, look);
  sizes(estate, look);
  services(estate, look);
  for (const { layer, spec, at } of partsOf(estate)) layer.references(spec, at, look, estate);
  plannedRuns(estate, look);
  secretUses(estate, look);
  look.blameDeclarations();
  named.set(estate, new Set(Object.keys(estate.secrets).filter(name => look.isAsked(estate.secrets, name))));
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
    const [first = ""] = cluster.hosts;
    look.disk(["clusters", name, "disk"], first, cluster.disk);
    if (estate.hosts[first]?.disks[cluster.disk]?.role === "backup")
      look.fault(
        ["clusters", name, "disk"],
        cluster.disk,
        `is a disk of ${first} with the role "backup": the nodes would lie beside their own copies, and one failed disk takes both. Expected the disk of the nodes' file systems, e.g. "${Object.entries(estate.hosts[first].disks).find(([, { role }]) => role === "live")?.[0] ?? "sdb"}"`,
      );
  }
  nodesElsewhere(estate, look);
  if (estate.sites)
    for (const section of ["hosts", "destinations", "firewalls"] as const)
      for (const [name, { site }] of Object.entries(estate[section]))
        look.name([section, name, "site"], site, estate.sites, "site of the estate's sites");
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
  for (const [name, { receives }] of Object.entries(estate.destinations))
    if (receives) look.secret(["destinations", name, "receives", "secret"], receives.secret, "ssh-key");
  for (const [name, firewall] of Object.entries(estate.firewalls))
    for (const [part, use] of [
      ["api", "api-key"],
      ["ssh", "ssh-key"],
    ] as const)
      look.secret(["firewalls", name, part, "secret"], firewall[part].secret, use);
  for (const [name, { api, ssh }] of Object.entries(estate.firewalls))
    if (api.secret === ssh.secret)
      look.fault(
        ["firewalls", name, "ssh", "secret"],
        ssh.secret,
        "is the key of its API already: a private key of SSH is another thing, and one of the two ways in would fail each night. Give each its own secret",
      );
}

function people(estate: Estate, look: Lookup): void {
  for (const [index, { code, subject }] of estate.waivers.entries()) {
    const first = estate.waivers.findIndex(other => other.code === code && other.subject === subject);
    if (first < index)
      look.fault(
        ["waivers", index, "subject"],
        subject,
        `is waived for ${code} by waivers[${first}] already: of two dates, nobody knows which one holds. Keep one of the two`,
      );
  }
  for (const [index, { receiver }] of estate.monitoring.alerts.entries())
    if (receiver !== undefined) look.receiver(["monitoring", "alerts", index, "receiver"], receiver);
  deadMan(estate, look);
  pushgateway(estate, look);
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

function pushgateway(estate: Estate, look: Lookup): void {
  const { monitoring } = estate;
  const { pushgatewayLogin: login, pushgatewayServer: server } = monitoring;
  const at = ["monitoring", "pushgatewayServer"];
  if (login) {
    const asked = ["monitoring", "pushgatewayLogin", "password"];
    look.secret(asked, login.password, "push");
    if ([kubeconfig, restoreKubeconfig].includes(login.password))
      look.fault(
        asked,
        login.password,
        "is what a job's access to a cluster is called beside it, and one file can't have both. Give the secret another name, e.g. \"pushgateway\"",
      );
  }
  if (!server) {
    reachable(estate, look);
    return;
  }
  look.cluster([...at, "cluster"], server.cluster);
  if (!login)
    look.fault(
      at,
      server.cluster,
      'would take what anybody pushes who reaches a node. Expected pushgatewayLogin beside it, e.g. { user: "holdfast", password: "pushgateway" }',
    );
  const { protocol, hostname, port } = new URL(monitoring.pushgateway);
  const other = otherMachine(hostname, estate);
  const [host] = Object.keys(estate.hosts).filter(
    name => estate.hosts[name]?.address.toLowerCase() === hostname,
  );
  if (server.forwardedBy !== undefined) look.host([...at, "forwardedBy"], server.forwardedBy);
  if (
    server.forwardedBy !== undefined &&
    host !== server.forwardedBy &&
    !look.isFaulty([...at, "forwardedBy"])
  )
    look.fault(
      [...at, "forwardedBy"],
      server.forwardedBy,
      `isn't the machine of monitoring.pushgateway ("${hostname}"), where all that is pushed goes. Expected its address there (${estate.hosts[server.forwardedBy]?.address}), or remove this`,
    );
  else if (/^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname))
    look.fault(
      ["monitoring", "pushgateway"],
      monitoring.pushgateway,
      `is whoever pushes themselves, and pushgatewayServer answers at the cluster's nodes: every push would be lost. Expected a node's address, e.g. "http://192.168.1.10:${server.nodePort}"`,
    );
  else if (protocol === "https:" && Number(port) === server.nodePort)
    look.fault(
      ["monitoring", "pushgateway"],
      monitoring.pushgateway,
      `is https at the port where pushgatewayServer speaks http: every push would fail. Expected "http://${hostname}:${server.nodePort}", or the https address of a proxy before it`,
    );
  else if (protocol === "http:" && other !== undefined)
    look.fault(
      ["monitoring", "pushgateway"],
      monitoring.pushgateway,
      `is the address of ${other}, which is no node of cluster ${server.cluster}: every push would be lost. Expected a node's, e.g. "http://192.168.1.20:${server.nodePort}"`,
    );
  else if (protocol === "http:" && host !== undefined && server.forwardedBy === undefined)
    look.fault(
      ["monitoring", "pushgateway"],
      monitoring.pushgateway,
      `is the address of host ${host}, and pushgatewayServer answers at the nodes of cluster ${server.cluster}, which are machines on it: every push would be lost. Expected a node's, e.g. "http://192.168.1.20:${server.nodePort}"; or pushgatewayServer.forwardedBy: "${host}", if that host forwards the port to one, or is a node itself`,
    );
  else if (protocol === "http:" && server.forwardedBy === undefined && Number(port) !== server.nodePort)
    look.fault(
      ["monitoring", "pushgateway"],
      monitoring.pushgateway,
      `is another port than the one at which pushgatewayServer answers on each node: every push would be lost. Expected "http://${hostname}:${server.nodePort}", or the https address of a proxy before it`,
    );
}

/** Where several machines push, none of them has the Pushgateway for itself. */
function reachable({ monitoring, hosts, clusters }: Estate, look: Lookup): void {
  const { hostname } = new URL(monitoring.pushgateway);
  const isAlone = Object.keys(hosts).length === 1 && Object.keys(clusters).length === 0;
  if (!isAlone && /^(localhost|127\.[0-9.]+|\[::1\])$/.test(hostname))
    look.fault(
      ["monitoring", "pushgateway"],
      monitoring.pushgateway,
      'leads to whoever pushes: each host and pod would push to itself. Expected an address that all of them reach, e.g. "http://192.168.1.10:30091"',
    );
}

/** A destination or a firewall of that address. */
function otherMachine(hostname: string, { destinations, firewalls }: Estate): string | undefined {
  for (const [kind, machines] of Object.entries({ destination: destinations, firewall: firewalls }))
    for (const [name, { address }] of Object.entries(machines))
      if (address.toLowerCase() === hostname) return `${kind} ${name}`;
  return undefined;
}

function services(estate: Estate, look: Lookup): void {
  for (const [service, { data, needs }] of Object.entries(estate.services)) {
    const at = ["services", service];
    needs.forEach((needed, index) =>
      look.name([...at, "needs", index], needed, Object.keys(estate.services), "service"),
    );
    const names = new Set<string>();
    for (const [index, dataset] of data.entries()) {
      const name = dataset.name ?? service;
      if (names.has(name))
        look.fault(
          [...at, "data", index, "name"],
          name,
          "is there twice. Give each dataset of a service its own name",
        );
      names.add(name);
      dataPlace([...at, "data", index], dataset, look);
    }
  }
}

function dataPlace(at: Path, dataset: DatasetSpec, look: Lookup): void {
  switch (dataset.kind) {
    case "volume":
    case "vm":
      if (look.host([...at, "host"], dataset.host)) look.pool([...at, "pool"], dataset.host, dataset.pool);
      if (dataset.kind === "vm" && dataset.cluster !== undefined)
        look.cluster([...at, "cluster"], dataset.cluster);
      return;
    case "tree":
      if (look.host([...at, "host"], dataset.host)) look.inMount([...at, "path"], dataset.host, dataset.path);
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
      return;
    default:
      dataset satisfies never;
  }
}

function plannedRuns(estate: Estate, look: Lookup): void {
  const runs = partsOf(estate).flatMap(({ layer, spec, at: part }) =>
    layer.runs(spec).map(run => ({ run, part, at: [...part, ...run.at] })),
  );
  for (const { run, part, at } of runs) {
    if (run.host !== undefined && at.length === part.length) look.host([...part, "host"], run.host);
    if (!look.isFaulty([...part, "host"])) plannedRun(run, at, runs, look);
  }
  twice(runs, Object.keys(estate.hosts), look);
  calledAsAnother(runs, look);
  alertsTwice(runs, look);
}

/** Of two jobs whose alerts have one name, a person who is woken by one looks at the other. Those of two hosts tell their host. */
function alertsTwice(runs: readonly { readonly run: PlannedRun; readonly at: Path }[], look: Lookup): void {
  const stem = ({ job, alert }: PlannedRun): string => alertStem(job, alert?.called);
  for (const { run, at } of runs) {
    const formerly = run.alert?.formerly;
    const of = formerly === undefined ? undefined : runs.find(other => stem(other.run) === formerly)?.run.job;
    if (of !== undefined)
      look.fault(
        [...at, "alert", "formerly"],
        formerly,
        of === run.job
          ? "is what its alerts are called today. Expected the name that they had before, or nothing"
          : `is what the alerts of ${of} are called today: who looks for the former name of ${run.job}'s finds those. Expected the name that its own had before, or nothing`,
      );
  }
  const onOtherHosts = (one: PlannedRun, other: PlannedRun): boolean =>
    one.host !== undefined && other.host !== undefined && one.host !== other.host;
  for (const { run, at } of runs) {
    const called = run.alert?.called;
    if (called === undefined) continue;
    const other = runs.find(
      found => found.run !== run && stem(found.run) === called && !onOtherHosts(found.run, run),
    );
    if (other)
      look.fault(
        [...at, "alert", "called"],
        called,
        `is what the alerts of ${other.run.job} are called too. Give each job's a name of its own`,
      );
  }
}

/** A dump's metrics and alerts are called after it, as those of a host's jobs are. */
function calledAsAnother(
  runs: readonly { readonly run: PlannedRun; readonly part: Path }[],
  look: Lookup,
): void {
  const ofHosts = new Set(runs.flatMap(({ run }) => (run.host === undefined ? [] : [run.job])));
  for (const { run, part } of runs)
    if (part[1] === "cluster-dump" && ofHosts.has(run.job))
      look.fault(
        [...part, "name"],
        run.job,
        `is what a job of a host is called: the last success of one would pass for the other's. Give the dump a name of its own, e.g. "${run.job}-dump"`,
      );
}

function plannedRun(
  { host, schedule, alert }: PlannedRun,
  at: Path,
  runs: readonly { readonly run: PlannedRun; readonly part: Path; readonly at: Path }[],
  look: Lookup,
): void {
  if (alert) look.receiver([...at, "alert", "receiver"], alert.receiver);
  if (host === undefined || !schedule || !("after" in schedule)) return;
  const ofHost = runs.filter(({ run }) => run.host === host);
  const jobs = ofHost.map(({ run }) => run.job);
  schedule.after.forEach((job, index) => {
    // What is called after a misspelt part has its own name once that is mended.
    const [near] = nearest(job, jobs);
    const isOfFaulty = ({ run, part, at }: (typeof ofHost)[number]): boolean =>
      run.job === near && at.length > part.length && look.isFaultyWithin(at);
    if (!jobs.includes(job) && ofHost.some(isOfFaulty)) return;
    look.name([...at, "schedule", "after", index], job, jobs, `job of host ${host}`);
  });
}

/** A host's jobs are told apart by their names: units, folders and metrics are called so. Whoever can be renamed is told. */
function twice(
  runs: readonly { readonly run: PlannedRun; readonly part: Path; readonly at: Path }[],
  hosts: readonly string[],
  look: Lookup,
): void {
  // The one host that has no part of a layer of which another has two.
  const without = ([, layer]: Path): string | undefined => {
    const own = runs.filter(({ part, at }) => part[1] === layer && at.length === part.length);
    const [idle, other] = hosts.filter(name => own.every(({ run }) => run.host !== name));
    return idle !== undefined && other === undefined ? `Expected "${idle}", which has none` : undefined;
  };
  // A part that is there twice is one fault, not one for each of its jobs.
  const others = ({ host, job }: PlannedRun) =>
    runs.filter(({ run, part }) => run.host === host && run.job === job && !look.isFaulty([...part, "host"]));
  for (const { run, part, at } of runs) {
    if (run.host === undefined || run.named || at.length > part.length) continue;
    if (look.isFaulty([...part, "host"])) continue;
    const first = others(run).find(other => !other.run.named);
    if (first?.run === run) continue;
    look.fault(
      [...part, "host"],
      run.host,
      `has two jobs named ${run.job}: a host has one of each layer. ${without(part) ?? 'Remove one, or give a second part a "name" of its own, where it takes one'}`,
    );
  }
  for (const { run, part } of runs) {
    const path = [...part, ...(run.named?.at ?? [])];
    if (!run.named || others(run).length < 2 || look.isFaulty(path) || look.isFaulty([...part, "host"]))
      continue;
    const { value, what } = run.named;
    look.fault(
      path,
      value,
      `makes a second job named ${run.job} on host ${run.host}. Keep one, or rename the ${what}`,
    );
  }
}

/** A cluster's disk is said twice where its nodes have images: by the cluster, and by the pool that a node lies in. */
function nodesElsewhere({ clusters, hosts, services }: Estate, look: Lookup): void {
  for (const [name, cluster] of Object.entries(clusters)) {
    const [first = ""] = cluster.hosts;
    const nodes = Object.values(services).flatMap(({ data }) =>
      data.flatMap(node =>
        node.kind === "vm" && node.cluster === name && node.host === first ? [node] : [],
      ),
    );
    const disks = nodes.flatMap(({ pool }) => hosts[first]?.pools[pool]?.disk ?? []);
    const [lies] = disks;
    const at = ["clusters", name, "disk"];
    if (lies !== undefined && !disks.includes(cluster.disk) && !look.isFaulty(at))
      look.fault(
        at,
        cluster.disk,
        `isn't where its node ${nodes[0]?.id ?? ""} lies, which is in pool ${nodes[0]?.pool ?? ""} of ${first}: what is on the nodes' own disks would be counted as lost with another disk. Expected "${lies}"`,
      );
  }
}
