import type { Plan } from "..";
import { bytesOf } from "../datasets";
import type { Location } from "../job";
import { isBelow } from "../layers/places";
import { parseSize } from "../units/size";
import { sizesOf } from "./copy-size";

/** Something that fills: a thin pool, its metadata, a file system of a host, or a NAS. Bytes. */
export interface Store {
  readonly kind: "pool" | "pool-metadata" | "filesystem" | "nas";
  /** "pve/data", "pve/data metadata", "pve:/mnt/backup" or "nas". */
  readonly name: string;
  readonly sizeBytes: number;
  /** `sizeBytes`, and of a thin pool and its metadata nine tenths: a full one stops every volume in it, and one night may change much. */
  readonly usableBytes: number;
  /** What the estate doesn't account for, by the operator's own figure. */
  readonly otherBytes: number;
  /** What is needed once every retention has filled up. */
  readonly needBytes: number;
  /** Of that, what only earlier generations hold. */
  readonly pinnedBytes: number;
  readonly growthPerDayBytes: number;
  /** Datasets by what they and their copies need there, largest first. */
  readonly parts: readonly { readonly dataset: string; readonly bytes: number }[];
  /** Datasets that it holds, or copies of, whose size the estate doesn't say: what they need comes on top of `needBytes`. */
  readonly unsized: readonly string[];
}

const known = new WeakMap<Plan, readonly Store[]>();

/** Every store of an estate and what the plan puts into it. Computed once for a plan. */
export function storesOf(plan: Plan): readonly Store[] {
  const found = known.get(plan) ?? computed(plan);
  known.set(plan, found);
  return found;
}

class Filling {
  pinned = 0;
  growth = 0;
  readonly byDataset = new Map<string, number>();
  readonly unsized = new Set<string>();
  constructor(
    readonly kind: Store["kind"],
    readonly name: string,
    readonly sizeBytes: number,
    readonly otherBytes: number,
  ) {}

  add(dataset: string, bytes: number, pinned: number, growth: number): void {
    this.byDataset.set(dataset, (this.byDataset.get(dataset) ?? 0) + bytes);
    this.pinned += pinned;
    this.growth += growth;
  }

  store(): Store {
    const parts = [...this.byDataset]
      .map(([dataset, bytes]) => ({ dataset, bytes }))
      .sort((a, b) => b.bytes - a.bytes);
    const planned = parts.reduce((sum, { bytes }) => sum + bytes, 0);
    return {
      kind: this.kind,
      name: this.name,
      sizeBytes: this.sizeBytes,
      usableBytes: this.kind === "pool" ? Math.floor(this.sizeBytes * 0.9) : this.sizeBytes,
      otherBytes: this.otherBytes,
      // A pool's figure is of all that is in it, volumes and snapshots of the estate included.
      needBytes: this.kind === "pool" ? Math.max(this.otherBytes, planned) : this.otherBytes + planned,
      pinnedBytes: this.pinned,
      growthPerDayBytes: this.growth,
      parts,
      unsized: [...this.unsized],
    };
  }
}

function computed(plan: Plan): Store[] {
  const fillings = emptyStores(plan);
  const sizes = sizesOf(plan);
  const storeName = storeNames(plan);
  const at = (location: Location): Filling | undefined => fillings.get(storeName(location));
  for (const dataset of plan.datasets) {
    // A host's own configuration lies in a system that is there anyway.
    if (dataset.kind === "configuration") continue;
    const store = at(dataset.location);
    store?.add(dataset.id, bytesOf(dataset) ?? 0, 0, dataset.growthPerDayBytes * dataset.count);
    if (dataset.sizeBytes === undefined) store?.unsized.add(dataset.id);
  }
  for (const copy of plan.copies) {
    const { bytes, pinnedBytes, growthPerDayBytes } = sizes.of(copy);
    const store = at(copy.location);
    store?.add(copy.dataset.id, bytes, pinnedBytes, growthPerDayBytes);
    if (copy.dataset.sizeBytes === undefined) store?.unsized.add(copy.dataset.id);
  }
  return [...fillings.values()]
    .map(filling => filling.store())
    .flatMap(store => [store, ...metadataOf(store, plan)]);
}

// Documentation/admin-guide/device-mapper/thin-provisioning of Linux: 48 bytes for each block of data. 64 KiB is lvmthin's own block size.
const metadataPerByte = 48 / 65_536;

/** The metadata volume of a pool, which fills with the blocks that are mapped. */
function metadataOf(
  { kind, name, needBytes, pinnedBytes, growthPerDayBytes, unsized }: Store,
  { estate }: Plan,
): Store[] {
  const [host = "", pool = ""] = name.split("/");
  const metadata = kind === "pool" ? estate.hosts[host]?.pools[pool]?.metadata : undefined;
  if (!metadata) return [];
  const [sizeBytes, otherBytes] = [parseSize(metadata.size), parseSize(metadata.used)];
  return [
    {
      kind: "pool-metadata",
      name: `${name} metadata`,
      sizeBytes,
      usableBytes: Math.floor(sizeBytes * 0.9),
      otherBytes,
      needBytes: Math.max(otherBytes, Math.ceil(needBytes * metadataPerByte)),
      pinnedBytes: Math.ceil(pinnedBytes * metadataPerByte),
      growthPerDayBytes: Math.ceil(growthPerDayBytes * metadataPerByte),
      parts: [],
      unsized,
    },
  ];
}

function emptyStores({ estate }: Plan): Map<string, Filling> {
  const fillings: Filling[] = [];
  for (const [host, { pools, filesystems }] of Object.entries(estate.hosts)) {
    for (const [pool, { size, used }] of Object.entries(pools))
      fillings.push(new Filling("pool", `${host}/${pool}`, parseSize(size), parseSize(used)));
    for (const [mount, { used }] of Object.entries(filesystems))
      fillings.push(
        new Filling("filesystem", `${host}:${mount}`, filesystemSize(host, mount, estate), parseSize(used)),
      );
  }
  for (const [name, { size, used }] of Object.entries(estate.destinations))
    fillings.push(new Filling("nas", name, parseSize(size), parseSize(used)));
  return new Map(fillings.map(filling => [filling.name, filling]));
}

/** A file system without a size has what the pools and the sized file systems of its disk leave. */
function filesystemSize(hostName: string, mount: string, estate: Plan["estate"]): number {
  const host = estate.hosts[hostName];
  const filesystem = host?.filesystems[mount];
  if (!host || !filesystem) return 0;
  if (filesystem.size !== undefined) return parseSize(filesystem.size);
  const { disk } = filesystem;
  const taken = [...Object.values(host.pools), ...Object.values(host.filesystems)]
    .filter(other => other.disk === disk && other.size !== undefined)
    .reduce((sum, other) => sum + parseSize(other.size ?? "0B"), 0);
  return Math.max(0, parseSize(host.disks[disk]?.size ?? "0B") - taken);
}

/** Finds the store of a place; mount points are put in order once. */
function storeNames({ estate }: Plan): (location: Location) => string {
  const mounts = new Map(
    Object.entries(estate.hosts).map(([host, { filesystems }]) => [
      host,
      Object.keys(filesystems).sort((a, b) => b.length - a.length),
    ]),
  );
  return ({ machine, path }) => {
    if (machine.kind === "destination") return machine.name;
    if (machine.kind !== "host") return "";
    if (path.startsWith("pool:"))
      return `${machine.name}/${path.slice("pool:".length).split("/", 1)[0] ?? ""}`;
    const nearest = mounts.get(machine.name)?.find(mount => isBelow(path, mount));
    return `${machine.name}:${nearest ?? ""}`;
  };
}
