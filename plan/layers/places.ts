import type { Estate } from "../estate/schema";
import type { Flow, Location, Machine } from "../job";

/** The disk below a path of a host: that of the nearest mount point above it. */
export function onDisk(estate: Estate, hostName: string, path: string): { disk?: string } {
  const nearest = estate.hosts[hostName]?.filesystems[mountAbove(estate, hostName, path)];
  return nearest ? { disk: nearest.disk } : {};
}

/** Whether a path is a folder or lies in it. */
export function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === "/" ? "/" : `${folder}/`);
}

/** A place in a host's file systems. */
export function hostLocation(estate: Estate, host: string, path: string): Location {
  return { machine: { kind: "host", name: host }, ...onDisk(estate, host, path), path };
}

/** A place in a host's thin pool. */
export function poolLocation(estate: Estate, host: string, pool: string, path: string): Location {
  const disk = estate.hosts[host]?.pools[pool]?.disk;
  return {
    machine: { kind: "host", name: host },
    ...(disk === undefined ? {} : { disk }),
    path: `pool:${pool}/${path}`,
  };
}

/** What stands for a machine as the key of a map. */
export function machineKey({ kind, name }: Machine): string {
  return `${kind} ${name}`;
}

export function sameMachine(a: Machine, b: Machine): boolean {
  return a.kind === b.kind && a.name === b.name;
}

/** Whether a copy lies on the machine that it is of, such as a NAS's own snapshots: whoever starts it, nothing crosses a network. */
export function staysOnMachine({ source, target }: Flow): boolean {
  return source.kind === "tree" && sameMachine(source.location.machine, target.machine);
}

/** The mount point that a path of a host lies on; the path itself where the estate has none above it. */
export function mountAbove(estate: Estate, hostName: string, path: string): string {
  const mounts = Object.keys(estate.hosts[hostName]?.filesystems ?? {}).filter(mount => isBelow(path, mount));
  return mounts.sort((a, b) => b.length - a.length)[0] ?? path;
}

/** Whether what lies there may be gone at any time, and after a boot is. */
export function isTemporary(path: string): boolean {
  return /^\/(tmp|run|dev|proc|sys|var\/tmp|var\/run)(\/|$)/.test(path);
}
