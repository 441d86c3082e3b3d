import { addTo } from "../add-to";
import { isBelow } from "../layers/places";
import { parseSize } from "../units/size";
import type { Lookup, Path } from "./lookup";
import type { Estate } from "./schema";
import type { DatasetSpec } from "./services";

/** Sizes that contradict one another: of one thing, what is in it can't be more than all of it. */
export function sizes(estate: Estate, look: Lookup): void {
  const held = datasetsHeld(estate);
  for (const [name, { disks, filesystems, pools }] of Object.entries(estate.hosts)) {
    const at = ["hosts", name];
    for (const [mount, { disk, size, used }] of Object.entries(filesystems))
      ofHolder(look, held, {
        called: `file system ${mount}`,
        at: [...at, "filesystems", mount],
        sizeAt: size === undefined ? [...at, "disks", disk, "size"] : [...at, "filesystems", mount, "size"],
        size: size ?? disks[disk]?.size,
        used,
      });
    for (const [pool, { size, used, metadata }] of Object.entries(pools)) {
      const of = [...at, "pools", pool];
      ofHolder(look, held, { called: `pool ${pool}`, at: of, sizeAt: [...of, "size"], size, used });
      within(
        look,
        [...of, "metadata", "used"],
        metadata?.used,
        metadata?.size,
        hasLess(`the metadata of pool ${pool}`),
      );
    }
  }
  for (const [name, { size, used }] of Object.entries(estate.destinations))
    within(look, ["destinations", name, "used"], used, size, hasLess(name));
  for (const [service, { data }] of Object.entries(estate.services))
    for (const [index, dataset] of data.entries())
      ofDataset(["services", service, "data", index], dataset, service, look);
}

function hasLess(what: string): string {
  return `is more than ${what} has in all`;
}

function ofDataset(at: Path, dataset: DatasetSpec, service: string, look: Lookup): void {
  const { size, churnPerDay, growthPerDay } = dataset;
  const days = `is more each day than all of ${service}`;
  within(look, [...at, "churnPerDay"], churnPerDay, size, `${days}, and what is written twice counts once`);
  within(
    look,
    [...at, "growthPerDay"],
    growthPerDay,
    size,
    `${days}, which would be twice as large tomorrow`,
  );
}

/** What has room for something, and what is said of that. */
interface Holder {
  readonly called: string;
  readonly at: Path;
  readonly sizeAt: Path;
  readonly size: string | undefined;
  readonly used: string | undefined;
}

/** Datasets by what holds each of them whole, as a text. */
type Held = ReadonlyMap<
  string,
  readonly { readonly at: Path; readonly service: string; readonly size: string }[]
>;

/** Of several things that are more than what holds them, its size is the slip. */
function ofHolder(look: Lookup, held: Held, { called, at, sizeAt, size, used }: Holder): void {
  if (size === undefined) return;
  const isMore = (text: string): boolean => parseSize(text) > parseSize(size);
  const larger = (held.get(at.join("\n")) ?? []).filter(each => isMore(each.size));
  const isUsedMore = used !== undefined && isMore(used);
  if (larger.length + (isUsedMore ? 1 : 0) > 1) {
    const all = [
      ...(isUsedMore ? [`${used} in use`] : []),
      ...larger.map(each => `${each.service} ${each.size}`),
    ];
    look.fault(
      sizeAt,
      size,
      `is less than each of ${all.length} that ${called} has: ${all.slice(0, 3).join(", ")}${all.length > 3 ? " and others" : ""}. Expected what it has room for: it has another unit, or a digit too few`,
    );
    return;
  }
  within(look, [...at, "used"], used, size, hasLess(called));
  for (const dataset of larger)
    within(look, [...dataset.at, "size"], dataset.size, size, `is more than ${called} has, which holds it`);
}

function datasetsHeld({ services, hosts }: Estate): Held {
  const held = new Map<string, { at: Path; service: string; size: string }[]>();
  for (const [service, { data }] of Object.entries(services))
    for (const [index, dataset] of data.entries()) {
      const place = placeOf(dataset, hosts);
      if (!place || dataset.size === undefined) continue;
      addTo(held, place.join("\n"), {
        at: ["services", service, "data", index],
        service,
        size: dataset.size,
      });
    }
  return held;
}

/** Where the estate has what holds a dataset whole. */
function placeOf(dataset: DatasetSpec, hosts: Estate["hosts"]): Path | undefined {
  if (dataset.kind === "tree") {
    const { filesystems = {} } = hosts[dataset.host] ?? {};
    const [mount] = Object.keys(filesystems)
      .filter(each => isBelow(dataset.path, each))
      .sort((a, b) => b.length - a.length);
    // What lies deeper may lie on further ones.
    if (Object.keys(filesystems).some(each => each !== dataset.path && isBelow(each, dataset.path)))
      return undefined;
    return mount === undefined ? undefined : ["hosts", dataset.host, "filesystems", mount];
  }
  const on = dataset.kind === "database" ? dataset.on : dataset;
  return "pool" in on ? ["hosts", on.host, "pools", on.pool] : undefined;
}

/** @param most what it is a part of; left out, nobody has said that */
function within(
  look: Lookup,
  path: Path,
  value: string | undefined,
  most: string | undefined,
  problem: string,
): void {
  if (value === undefined || most === undefined || parseSize(value) <= parseSize(most)) return;
  look.fault(
    path,
    value,
    `${problem}. Expected ${most} at most, or more there: one of the two has another unit, or a digit too many or too few`,
  );
}
