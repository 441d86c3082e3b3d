import { addTo } from "../add-to";
import type { Estate } from "../estate/schema";
import type { Location, Machine } from "../job";
import { sameMachine } from "../layers/places";
import { parseDuration } from "../units/duration";
import { parseSize } from "../units/size";

/** What moving bytes takes at the very least: `latencyMs`, and then `bytesMs`. */
export interface TransferFloor {
  readonly bytesMs: number;
  /** Bytes per second of the link; absent where nothing has to move, or where the estate doesn't know. */
  readonly bandwidth?: number;
  readonly latencyMs: number;
  /** "nas > pve"; absent where nothing has to move. */
  readonly link?: string;
}

/**
 * Least time that bytes take from one place to another: the link's latency, and bytes over bandwidth. A link of the
 * other direction counts where none of this one is given. A snapshot in the volume's own pool is swapped, not moved: 0.
 * A machine without a link to itself copies as fast as its disks do, which the estate doesn't say.
 * @returns nothing when the estate has no link between two machines, or from one to itself
 */
export function transferFloor(
  from: Location,
  to: Location,
  bytes: number,
  estate: Estate,
): TransferFloor | undefined {
  const isSwapped =
    sameMachine(from.machine, to.machine) && poolOf(from) !== undefined && poolOf(from) === poolOf(to);
  // Links name hosts and destinations: a firewall gets its few megabytes over any of them.
  if (isSwapped || to.machine.kind === "firewall") return { bytesMs: 0, latencyMs: 0 };
  const [one, other] = [endOf(from.machine, estate), endOf(to.machine, estate)];
  const links = linksOf(estate);
  let fastest: TransferFloor | undefined;
  for (const { link, bandwidth, latencyMs } of links.get(one)?.get(other) ??
    links.get(other)?.get(one) ??
    []) {
    const floor = { link, bytesMs: (bytes / bandwidth) * 1000, bandwidth, latencyMs };
    if (!fastest || floorMs(floor) < floorMs(fastest)) fastest = floor;
  }
  return fastest;
}

function poolOf({ path }: Location): string | undefined {
  return path.startsWith("pool:") ? path.split("/", 1)[0] : undefined;
}

/** Both parts of a floor, in ms. */
export function floorMs({ bytesMs, latencyMs }: TransferFloor): number {
  return bytesMs + latencyMs;
}

/** A cluster's nodes run on hosts: their bytes go over the first host's links. */
function endOf({ kind, name }: Machine, estate: Estate): string {
  return kind === "cluster" ? (estate.clusters[name]?.hosts[0] ?? name) : name;
}

interface Link {
  /** "nas > pve" */
  readonly link: string;
  /** Bytes per second. */
  readonly bandwidth: number;
  readonly latencyMs: number;
}

type Links = ReadonlyMap<string, ReadonlyMap<string, readonly Link[]>>;

const known = new WeakMap<Estate, Links>();

/** Links by where they begin and where they end. Read once for an estate: every copy asks. */
function linksOf(estate: Estate): Links {
  const found = known.get(estate);
  if (found) return found;
  const links = new Map<string, Map<string, Link[]>>();
  for (const { from, to, bandwidth, latency } of estate.links) {
    const parsed = {
      link: `${from} > ${to}`,
      bandwidth: parseSize(bandwidth),
      latencyMs: parseDuration(latency),
    };
    const onward = links.get(from) ?? new Map<string, Link[]>();
    links.set(from, onward);
    addTo(onward, to, parsed);
  }
  known.set(estate, links);
  return links;
}
