import { isBelow } from "../layers/places";
import { parseSize } from "../units/size";
import type { Lookup, Path } from "./lookup";
import type { Estate } from "./schema";
import type { DatasetSpec } from "./services";

/** Sizes that contradict one another: of one thing, what is in it can't be more than all of it. */
export function sizes(estate: Estate, look: Lookup): void {
  for (const [name, { disks, filesystems, pools }] of Object.entries(estate.hosts)) {
    const at = ["hosts", name];
    for (const [mount, { disk, size, used }] of Object.entries(filesystems))
      within(
        look,
        [...at, "filesystems", mount, "used"],
        used,
        size ?? disks[disk]?.size,
        hasLess(`file system ${mount}`),
      );
    for (const [pool, { size, used, metadata }] of Object.entries(pools)) {
      const of = [...at, "pools", pool];
      within(look, [...of, "used"], used, size, hasLess(`pool ${pool}`));
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
      ofDataset(["services", service, "data", index], dataset, service, estate, look);
}

function hasLess(what: string): string {
  return `is more than ${what} has in all`;
}

function ofDataset(at: Path, dataset: DatasetSpec, service: string, { hosts }: Estate, look: Lookup): void {
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
  const place = placeOf(dataset, hosts);
  if (place)
    within(look, [...at, "size"], size, place.size, `is more than ${place.called} has, which holds it`);
}

/** What holds a dataset whole. */
function placeOf(
  dataset: DatasetSpec,
  hosts: Estate["hosts"],
): { readonly called: string; readonly size: string | undefined } | undefined {
  if (dataset.kind === "tree") {
    const { filesystems = {}, disks = {} } = hosts[dataset.host] ?? {};
    const [mount] = Object.keys(filesystems)
      .filter(each => isBelow(dataset.path, each))
      .sort((a, b) => b.length - a.length);
    const filesystem = filesystems[mount ?? ""];
    // What lies deeper may lie on further ones.
    if (Object.keys(filesystems).some(each => each !== dataset.path && isBelow(each, dataset.path)))
      return undefined;
    return (
      filesystem && { called: `file system ${mount}`, size: filesystem.size ?? disks[filesystem.disk]?.size }
    );
  }
  const on = dataset.kind === "database" ? dataset.on : dataset;
  if (!("pool" in on)) return undefined;
  const pool = hosts[on.host]?.pools[on.pool];
  return pool && { called: `pool ${on.host}/${on.pool}`, size: pool.size };
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
