import { statfsSync } from "node:fs";
import { mountedBelow, type Mounts } from "../runtime/mounts";
import { inTree } from "../runtime/tree-path";
import { quoted } from "../runtime/quoted";
import { run } from "../runtime/run";
import { shell } from "../runtime/shell";
import type { Held, Leg, Offsite } from "./offsite";
import { isSent } from "./owe";

/** statfs(2). */
const btrfsType = 0x9123683e;
/** Of the root of each subvolume, and of nothing else on such a disk. */
const subvolumeInode = "256";

/** File systems below a leg's source that no leg carries: rsync, which enters none, passes over them without a word. */
export async function uncarriedBelow(offsite: Offsite, leg: Leg, mounts: Mounts): Promise<Held[]> {
  const mounted = [...mountedBelow(leg.from, mounts).keys()].map(latin1);
  const isMounted = new Set(mounted);
  const subvolumes = (await subvolumesBelow(offsite, leg)).filter(name => !isMounted.has(name));
  const fromOf = (name: string): string => `${latin1(leg.from)}/${name}`;
  const ofOthers = offsite.config.legs.filter(other => other !== leg).map(({ from }) => latin1(from));
  const isCarried = (name: string): boolean =>
    !isSent(name, leg) || ofOthers.some(from => `${fromOf(name)}/`.startsWith(`${from}/`));
  const held = (names: readonly string[], is: string, advice: (path: Buffer) => string): Held[] =>
    names
      .filter(name => !isCarried(name))
      .map(name => inTree(leg.from, name))
      .map(path => ({
        what: quoted(path).slice(1, -1),
        reason: `${is} ${quoted(path)}, which no leg carries`,
        next: advice(path),
      }));
  return [
    ...held(
      mounted,
      "a file system is mounted at",
      path => shell`findmnt --target ${path}   (give it a leg of its own, or exclude what it lies in)`,
    ),
    ...held(
      subvolumes,
      "a btrfs subvolume of its own lies at",
      path =>
        shell`ls -la ${path}   (exclude what it lies in; or move what it holds to a folder, or mount it by itself, and give that a leg of its own)`,
    ),
  ];
}

/** Byte by byte as latin1; what can't be read is rsync's to tell. */
async function subvolumesBelow({ config, stop }: Offsite, { from, excludes }: Leg): Promise<string[]> {
  if (statfsSync(from).type !== btrfsType) return [];
  const pruned = excludes.flatMap(name => ["-path", `./${name.replace(/[*?[\\]/g, "\\$&")}`, "-prune", "-o"]);
  const found: Buffer[] = [];
  await run(
    [
      "find",
      ".",
      "-xdev",
      ...pruned,
      "-mindepth",
      "1",
      "-type",
      "d",
      "-inum",
      subvolumeInode,
      "-printf",
      "%P\\0",
    ],
    {
      ...{ timeoutMs: config.budgetMs, stop: stop.signal, cwd: from },
      onStdout: chunk => found.push(chunk),
    },
  );
  return Buffer.concat(found).toString("latin1").split("\0").slice(0, -1);
}

const latin1 = (text: string): string => Buffer.from(text).toString("latin1");
