import type { Estate } from "../plan/estate/schema";
import type { Location, Machine } from "../plan/job";
import { parseDuration } from "../plan/units/duration";
import { parseSize } from "../plan/units/size";
import { deviceOf } from "./protection";

/** What moving bytes back takes at the very least: `latencyMs`, and then `bytesMs`. */
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
  const swapped =
    deviceOf(from) === deviceOf(to) && from.path.startsWith("pool:") && to.path.startsWith("pool:");
  // Links name hosts and destinations: a firewall gets its few megabytes over any of them.
  if (swapped || to.machine.kind === "firewall") return { bytesMs: 0, latencyMs: 0 };
  const [one, other] = [endOf(from.machine, estate), endOf(to.machine, estate)];
  const there = linksOf(estate).filter(link => link.from === one && link.to === other);
  const back = linksOf(estate).filter(link => link.from === other && link.to === one);
  const links = (there.length > 0 ? there : back).map(({ from, to, bandwidth, latencyMs }) => ({
    link: `${from} > ${to}`,
    bytesMs: (bytes / bandwidth) * 1000,
    bandwidth,
    latencyMs,
  }));
  return links.sort((a, b) => floorMs(a) - floorMs(b))[0];
}

/** Both parts of a floor, in ms. */
export function floorMs({ bytesMs, latencyMs }: TransferFloor): number {
  return bytesMs + latencyMs;
}

/** A cluster's nodes run on hosts: their bytes go over the first host's links. */
function endOf({ kind, name }: Machine, estate: Estate): string {
  return kind === "cluster" ? (estate.clusters[name]?.hosts[0] ?? name) : name;
}

const parsed = new WeakMap<Estate, { from: string; to: string; bandwidth: number; latencyMs: number }[]>();

function linksOf(estate: Estate): { from: string; to: string; bandwidth: number; latencyMs: number }[] {
  const links =
    parsed.get(estate) ??
    estate.links.map(({ from, to, bandwidth, latency }) => ({
      from,
      to,
      bandwidth: parseSize(bandwidth),
      latencyMs: parseDuration(latency),
    }));
  parsed.set(estate, links);
  return links;
}
