import { createHash } from "node:crypto";
import { type BigIntStats, lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { World } from "./world";

/** All that a restore needs of each entry, by its path byte by byte (as latin1). */
export type Snapshot = ReadonlyMap<string, string>;

export interface SnapshotOptions {
  /** Entries of the root that are passed over. */
  readonly without?: readonly string[];
  /** Also inode number and change time: two equal snapshots of one tree mean that nothing has touched it. */
  readonly touched?: boolean;
  /** Other trees have the same inodes: how many names one has is left out. */
  readonly shared?: boolean;
}

/** Where a tree lies. */
export type Place = Pick<World, "inside" | "outside">;

/**
 * Type, mode, owner, times, size, content, link target, device, hard-link group, ACL and extended attributes of each
 * entry below `root`. The root's own time is left out: other jobs' entries move it.
 */
export async function snapshot(world: Place, path: string, options: SnapshotOptions = {}): Promise<Snapshot> {
  const found = new Map<string, string>();
  const links = new Map<string, string>();
  const root = Buffer.from(world.outside(path));
  const walk = (relative: Buffer): void => {
    const full = relative.length === 0 ? root : Buffer.concat([root, Buffer.from("/"), relative]);
    const stat = lstatSync(full, { bigint: true });
    found.set(relative.toString("latin1"), describe(full, relative, stat, links, options));
    if (!stat.isDirectory()) return;
    for (const name of readdirSync(full, "buffer").sort(Buffer.compare)) {
      // The number of each job's last run there says nothing of what it did.
      if (relative.toString() === ".holdfast" && name.toString() === "runs") continue;
      if (relative.length > 0) walk(Buffer.concat([relative, Buffer.from("/"), name]));
      else if (!["lost+found", ...(options.without ?? [])].includes(name.toString())) walk(name);
    }
  };
  walk(Buffer.alloc(0));
  for (const [name, attributes] of await extendedAttributes(world, path, options.without ?? [])) {
    const before = found.get(name);
    if (before !== undefined) found.set(name, `${before} ${attributes}`);
  }
  return found;
}

function describe(
  full: Buffer,
  relative: Buffer,
  stat: BigIntStats,
  links: Map<string, string>,
  { touched, shared }: SnapshotOptions,
): string {
  const name = relative.toString("latin1");
  // Of two file systems in one tree, each has an inode of that number.
  const inode = `${stat.dev} ${stat.ino}`;
  const first = stat.isDirectory() ? "" : (links.get(inode) ?? name);
  links.set(inode, first);
  const isRoot = relative.length === 0;
  return [
    `mode ${stat.mode.toString(8)} owner ${stat.uid}:${stat.gid}`,
    isRoot ? "" : `mtime ${stat.mtimeNs}`,
    stat.isDirectory() ? "" : `size ${stat.size} first ${first}`,
    stat.isDirectory() || shared ? "" : `links ${stat.nlink}`,
    stat.isFile() ? `content ${createHash("sha1").update(readFileSync(full)).digest("hex")}` : "",
    stat.isSymbolicLink() ? `to ${readlinkSync(full, "buffer").toString("latin1")}` : "",
    stat.isCharacterDevice() || stat.isBlockDevice() ? `device ${stat.rdev}` : "",
    touched ? `inode ${stat.ino} ctime ${stat.ctimeNs}` : "",
  ].join(" ");
}

/** ACLs are extended attributes too (system.posix_acl_access); one process reads many of them. */
async function extendedAttributes(
  world: Place,
  path: string,
  without: readonly string[],
): Promise<[string, string][]> {
  const pruned = without.flatMap(name => ["-path", `./${name}`, "-prune", "-o"]);
  const script = 'cd "$1"; shift; find . "$@" -print0 | xargs -0 getfattr -P -h -d -m - -e hex --';
  const listing = await world.inside("sh", "-c", script, "sh", path, ...pruned);
  return listing
    .split("\n\n")
    .filter(block => block.startsWith("# file: "))
    .map(block => {
      const [head = "", ...values] = block.trim().split("\n");
      return [unescapeOctal(head.slice("# file: ".length)).replace(/^\.\/?/, ""), values.sort().join(" ")];
    });
}

function unescapeOctal(text: string): string {
  const bytes = text.replace(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
  return bytes;
}

/** Checksum of a file's content, from what a snapshot says of it. */
export const contentOf = (entry: string): string | undefined => /content (\w+)/.exec(entry)?.[1];

/** A mirror's entries: the root of the target is the host's own, and differs from the source's. */
export function withoutRoot(tree: Snapshot): Snapshot {
  return new Map([...tree].filter(([name]) => name !== ""));
}

/** What differs, as lines that a reader of a failed test understands; empty for equal trees. */
export function differences(expected: Snapshot, found: Snapshot): string[] {
  const names = [...new Set([...expected.keys(), ...found.keys()])].sort();
  return names.flatMap(name => {
    const [one, other] = [expected.get(name), found.get(name)];
    if (one === other) return [];
    return [`${JSON.stringify(name)}\n  expected ${one ?? "nothing"}\n  found    ${other ?? "nothing"}`];
  });
}

/** The mirror's trees are equal, but for what the runners keep beside it. */
export async function expectMirrored(world: Pick<World, "config" | keyof Place>): Promise<void> {
  const source = await snapshot(world, world.config.source.path);
  const target = await snapshot(world, world.config.target.path, { without: [".holdfast"] });
  expect(differences(withoutRoot(source), withoutRoot(target))).toEqual([]);
}
