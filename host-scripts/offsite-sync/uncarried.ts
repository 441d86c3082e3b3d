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
  const { names, fault } = await subvolumesBelow(offsite, leg);
  const subvolumes = names.filter(name => !isMounted.has(name));
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
  const unknown: Held = {
    what: leg.from,
    reason: `whether btrfs subvolumes lie in ${quoted(leg.from)}, which no leg carries, isn't known: ${fault}`,
    next: shell`find ${leg.from} -xdev -type d -inum ${subvolumeInode}; dmesg --level err,warn | tail`,
  };
  return [
    ...(fault === undefined ? [] : [unknown]),
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

/** Those that were found, byte by byte as latin1, and why there may be more. */
async function subvolumesBelow(
  { config, stop }: Offsite,
  { from, excludes }: Leg,
): Promise<{ readonly names: string[]; readonly fault?: string }> {
  if (statfsSync(from).type !== btrfsType) return { names: [] };
  const pruned = excludes.flatMap(name => ["-path", `./${name.replace(/[*?[\\]/g, "\\$&")}`, "-prune", "-o"]);
  const found: Buffer[] = [];
  const { ended, exitCode, stderr } = await run(
    [
      "find",
      ".",
      // What goes meanwhile is no fault.
      "-ignore_readdir_race",
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
  stop.check("verify");
  const names = Buffer.concat(found).toString("latin1").split("\0").slice(0, -1);
  if (exitCode === 0) return { names };
  return { names, fault: stderr || `find ${ended === "exited" ? `ended with ${exitCode}` : ended}` };
}

const latin1 = (text: string): string => Buffer.from(text).toString("latin1");
