import type { Dataset } from "../datasets";
import type { Domain } from "../estate/services";
import type { Estate } from "../estate/schema";
import type { Location } from "../job";
import { isBelow, sameMachine } from "../layers/places";
import type { Copy } from "./copies";

/** Whether the live data of a dataset is still good after a disaster in its own failure domain. */
export function liveSurvives(dataset: Dataset, domain: Domain, estate: Estate): boolean {
  const { machine } = dataset.location;
  switch (domain) {
    case "application":
    case "volume":
    case "live-disk":
    case "site":
      return false;
    case "host":
    case "host-root":
      return machine.kind !== "host";
    case "cluster":
      return dataset.cluster === undefined;
    case "backup-disk":
      return !isOnBackupDisk(dataset.location, estate);
    case "nas":
      return machine.kind !== "destination";
    case "secrets":
      return !passwordStores(estate).has(dataset.service);
  }
}

/** Whether a copy is still there, reachable and legible after a disaster in its dataset's failure domain. */
export function copySurvives(copy: Copy, domain: Domain, estate: Estate): boolean {
  const { dataset, location } = copy;
  switch (domain) {
    case "application":
    case "cluster":
      return true;
    case "volume":
      return !inOneVolume(location, dataset.location, estate);
    case "live-disk":
      return (
        !sameMachine(location.machine, dataset.location.machine) || location.disk !== dataset.location.disk
      );
    case "backup-disk":
      return !isOnBackupDisk(location, estate);
    case "host":
      return !sameMachine(location.machine, dataset.location.machine);
    case "nas":
      return location.machine.kind !== "destination";
    case "site":
      return siteOf(location, estate) !== siteOf(dataset.location, estate) && isLegible(copy, estate);
    case "host-root":
      return !sameMachine(location.machine, dataset.location.machine) && copy.flow.outOfHostsReach;
    case "secrets":
      return isLegible(copy, estate);
  }
}

const stores = new WeakMap<Estate, Set<string>>();

/** Services that keep a secret which something else needs. Their loss is the disaster `secrets`. */
function passwordStores(estate: Estate): ReadonlySet<string> {
  const holders =
    stores.get(estate) ?? new Set(Object.values(estate.secrets).flatMap(secret => secret.keptIn));
  holders.delete("break-glass");
  stores.set(estate, holders);
  return holders;
}

/** With the password stores gone, a copy opens only with secrets that are kept elsewhere too. */
function isLegible(copy: Copy, estate: Estate): boolean {
  return copy.flow.secrets.every(name => estate.secrets[name]?.keptIn.includes("break-glass") ?? false);
}

export function siteOf({ machine }: Location, estate: Estate): string | undefined {
  switch (machine.kind) {
    case "host":
      return estate.hosts[machine.name]?.site;
    case "cluster":
      return estate.hosts[estate.clusters[machine.name]?.hosts[0] ?? ""]?.site;
    case "destination":
      return estate.destinations[machine.name]?.site;
    case "firewall":
      return estate.firewalls[machine.name]?.site;
  }
}

function isOnBackupDisk({ machine, disk }: Location, estate: Estate): boolean {
  return machine.kind === "host" && estate.hosts[machine.name]?.disks[disk ?? ""]?.role === "backup";
}

/** Whether two places lie in one logical volume or file system: what a broken volume takes along. */
function inOneVolume(one: Location, other: Location, estate: Estate): boolean {
  if (!sameMachine(one.machine, other.machine)) return false;
  const [mount, otherMount] = [mountOf(one, estate), mountOf(other, estate)];
  return (mount ?? one.path) === (otherMount ?? other.path);
}

function mountOf({ machine, path }: Location, estate: Estate): string | undefined {
  return machine.kind === "host" ? nearestMount(estate, machine.name, path) : undefined;
}

const mounts = new WeakMap<object, readonly string[]>();

function nearestMount(estate: Estate, host: string, path: string): string | undefined {
  const filesystems = estate.hosts[host]?.filesystems;
  if (!filesystems || path.startsWith("pool:")) return undefined;
  const longestFirst =
    mounts.get(filesystems) ?? Object.keys(filesystems).sort((one, other) => other.length - one.length);
  mounts.set(filesystems, longestFirst);
  return longestFirst.find(mount => isBelow(path, mount));
}
