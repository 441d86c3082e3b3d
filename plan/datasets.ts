import { addTo } from "./add-to";
import type { Estate } from "./estate/schema";
import type { DatasetSpec } from "./estate/services";
import type { Location } from "./job";
import { hostLocation, poolLocation } from "./layers/places";
import { parseSize } from "./units/size";

/** Bytes that somebody needs, at the place where they live. Sizes in bytes. */
export interface Dataset {
  /** "service/dataset"; just the service's name where the two are the same. */
  readonly id: string;
  readonly service: string;
  readonly name: string;
  readonly kind: DatasetSpec["kind"];
  readonly location: Location;
  /** Cluster that dies with it, for what lives on the nodes' own disks. */
  readonly cluster?: string;
  /** Kubernetes namespace of a volume or of a database's volume. */
  readonly namespace?: string;
  readonly holds: "files" | "sqlite" | "database";
  readonly engine?: string;
  /** A volume that opens with a passphrase alone. */
  readonly encrypted?: true;
  /** A volume that pods get as a device: no file of it can be copied. */
  readonly block?: true;
  /** How many volumes alike it stands for. */
  readonly count: number;
  /** Of each; absent where the estate doesn't say. */
  readonly sizeBytes?: number;
  /** Of each; absent where the estate doesn't say. */
  readonly churnPerDayBytes?: number;
  readonly growthPerDayBytes?: number;
  readonly unprotected?: { readonly reason: string; readonly owner: string; readonly expires: string };
}

/** Id of a dataset from how an estate writes it: a service, or "service/dataset". */
export function datasetId(text: string): string {
  const [service = "", name = service] = text.split("/");
  return service === name ? service : `${service}/${name}`;
}

/** All of a dataset; nothing where the estate doesn't say how large it is. */
export function bytesOf({ sizeBytes, count }: Dataset): number | undefined {
  return sizeBytes === undefined ? undefined : sizeBytes * count;
}

const known = new WeakMap<Estate, readonly Dataset[]>();

/**
 * Every dataset of an estate, in its order; of many volumes alike, one that stands for all of them. Computed once for an
 * estate: layers ask for each of their hosts.
 */
export function datasetsOf(estate: Estate): readonly Dataset[] {
  const datasets = known.get(estate) ?? alikeAsOne(eachDatasetOf(estate), estate);
  known.set(estate, datasets);
  return datasets;
}

const eachKnown = new WeakMap<Estate, readonly Dataset[]>();

/** Every dataset as the estate has it. Computed once for an estate. */
export function eachDatasetOf(estate: Estate): readonly Dataset[] {
  const datasets =
    eachKnown.get(estate) ??
    Object.entries(estate.services).flatMap(([service, { data }]) =>
      data.map(spec => datasetOf(service, spec, estate)),
    );
  eachKnown.set(estate, datasets);
  return datasets;
}

const folded = new WeakMap<Dataset, readonly Dataset[]>();

/** Those that one of them stands for, each as the estate has it; a dataset that stands for itself alone. */
export function membersOf(dataset: Dataset): readonly Dataset[] {
  return folded.get(dataset) ?? [dataset];
}

/** From so many on, nobody reads of each of them. */
const many = 10;

/** Volumes of a service that differ in name and claim alone have the same copies, losses and faults, told once. */
function alikeAsOne(datasets: readonly Dataset[], estate: Estate): Dataset[] {
  const alone = namedAlone(estate);
  const alike = new Map<string, Dataset[]>();
  const keys = new Map<Dataset, string>();
  for (const dataset of datasets) {
    if (dataset.kind !== "volume" || alone.has(dataset.id)) continue;
    const key = alikeKey(dataset);
    keys.set(dataset, key);
    addTo(alike, key, dataset);
  }
  return datasets.flatMap(dataset => {
    const all = alike.get(keys.get(dataset) ?? "") ?? [];
    if (all.length < many) return [dataset];
    if (dataset !== all[0]) return [];
    const count = all.reduce((sum, each) => sum + each.count, 0);
    const one = { ...dataset, id: `${dataset.id} and ${all.length - 1} alike`, count };
    folded.set(one, all);
    return [one];
  });
}

function alikeKey({ location: { machine, path }, unprotected, ...volume }: Dataset): string {
  const { service, namespace, holds, encrypted, block } = volume;
  const { count, sizeBytes, churnPerDayBytes, growthPerDayBytes } = volume;
  const [pool] = path.split("/", 1);
  const accepted = unprotected && JSON.stringify(unprotected);
  return [
    ...[service, machine.name, pool, namespace, holds, encrypted, block, count],
    ...[sizeBytes, churnPerDayBytes, growthPerDayBytes, accepted],
  ].join("\n");
}

/** What somebody says of one dataset by its name. */
function namedAlone({ waivers, layers, statements }: Estate): ReadonlySet<string> {
  return new Set([
    ...waivers.map(({ subject }) => subject),
    ...Object.values(layers)
      .flat()
      .flatMap(part => ("dataset" in part ? [datasetId(part.dataset)] : [])),
    ...statements.map(({ about }) => datasetId(about)),
  ]);
}

function datasetOf(service: string, spec: DatasetSpec, estate: Estate): Dataset {
  const name = spec.name ?? service;
  return {
    id: datasetId(`${service}/${name}`),
    service,
    name,
    kind: spec.kind,
    ...placeOf(name, spec, estate),
    holds: spec.kind === "volume" ? spec.holds : spec.kind === "database" ? "database" : "files",
    ...(spec.kind === "database" ? { engine: spec.engine } : {}),
    ...(spec.kind === "volume" && spec.encrypted ? { encrypted: true } : {}),
    ...(spec.kind === "volume" && spec.block ? { block: true } : {}),
    count: spec.kind === "volume" ? spec.count : 1,
    ...(spec.size === undefined ? {} : { sizeBytes: parseSize(spec.size) }),
    ...(spec.churnPerDay === undefined ? {} : { churnPerDayBytes: parseSize(spec.churnPerDay) }),
    ...(spec.growthPerDay === undefined ? {} : { growthPerDayBytes: parseSize(spec.growthPerDay) }),
    ...(spec.unprotected ? { unprotected: spec.unprotected } : {}),
  };
}

function placeOf(
  name: string,
  spec: DatasetSpec,
  estate: Estate,
): Pick<Dataset, "location" | "cluster" | "namespace"> {
  switch (spec.kind) {
    case "volume":
      return {
        location: poolLocation(estate, spec.host, spec.pool, `${spec.namespace}/${spec.claim ?? name}`),
        namespace: spec.namespace,
      };
    case "database":
      return "cluster" in spec.on
        ? nodeDisk(spec.on.cluster, name, estate)
        : {
            location: poolLocation(estate, spec.on.host, spec.on.pool, `${spec.on.namespace}/${name}`),
            namespace: spec.on.namespace,
          };
    case "vm":
      return {
        location: poolLocation(estate, spec.host, spec.pool, `vm-${spec.id}`),
        ...(spec.cluster === undefined ? {} : { cluster: spec.cluster }),
      };
    case "tree":
      return { location: hostLocation(estate, spec.host, spec.path) };
    case "configuration":
      return { location: hostLocation(estate, spec.host, spec.paths[0] ?? "/etc") };
    case "device":
      return { location: { machine: { kind: "firewall", name: spec.firewall }, path: "/cf/conf" } };
  }
}

/** A cluster's nodes are VMs: their disks lie on a disk of its first host, and are lost with the cluster too. */
function nodeDisk(cluster: string, name: string, estate: Estate): Pick<Dataset, "location" | "cluster"> {
  const spec = estate.clusters[cluster];
  return {
    location: {
      machine: { kind: "host", name: spec?.hosts[0] ?? "" },
      ...(spec ? { disk: spec.disk } : {}),
      path: `nodes:${cluster}/${name}`,
    },
    cluster,
  };
}
