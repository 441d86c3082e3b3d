import { absolutePath, volumeGroup } from "../../plan/estate/fields";
import { isBelow } from "../../plan/layers/places";
import { actingCharacter } from "../../plan/visible";
import type { FileSystem, FoundHost } from "./host";
import { nameOf } from "./name-of";
import { noted, todo } from "./noted";
import { roomOf, usedOf } from "./sizes";

/** Whether an estate takes a path, whatever can be one on a host. */
export function isTaken(path: string): boolean {
  return absolutePath.safeParse(path).success && actingCharacter(path) === undefined;
}

/** Of the system, or made anew at each boot. */
const systems =
  /^\/(boot|efi|proc|sys|dev|run|tmp|snap|etc\/pve|var\/lib\/(docker|containers|kubelet))(\/|$)/;
const uuids =
  /^([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{4}-[0-9a-fA-F]{4}|[0-9a-fA-F]{16})$/;

type NamedFileSystem = FileSystem & { readonly uuid: string; readonly disk: string };

/** File systems that an estate can name, each once: on a disk that is known, by a UUID that is one. */
export function namedFileSystems(host: FoundHost): NamedFileSystem[] {
  const all = everyNamed(host);
  return all.filter(each => !isAlias(each, all));
}

/** Whether its folders are seen at another mount point too, as those of a bind mount are. */
function isAlias(each: FileSystem, all: readonly NamedFileSystem[]): boolean {
  return all.some(
    (other, index) =>
      !isSystems(other.mount) &&
      other.device === each.device &&
      isBelow(each.root, other.root) &&
      (each.root !== other.root || index < all.findIndex(({ mount }) => mount === each.mount)),
  );
}

/** Whether nobody's folders are looked for there. */
function isSystems(mount: string): boolean {
  return mount === "/" || mount.startsWith("/var");
}

function everyNamed({ filesystems }: FoundHost): NamedFileSystem[] {
  return filesystems.flatMap(each =>
    isTaken(each.mount) && !systems.test(each.mount) && uuids.test(each.uuid ?? "") && each.disk !== undefined
      ? [{ ...each, uuid: each.uuid ?? "", disk: each.disk }]
      : [],
  );
}

/** Whether it is called so, by a word of its own: nobody else can know it. */
export function isForBackups(mount: string): boolean {
  return mount !== "/" && /(?<![a-z0-9])(backups?|bkp|bak)\d*(?![a-z0-9])/i.test(mount);
}

/** Where jobs begin with their copies: the first of those for backups. */
export function backupMount(host: FoundHost): string | undefined {
  return namedFileSystems(host).find(({ mount }) => isForBackups(mount))?.mount;
}

/** Where people's data lies: neither the system nor copies; and what is exported elsewhere. */
export function dataMounts(host: FoundHost): string[] {
  const mounts = namedFileSystems(host).map(({ mount }) => mount);
  const known = everyNamed(host).filter(({ mount }) => !isSystems(mount));
  const others = host.exports.filter(path => !known.some(({ mount }) => isBelow(path, mount)));
  return [...mounts.filter(mount => !isSystems(mount) && !isForBackups(mount)), ...others];
}

/** Pools by the names that they have in the estate, which LVM's may not be; of two groups' pools of one name, the first. */
export function namedPools({ pools }: FoundHost): { name: string; pool: FoundHost["pools"][number] }[] {
  return pools.flatMap((pool, index) => {
    const isFirst = pools.findIndex(({ name }) => name === pool.name) === index;
    const isNamed = nameOf(pool.name) === pool.name && volumeGroup.safeParse(pool.vg).success;
    return isFirst && isNamed ? [{ name: pool.name, pool }] : [];
  });
}

/** The pool that a volume lies in; undefined where the estate doesn't name it. */
export function poolOf(
  host: FoundHost,
  { vg, pool: lvmPool }: FoundHost["volumes"][number],
): ReturnType<typeof namedPools>[number] | undefined {
  return namedPools(host).find(({ pool }) => pool.vg === vg && pool.name === lvmPool);
}

/** The one of some file systems that a path lies on. */
export function fileSystemOf(path: string, all: readonly FileSystem[]): FileSystem | undefined {
  return all
    .filter(({ mount }) => isBelow(path, mount))
    .sort((one, other) => other.mount.length - one.mount.length)[0];
}

/** Mounted by programs for themselves. */
const programsOwn = /^(overlay|squashfs|iso9660|fuse\.(lxcfs|gvfsd-fuse|portal))$/;

/** What has people's data and isn't in the estate, as an estate has no words for it, in words. */
export function unnamed(host: FoundHost): string[] {
  const named = new Set(everyNamed(host).map(({ mount }) => mount));
  const pools = new Set(namedPools(host).map(({ pool }) => pool));
  return [
    ...host.filesystems
      .filter(({ mount, type }) => !named.has(mount) && !systems.test(mount) && !programsOwn.test(type))
      .map(
        ({ mount, type, disk, uuid }) =>
          `the file system at ${JSON.stringify(mount)} (${type}), ${disk !== undefined && uuids.test(uuid ?? "") ? "a path that no estate takes" : "which isn't on one disk of the host's with a UUID"}: no layer copies it`,
      ),
    ...host.pools
      .filter(pool => !pools.has(pool))
      .map(
        ({ vg, name }) =>
          `the thin pool ${vg}/${name}, and what lies in it: an estate has one pool of a name, in lower-case letters, digits and hyphens`,
      ),
  ];
}

/** The host as an estate has it. */
export function hostPart(
  host: FoundHost,
  address: string,
  { user, port }: { user: string; port: number },
): object {
  const named = namedFileSystems(host);
  const roleOf = (disk: string): "system" | "backup" | undefined => {
    const mounts = named.filter(each => each.disk === disk).map(({ mount }) => mount);
    return mounts.includes("/") ? "system" : mounts.some(isForBackups) ? "backup" : undefined;
  };
  return {
    site: todo("home", "where it stands: what is at one site burns down together"),
    address,
    ssh: {
      ...(user === "root" ? {} : { user }),
      ...(port === 22 ? {} : { port }),
      hostKey: noted(host.hostKey, "its public key: whoever hasn't it isn't asked and gets nothing"),
    },
    disks: Object.fromEntries(
      host.disks.map(({ name, medium, bytes }) => [
        name,
        noted({ medium, size: roomOf(bytes), role: roleOf(name) }, roleNote(roleOf(name))),
      ]),
    ),
    filesystems: Object.fromEntries(
      named.map(({ mount, uuid, disk, bytes }) => [mount, { disk, fsUuid: uuid, size: roomOf(bytes) }]),
    ),
    pools: Object.fromEntries(
      namedPools(host).map(({ name, pool: { vg, disks, bytes, usedBytes, metadata } }) => {
        const part = {
          ...{
            vg,
            disk: disks[0] ?? host.disks[0]?.name,
            size: roomOf(bytes),
            used: usedOf(usedBytes, bytes),
          },
          metadata: { size: roomOf(metadata.bytes), used: usedOf(metadata.usedBytes, metadata.bytes) },
        };
        if (disks.length === 1) return [name, part];
        return [
          name,
          todo(
            part,
            `its group lies on ${disks.join(", ") || "no disk that lsblk tells"}: an estate has one`,
          ),
        ];
      }),
    ),
  };
}

function roleNote(role: string | undefined): string {
  if (role === "backup") return "TODO: for backups, by the name of its mount point";
  return role === "system" ? "has the root file system" : "TODO: what medium it is, the kernel guesses";
}
