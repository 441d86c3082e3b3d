import { isBelow } from "../../plan/layers/places";
import type { Claim, Database } from "../live/cluster";
import type { FoundCluster } from "./cluster";
import type { FoundHost } from "./host";
import type { FoundNas } from "./nas";
import { todo, noted } from "./noted";
import { nameOf } from "./name-of";
import { fileSystemOf, isTaken, namedFileSystems, poolOf, unnamed } from "./places";
import { sizeOf, usedOf } from "./sizes";
import type { Folder } from "./questions";
import { churnOf } from "./written";

/** What is there, by those who answered. */
export interface Found {
  readonly host: FoundHost;
  /** What the host is called in the estate. */
  readonly called: string;
  readonly folders: readonly Folder[];
  readonly cluster: FoundCluster | undefined;
  readonly nas: FoundNas | undefined;
}

/** Services by name, and what is there and can't be one, in words. */
export interface Services {
  readonly services: Readonly<Record<string, object>>;
  readonly left: readonly string[];
}

interface Part {
  /** What it would be called. */
  readonly wish: string;
  readonly data: object;
  readonly note: string;
}

export const clusterName = "k8s";

const promised = "TODO: what its people are owed: at most so much is lost (rpo), and it is back within (rto)";

export function servicesOf(found: Found): Services {
  const left: string[] = [];
  const parts = [
    configuration(found),
    ...machines(found, left),
    ...claims(found, left),
    ...nodesDatabases(found),
    ...trees(found, left),
  ];
  const services: Record<string, object> = {};
  for (const { wish, data, note } of parts) {
    let name = wish;
    for (let number = 2; name in services; number++) name = `${wish.slice(0, 60)}-${number}`;
    services[name] = noted({ data: [data], promise: noted(promiseOf(data), promised) }, note);
  }
  const containers = found.host.containers.map(
    ({ id, name }) => `container ${id} (${name}): no layer copies it`,
  );
  return { services, left: [...unnamed(found.host), ...left, ...containers, ...unknownVolumes(found)] };
}

function promiseOf(data: object): object {
  const disaster = "kind" in data && data.kind === "configuration" ? "host" : "live-disk";
  return { rpo: { [disaster]: "30h", site: "34h" }, rto: "8h" };
}

function configuration({ host, called }: Found): Part {
  const paths = host.vms.length > 0 || host.containers.length > 0 ? ["/etc/pve", "/etc/network"] : ["/etc"];
  return {
    wish: `${called.slice(0, 50)}-host`,
    data: {
      kind: "configuration",
      host: called,
      paths: todo(paths, "what the host needs to be set up anew"),
      size: "10MB",
    },
    note: "the host's own configuration",
  };
}

const inactive = "; of one that isn't active, as it is off, all that it may have, and no more than its pool";

function machines({ host, called, cluster }: Found, left: string[]): Part[] {
  return host.vms.flatMap(({ id, name }): Part[] => {
    const disks = host.volumes.filter(volume => volume.name.startsWith(`vm-${id}-`));
    const [pool] = disks.flatMap(disk => poolOf(host, disk) ?? []);
    if (pool === undefined || id < 100) {
      left.push(`VM ${id} (${name}) has no disk in a thin pool of the estate's: no layer copies it`);
      return [];
    }
    const used = disks.reduce((sum, { usedBytes }) => sum + usedBytes, 0);
    const size = usedOf(used, pool.pool.bytes);
    const isNode = cluster?.nodes.includes(name) === true;
    return [
      {
        wish: nameOf(name) ?? `vm-${id}`,
        data: {
          ...{ kind: "vm", host: called, pool: pool.name, id, size },
          ...churnOf(
            disks.map(({ written }) => written),
            size,
          ),
          ...(isNode && { cluster: clusterName }),
        },
        note: `VM ${id}${isNode ? ", a node of the cluster" : ""}; the size is what its thin volumes have written${disks.every(({ isActive }) => isActive) ? "" : inactive}`,
      },
    ];
  });
}

function claims(found: Found, left: string[]): Part[] {
  return (found.cluster?.claims ?? []).flatMap((claim): Part[] => {
    const { namespace, name, lies } = claim;
    // What lies on the host's own export is a folder there.
    if (lies.kind === "nfs" && found.host.addresses.includes(lies.server)) return [];
    const volume =
      lies.kind === "disk" ? found.host.volumes.find(each => each.name === lies.disk) : undefined;
    const isNamed = nameOf(namespace) === namespace && nameOf(name) === name;
    const pool = volume && poolOf(found.host, volume);
    if (volume === undefined || pool === undefined || !isNamed) {
      left.push(
        `claim ${namespace}/${name} lies on ${placeText(lies)}, or has a name that no estate takes: no layer copies it`,
      );
      return [];
    }
    const on = { host: found.called, pool: pool.name, namespace };
    const used = usedOf(volume.usedBytes, pool.pool.bytes);
    const size = { size: used, ...churnOf([volume.written], used) };
    const database = found.cluster?.databases.find(
      each => each.namespace === namespace && each.claims.includes(name),
    );
    const wish = namespace === name ? name : `${namespace}-${name}`.slice(0, 60).replace(/-+$/, "");
    return [
      database
        ? databasePart(wish, database, { on, ...size })
        : volumePart(wish, claim, { ...on, ...size }, found),
    ];
  });
}

function databasePart(wish: string, { engine, image }: Database, where: object): Part {
  return {
    wish,
    data: { kind: "database", engine, ...where },
    note: `TODO: by its image ${image}. It needs a dump, and here is none yet: holdfast explain layers`,
  };
}

function volumePart(
  wish: string,
  { namespace, name, isBlock }: Claim,
  where: object,
  { cluster }: Found,
): Part {
  const keepsSqlite = cluster?.sqlite.has(`${namespace}/${name}`) === true;
  return {
    wish,
    data: {
      ...{ kind: "volume", ...where, claim: name },
      ...(isBlock && { block: true }),
      ...(keepsSqlite && { holds: "sqlite" }),
    },
    note: `claim ${namespace}/${name}`,
  };
}

/** Those that keep what they have on the nodes' own disks. */
function nodesDatabases({ cluster }: Found): Part[] {
  const etcd = cluster?.databases.find(({ engine, claims }) => engine === "etcd" && claims.length === 0);
  if (etcd === undefined) return [];
  return [databasePart("etcd", etcd, { on: { cluster: clusterName } })];
}

function trees({ host, called, folders }: Found, left: string[]): Part[] {
  let nameless = 0;
  const named = namedFileSystems(host);
  return folders.flatMap(({ path, bytes }): Part[] => {
    if (!isTaken(path)) {
      left.push(`the folder ${JSON.stringify(path)} has a name that no estate takes`);
      return [];
    }
    const name = nameOf(path.slice(path.lastIndexOf("/") + 1));
    const isExported = host.exports.some(each => isBelow(path, each));
    const known = bytes === undefined ? "; du took too long to tell its size" : "";
    const on = fileSystemOf(path, named);
    const size = bytes === undefined ? undefined : on ? usedOf(bytes, on.bytes) : sizeOf(bytes);
    const { change, beside } = changeIn(path, size, host, folders);
    return [
      {
        wish: name ?? `folder-${++nameless}`,
        data: {
          ...{ kind: "tree", host: called, path, ...(size !== undefined && { size }) },
          ...change,
        },
        note: `${name === undefined ? "TODO: a name that says what it is; " : ""}${isExported ? "exported by NFS" : "a folder"}${known}${beside}`,
      },
    ];
  });
}

/** How much changes in a folder: the kernel counts of a whole file system, which is the folder's where it is alone there. */
function changeIn(
  path: string,
  size: string | undefined,
  { filesystems }: FoundHost,
  folders: readonly Folder[],
): { change: object; beside: string } {
  const on = fileSystemOf(path, filesystems);
  if (on?.written === undefined) return { change: {}, beside: "" };
  const isAlone = folders.filter(each => isBelow(each.path, on.mount)).length === 1;
  return isAlone
    ? { change: churnOf([on.written], size), beside: "" }
    : {
        change: {},
        beside: `; all that is at ${on.mount} has ${sizeOf(on.written.bytes / on.written.days)} written a day`,
      };
}

/** In a pool, and neither a guest's nor a claim's. */
function unknownVolumes({ host, cluster }: Found): string[] {
  const claimed = new Set(
    (cluster?.claims ?? []).flatMap(({ lies }) => (lies.kind === "disk" ? [lies.disk] : [])),
  );
  const unknown = host.volumes.filter(
    ({ name }) =>
      !claimed.has(name) && ![...host.vms, ...host.containers].some(({ id }) => name.startsWith(`vm-${id}-`)),
  );
  if (unknown.length === 0) return [];
  const why = cluster === undefined ? "; claims of a cluster are told with --kubeconfig FILE" : "";
  const shown = unknown.slice(0, 3).map(({ vg, name }) => `${vg}/${name}`);
  const more = unknown.length > shown.length ? ` and ${unknown.length - shown.length} more` : "";
  return [`${shown.join(", ")}${more} in a thin pool: whose they are, nobody said${why}`];
}

function placeText(lies: Claim["lies"]): string {
  switch (lies.kind) {
    case "disk":
      return `the volume ${lies.disk}, which is in no thin pool of this host`;
    case "nfs":
      return `${lies.server}:${lies.path}`;
    case "elsewhere":
      return lies.what;
  }
}
