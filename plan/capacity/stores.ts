import type { Plan } from "..";
import type { Dataset } from "../datasets";
import type { Location } from "../job";
import { isBelow } from "../layers/places";
import { parseSize } from "../units/size";
import { sizesOf } from "./copy-size";

/** Of a thin pool, and of its metadata, this share may be in use: a full one stops every volume in it, and one night may change much. */
export const poolUsableShare = 0.9;

/** Something that fills: a thin pool, its metadata, a file system of a host, or a NAS. Bytes. */
export interface Store {
  readonly kind: "pool" | "pool-metadata" | "filesystem" | "nas";
  /** "pve/data", "pve/data metadata", "pve:/mnt/backup" or "nas". */
  readonly name: string;
  readonly sizeBytes: number;
  /** `sizeBytes`, and of a thin pool and its metadata `poolUsableShare` of it. */
  readonly usableBytes: number;
  /** What the estate doesn't account for, by the operator's own figure. */
  readonly otherBytes: number;
  /** Nobody says how much that is: `otherBytes` is 0, and what others take comes on top of `needBytes`. */
  readonly othersUnsaid: boolean;
  /** What is needed once every retention has filled up. */
  readonly needBytes: number;
  /** `needBytes`, and more where the estate doesn't say how much of a dataset changes: what all of it would need, changing each day. */
  readonly mostBytes: number;
  /** Of `needBytes`, what only earlier generations hold. */
  readonly pinnedBytes: number;
  readonly growthPerDayBytes: number;
  /** Datasets by what they and their copies need there, largest first. */
  readonly parts: readonly { readonly dataset: string; readonly bytes: number }[];
  /** Datasets that it holds, or copies of, whose size the estate doesn't say: what they need comes on top of `needBytes`. */
  readonly unsized: readonly string[];
  /** Those of which it doesn't say how much changes each day, and earlier generations hold that: why `mostBytes` is more. */
  readonly unchurned: readonly string[];
  /** Those of which it doesn't say how much they grow each day. */
  readonly ungrown: readonly string[];
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
  /** What changes that nobody has said may need beside what is known. */
  more = 0;
  readonly byDataset = new Map<string, number>();
  readonly unsized = new Set<string>();
  readonly unchurned = new Set<string>();
  readonly ungrown = new Set<string>();
  constructor(
    readonly kind: Store["kind"],
    readonly name: string,
    readonly sizeBytes: number,
    /** Undefined where nobody says it. */
    private readonly others: number | undefined,
  ) {}

  add(dataset: Dataset, bytes: number, pinned: number, growth: number): void {
    const { id } = dataset;
    this.byDataset.set(id, (this.byDataset.get(id) ?? 0) + bytes);
    this.pinned += pinned;
    this.growth += growth;
    if (dataset.sizeBytes === undefined) this.unsized.add(id);
    // Who doesn't say how large it is hears of that, and a firewall's or a host's configuration are a few megabytes.
    else if (!isSmall(dataset) && dataset.growthPerDayBytes === undefined) this.ungrown.add(id);
  }

  addUnsaid({ id }: Dataset, bytes: number): void {
    if (bytes <= 0) return;
    this.more += bytes;
    this.unchurned.add(id);
  }

  store(): Store {
    const parts = [...this.byDataset]
      .map(([dataset, bytes]) => ({ dataset, bytes }))
      .sort((a, b) => b.bytes - a.bytes);
    const planned = parts.reduce((sum, { bytes }) => sum + bytes, 0);
    const otherBytes = this.others ?? 0;
    // A pool's figure is of all that is in it, volumes and snapshots of the estate included.
    const needOf = (bytes: number): number =>
      this.kind === "pool" ? Math.max(otherBytes, bytes) : otherBytes + bytes;
    return {
      kind: this.kind,
      name: this.name,
      sizeBytes: this.sizeBytes,
      usableBytes: this.kind === "pool" ? Math.floor(this.sizeBytes * poolUsableShare) : this.sizeBytes,
      otherBytes,
      othersUnsaid: this.others === undefined,
      needBytes: needOf(planned),
      mostBytes: needOf(planned + this.more),
      pinnedBytes: this.pinned,
      growthPerDayBytes: this.growth,
      parts,
      unsized: [...this.unsized],
      unchurned: [...this.unchurned],
      ungrown: [...this.ungrown],
    };
  }
}

/** A firewall's and a host's own configuration: a few megabytes, of which nobody counts what changes. */
export function isSmall({ kind }: Dataset): boolean {
  return kind === "device" || kind === "configuration";
}

function computed(plan: Plan): Store[] {
  const fillings = emptyStores(plan);
  const [least, most] = [sizesOf(plan, "least"), sizesOf(plan, "most")];
  const storeName = storeNames(plan);
  const at = (location: Location): Filling | undefined => fillings.get(storeName(location));
  for (const dataset of plan.datasets) {
    // A host's own configuration lies in a system that is there anyway.
    if (dataset.kind === "configuration") continue;
    const { bytes, growthPerDayBytes } = least.live(dataset);
    at(dataset.location)?.add(dataset, bytes, 0, growthPerDayBytes);
  }
  for (const copy of plan.copies) {
    const { bytes, pinnedBytes, growthPerDayBytes } = least.of(copy);
    const store = at(copy.location);
    store?.add(copy.dataset, bytes, pinnedBytes, growthPerDayBytes);
    store?.addUnsaid(copy.dataset, most.of(copy).bytes - bytes);
  }
  return [...fillings.values()]
    .map(filling => filling.store())
    .flatMap(store => [store, ...metadataOf(store, plan)]);
}

// Documentation/admin-guide/device-mapper/thin-provisioning of Linux: 48 bytes for each block of data. 64 KiB is lvmthin's own block size.
const metadataPerByte = 48 / 65_536;

/** The metadata volume of a pool, which fills with the blocks that are mapped. */
function metadataOf(
  { kind, name, needBytes, mostBytes, pinnedBytes, growthPerDayBytes, ...unsaid }: Store,
  { estate }: Plan,
): Store[] {
  const [host = "", pool = ""] = name.split("/");
  const metadata = kind === "pool" ? estate.hosts[host]?.pools[pool]?.metadata : undefined;
  if (!metadata) return [];
  const [sizeBytes, otherBytes] = [parseSize(metadata.size), parseSize(metadata.used)];
  const { unsized, unchurned, ungrown } = unsaid;
  return [
    {
      kind: "pool-metadata",
      name: `${name} metadata`,
      sizeBytes,
      usableBytes: Math.floor(sizeBytes * poolUsableShare),
      otherBytes,
      othersUnsaid: false,
      needBytes: Math.max(otherBytes, Math.ceil(needBytes * metadataPerByte)),
      mostBytes: Math.max(otherBytes, Math.ceil(mostBytes * metadataPerByte)),
      pinnedBytes: Math.ceil(pinnedBytes * metadataPerByte),
      growthPerDayBytes: Math.ceil(growthPerDayBytes * metadataPerByte),
      parts: [],
      ...{ unsized, unchurned, ungrown },
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
        new Filling(
          "filesystem",
          `${host}:${mount}`,
          filesystemSize(host, mount, estate),
          used === undefined ? undefined : parseSize(used),
        ),
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
export function storeNames({ estate }: Plan): (location: Location) => string {
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
