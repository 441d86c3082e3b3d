import { bytesOf, type Dataset } from "../datasets";
import type { Estate } from "../estate/schema";
import type { Location } from "../job";
import { sameMachine } from "../layers/places";
import { parseDuration } from "../units/duration";
import { parseSize } from "../units/size";
import type { Copy } from "./copies";

/** A harmed dataset and its newest surviving copy. */
export interface Left {
  readonly dataset: Dataset;
  readonly copy?: Copy;
  readonly readMs?: number;
}

/** The least time that a restore takes. */
export interface RestoreTime {
  /** Until the service is back, what it needs first included; absent when it can't be told. */
  readonly floorMs?: number;
  readonly unknown?: string;
  /** Of each dataset alone. */
  readonly byDataset: ReadonlyMap<Dataset, number>;
}

/**
 * Least restore times of harmed services: bytes over each link's bandwidth, one after the other on the same link, links
 * side by side, a link's latency once; and before that, the services that it needs, which can be restored side by side.
 * Nothing has to move for a snapshot in the volume's own pool or for a firewall's few megabytes. Where the estate names no
 * link, or not how large something is, the time can't be told. Installing, starting and people come on top.
 */
export function restoreTimes(
  estate: Estate,
  harmed: ReadonlyMap<string, readonly Left[]>,
): Map<string, RestoreTime> {
  const own = new Map([...harmed].map(([service, lefts]) => [service, ownTime(estate, lefts)]));
  const total = new Map<string, RestoreTime>();
  const resolve = (service: string, path: readonly string[]): RestoreTime => {
    const known = total.get(service);
    const time = own.get(service);
    if (known || !time) return known ?? { floorMs: 0, byDataset: new Map() };
    const needs = estate.services[service]?.needs ?? [];
    const [circular] = needs.filter(needed => path.includes(needed) && own.has(needed));
    const first = needs
      .filter(needed => !path.includes(needed))
      .map(needed => resolve(needed, [...path, needed]));
    const unknown =
      time.unknown ??
      (circular === undefined ? undefined : `${[service, circular].sort().join(" and ")} need one another`) ??
      first.find(needed => needed.unknown !== undefined)?.unknown;
    const floorMs = (time.floorMs ?? 0) + Math.max(0, ...first.map(needed => needed.floorMs ?? 0));
    const result = { byDataset: time.byDataset, ...(unknown === undefined ? { floorMs } : { unknown }) };
    if (circular === undefined) total.set(service, result);
    return result;
  };
  return new Map([...harmed.keys()].map(service => [service, resolve(service, [service])]));
}

function ownTime(estate: Estate, lefts: readonly Left[]): RestoreTime {
  const byDataset = new Map<Dataset, number>();
  const byLink = new Map<object, number>();
  let unknown: string | undefined;
  for (const { dataset, copy } of lefts) {
    if (dataset.unprotected) continue;
    if (!copy) {
      unknown ??= `nothing is left of ${dataset.id}`;
      continue;
    }
    const [from, to] = [copy.location.machine.name, dataset.location.machine.name];
    if (movesNothing(copy.location, dataset.location)) {
      byDataset.set(dataset, 0);
      continue;
    }
    const link = linkBetween(estate, from, to);
    if (!link) {
      unknown ??= from === to ? `no link from "${from}" to itself` : `no link between "${from}" and "${to}"`;
      continue;
    }
    const bytes = bytesOf(dataset);
    if (bytes === undefined) {
      unknown ??= `the size of ${dataset.id} isn't known`;
      continue;
    }
    const bytesMs = (bytes * 1000) / parseSize(link.bandwidth);
    byDataset.set(dataset, Math.ceil(bytesMs + parseDuration(link.latency)));
    byLink.set(link, (byLink.get(link) ?? parseDuration(link.latency)) + bytesMs);
  }
  const floorMs = Math.ceil(Math.max(0, ...byLink.values()));
  return { byDataset, ...(unknown === undefined ? { floorMs } : { unknown }) };
}

function movesNothing(from: Location, to: Location): boolean {
  const isSwapped =
    sameMachine(from.machine, to.machine) && poolOf(from) !== undefined && poolOf(from) === poolOf(to);
  return isSwapped || to.machine.kind === "firewall";
}

function poolOf({ path }: Location): string | undefined {
  return path.startsWith("pool:") ? path.split("/")[0] : undefined;
}

/** The estate's link in that direction, else in the other: a cable carries both ways. */
function linkBetween(estate: Estate, from: string, to: string): Estate["links"][number] | undefined {
  return (
    estate.links.find(link => link.from === from && link.to === to) ??
    estate.links.find(link => link.from === to && link.to === from)
  );
}
