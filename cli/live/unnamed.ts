import type { Estate } from "../../plan";
import { eachDatasetOf, type Dataset } from "../../plan/datasets";
import { exceptVolumes, treesOf } from "../../plan/estate/except-volumes";
import type { DatasetSpec } from "../../plan/estate/services";
import { isInCluster, type Job } from "../../plan/job";
import { isBelow, machineKey } from "../../plan/layers/places";
import type { Claim, Database } from "./cluster";
import type { SeenHost } from "./host";
import type { Seen } from "./seen";

/** Something that is there and that no service of the estate names, as it would be written there. */
export interface Unnamed {
  /** What a person calls it. */
  readonly what: string;
  /** Where it is told with its like. */
  readonly place: string;
  readonly spec: Extract<DatasetSpec, { kind: "volume" | "tree" | "vm" }>;
}

/** What no service names: claims in the hosts' pools, entries and exports of their file systems, and VMs. */
export function unnamedIn(seen: Seen, estate: Estate, jobs: readonly Job[]): Unnamed[] {
  const datasets = eachDatasetOf(estate);
  const servers = seen.clusters.flatMap(({ databases }) => databases);
  return seen.hosts.flatMap(host => [
    ...seen.clusters.flatMap(({ claims }) =>
      claims.flatMap(claim => volume(claim, host, { datasets, servers })),
    ),
    ...trees(host, seen, estate, jobs),
    ...vms(host, estate),
  ]);
}

/** Where the bytes of a claim of a pool lie, as a dataset has it; a database's volume goes by its namespace, and by the pods of its servers. */
function isNamed(
  { namespace, name }: Claim,
  host: string,
  pool: string,
  { datasets, servers }: { datasets: readonly Dataset[]; servers: readonly Database[] },
): boolean {
  const inNamespace = `pool:${pool}/${namespace}/`;
  const there = datasets.filter(
    ({ location: { machine, path } }) =>
      machine.kind === "host" && machine.name === host && path.startsWith(inNamespace),
  );
  if (there.some(({ kind, location }) => kind === "volume" && location.path === `${inNamespace}${name}`))
    return true;
  const claimsOf = there
    .filter(({ kind }) => kind === "database")
    .map(({ engine }) =>
      servers
        .filter(server => key(server.engine, server.namespace) === key(engine, namespace))
        .flatMap(({ claims }) => claims),
    );
  // Of one that no image tells, any of them may be its.
  return claimsOf.some(claims => claims.length === 0) || claimsOf.flat().includes(name);
}

function volume(
  claim: Claim,
  { host, volumes }: SeenHost,
  known: { datasets: readonly Dataset[]; servers: readonly Database[] },
): Unnamed[] {
  const { lies, namespace, name, isBlock } = claim;
  const pool = lies.kind === "disk" ? volumes?.get(lies.disk) : undefined;
  if (pool === undefined || isNamed(claim, host, pool, known)) return [];
  return [
    {
      what: `claim ${namespace}/${name}`,
      place: `${host}/${pool}`,
      spec: {
        ...{ kind: "volume", host, pool, namespace, claim: name, count: 1 },
        ...{ encrypted: false, block: isBlock, holds: "files" },
      },
    },
  ];
}

function trees(host: SeenHost, { clusters }: Seen, estate: Estate, jobs: readonly Job[]): Unnamed[] {
  const claimed = clusters.flatMap(({ claims }) =>
    claims.flatMap(({ lies }) =>
      lies.kind === "nfs" && host.addresses.includes(lies.server) ? [lies.path] : [],
    ),
  );
  const named = [...treesOf(host.host, estate), ...written(jobs, host.host)];
  const found = new Set(host.entries);
  // What lies above or below an entry is told by the entry.
  for (const path of [...host.exports, ...claimed])
    if (![...found].some(entry => isBelow(entry, path) || isBelow(path, entry))) found.add(path);
  return [...found]
    .filter(path => !named.some(known => isBelow(path, known) || isBelow(known, path)))
    .map(path => ({
      what: path,
      place: host.host,
      spec: { kind: "tree", host: host.host, path },
    }));
}

/** What jobs write is a copy, and nobody's data. */
function written(jobs: readonly Job[], host: string): string[] {
  return jobs
    .flatMap(({ flows }) => flows.map(({ target }) => target))
    .filter(({ machine, path }) => machineKey(machine) === `host ${host}` && path.startsWith("/"))
    .map(({ path }) => path);
}

function vms({ host, vms = [] }: SeenHost, estate: Estate): Unnamed[] {
  const [pool] = Object.keys(estate.hosts[host]?.pools ?? {});
  if (pool === undefined) return [];
  const known = new Set(
    exceptVolumes(estate).flatMap(({ spec }) => (spec.kind === "vm" && spec.host === host ? [spec.id] : [])),
  );
  return vms
    .filter(({ id }) => !known.has(id))
    .map(({ id, name }) => ({
      what: `VM ${id} (${name})`,
      place: host,
      spec: { kind: "vm", host, pool, id },
    }));
}

/** Databases that run where the estate has none of their engine, each once. */
export function databasesUnnamed({ clusters }: Seen, estate: Estate, jobs: readonly Job[]): Database[] {
  const known = eachDatasetOf(estate).flatMap(dataset =>
    dataset.engine === undefined
      ? []
      : namespacesOf(dataset, jobs).map(namespace => key(dataset.engine, namespace)),
  );
  const running = new Map(
    clusters
      .flatMap(({ databases }) => databases)
      .map(database => [key(database.engine, database.namespace), database] as const),
  );
  return [...running.values()].filter(
    ({ engine, namespace }) => !known.includes(key(engine, namespace)) && !known.includes(key(engine)),
  );
}

/** Of one on the nodes' own disks the estate says no namespace: it is that of the pods that dump it, or any. */
function namespacesOf({ id, namespace }: Dataset, jobs: readonly Job[]): (string | undefined)[] {
  if (namespace !== undefined) return [namespace];
  const dumped = jobs
    .filter(isInCluster)
    .filter(({ flows }) => flows.some(({ source }) => source.kind === "dataset" && source.id === id))
    .map(({ deployment }) => deployment.pod.namespace);
  return dumped.length === 0 ? [undefined] : dumped;
}

/** MariaDB is dumped as MySQL is, by whichever name. */
function key(engine: string | undefined, namespace?: string): string {
  return `${engine === "mariadb" ? "mysql" : engine} ${namespace ?? "anywhere"}`;
}
