import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Mirrored } from "../../../host-scripts/nfs-mirror/mirrored";
import { differences, type Snapshot } from "./tree";
import type { World } from "./world";

/**
 * What a mirror is after a night, whatever that kept back: what is held as a whole is left out; elsewhere the target has all that
 * the source has, and of what the source lacks only what is held.
 */
export interface MirrorLaw {
  /** What differs though nothing that is held says why. */
  readonly broken: readonly string[];
  /**
   * Names outside of what is held that share a file with one in it: the target has them as files of their own, and rsync, which is
   * shown no more than that, says each night that they are to be linked.
   */
  readonly unlinked: number;
}

export function mirrorLaw({ config }: Pick<World, "config">, source: Snapshot, target: Snapshot): MirrorLaw {
  const { held } = JSON.parse(readFileSync(join(config.stateDir, "mirrored.json"), "utf8")) as Mirrored;
  const isHeld = (name: string): boolean => held.some(({ path }) => isIn(name, path));
  const isFrozen = (name: string): boolean => held.some(({ path, isFrozen }) => isFrozen && isIn(name, path));
  const isAbove = (name: string): boolean => held.some(({ path }) => path.startsWith(`${name}/`));
  // A folder stays where something in it is held, and with it what lies in it.
  const isKept = (name: string): boolean =>
    !source.has(name) || (isFolder(target.get(name)) && !isFolder(source.get(name)));
  const kept = [...target.keys()].filter(name => (isHeld(name) || isAbove(name)) && isKept(name));
  const isLeftOut = (name: string): boolean => isFrozen(name) || kept.some(folder => isIn(name, folder));
  const isLoose = looseIn([source, target], name => isHeld(name));
  const seen = (tree: Snapshot): Snapshot =>
    new Map(
      [...tree]
        .filter(([name]) => !isLeftOut(name))
        .map(([name, entry]) => [name, entry.replace(isLoose(name) ? linkFields : oneName, "")]),
    );
  return {
    broken: differences(seen(source), seen(target)),
    unlinked: [...source.keys()].filter(name => isLoose(name) && !isLeftOut(name)).length,
  };
}

/** Which other names a file has, and how many. */
const linkFields = / first .*? links \d+/s;
/** The same of a file of one name, which a folder that is mounted at a second place shows twice. */
const oneName = / first [^\0]*? links 1(?= )/;

function isIn(name: string, path: string): boolean {
  return path === "." || name === path || name.startsWith(`${path}/`);
}

function isFolder(entry: string | undefined): boolean {
  return entry?.startsWith("mode 4") === true;
}

/** @returns whether a name shares a file, on either side, with one that is held */
function looseIn(trees: readonly Snapshot[], isHeld: (name: string) => boolean): (name: string) => boolean {
  const groups = trees.map(tree => {
    const firsts = new Map([...tree].map(([name, entry]) => [name, / first (.*) links /s.exec(entry)?.[1]]));
    const held = new Set([...firsts].filter(([name]) => isHeld(name)).map(([, first]) => first));
    return { firsts, held };
  });
  return name =>
    groups.some(({ firsts, held }) => {
      const first = firsts.get(name);
      return first !== undefined && held.has(first);
    });
}
