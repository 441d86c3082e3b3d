import { layers } from "../../plan/layers";
import type { Layer, There } from "../../plan/layers/layer";
import { isBelow } from "../../plan/layers/places";
import { noted, plainOf, todo } from "./noted";
import { destinationName, folderAt } from "./nas";
import { backupMount, dataMounts, namedFileSystems, namedPools } from "./places";
import type { Found } from "./services";

/** Jobs to begin with for what is there, as each layer has them; none where the host has no disk for backups. */
export function layersOf(
  { host, called, folders, nas }: Found,
  services: Readonly<Record<string, object>>,
  receiver: string,
): unknown {
  const target = backupMount(host);
  if (target === undefined)
    return todo(
      {},
      "no file system is called as a backup's, and so there is no job: holdfast explain layers",
    );
  const data = JSON.stringify(plainOf(services));
  const kinds = [...data.matchAll(/"(?:kind|holds)":"(\w+)"/g)].flatMap(([, kind]) => kind ?? []);
  const onDisk = new Set(namedFileSystems(host).map(({ mount }) => mount));
  const foldersOf = (mount: string): number => folders.filter(({ path }) => isBelow(path, mount)).length;
  const [source] = dataMounts(host)
    .filter(mount => onDisk.has(mount))
    .sort((one, other) => foldersOf(other) - foldersOf(one));
  const [pool] = namedPools(host);
  const there: There = {
    ...{ host: called, target, kinds: new Set(kinds), receiver },
    ...(pool && { pool: pool.name }),
    ...(source !== undefined && { source }),
    ...(nas && { elsewhere: { destination: destinationName(called), folder: folderAt(nas, called) } }),
  };
  const begun = Object.values(layers).map((layer: Layer) => [layer.name, layer.begins?.(there)] as const);
  return noted(
    Object.fromEntries(begun.flatMap(([name, part]) => (part === undefined ? [] : [[name, [part]]]))),
    `TODO: when each job runs, how long that takes, what it may lose at most. ${nas ? `Nothing is sent to ${destinationName(called)} before destinations.${destinationName(called)}.receives says how` : "All are on the host's own backup disk: for a NAS elsewhere, holdfast explain layers"}`,
  );
}
