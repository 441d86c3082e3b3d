import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { NfsMirrorConfig } from "../../../plan/contracts/nfs-mirror";
import { Refusal } from "../../runtime/errors";
import { isSameMount } from "../../runtime/mounts";
import { quoted } from "../../runtime/quoted";
import { shell } from "../../runtime/shell";
import { inTree } from "../../runtime/tree-path";
import { knownNested } from "../nested";
import { asideName } from "./record";

/** What comes back on one file system: nothing is put in its place from another one. Names are byte by byte as latin1. */
export interface Part {
  /** Where the file system is below the source; empty for the source's own. */
  readonly below: string;
  /** Below that. */
  readonly wanted: readonly string[];
  /** All that there is of it. */
  readonly isAll: boolean;
}

/**
 * @param names below the source
 * @param mounted UUIDs of what is mounted below the source, by their path there
 * @throws {Refusal} where something else is mounted, or something in the midst of what would be replaced
 */
export function partsOf(
  config: NfsMirrorConfig,
  names: readonly string[],
  { mounted, isAll }: { readonly mounted: ReadonlyMap<string, string>; readonly isAll: boolean },
): Part[] {
  refuseAway(config, names, mounted);
  const mounts = [...mounted.keys()].map(latin1Of).sort((a, b) => b.length - a.length);
  const parts = new Map<string, Part>();
  for (const name of names) {
    const inside = mounts.find(mount => isBelow(mount, name));
    if (inside !== undefined) throw inTheMidst(config, name, inside);
    const below = mounts.find(mount => mount === name || isBelow(name, mount)) ?? "";
    const wanted =
      below === name ? entriesIn(config, below) : [below === "" ? name : name.slice(below.length + 1)];
    const known = parts.get(below)?.wanted ?? [];
    parts.set(below, { below, wanted: [...known, ...wanted], isAll: below === "" ? isAll : below === name });
  }
  return [...parts.values()];
}

/** What the mirror has of a file system that is one service, or a folder in one. */
function entriesIn(config: NfsMirrorConfig, below: string): string[] {
  const folder = inTree(config.target.path, below);
  const entries = dataIn(folder);
  if (entries.length > 0) return entries;
  throw new Refusal(`the mirror has nothing in ${quoted(folder)}`, shell`ls -la ${folder}`);
}

/** Entries of a file system's root, without its own and what restores have put aside. */
export function dataIn(root: Buffer): string[] {
  return readdirSync(root, { encoding: "buffer" })
    .map(entry => entry.toString("latin1"))
    .filter(entry => entry !== "lost+found" && entry !== asideName);
}

/** Proves that file systems which belong at, above or below names are there. @throws {Refusal} */
export function refuseAway(
  config: NfsMirrorConfig,
  names: readonly string[],
  mounted: ReadonlyMap<string, string>,
): void {
  for (const [path, is] of Object.entries(knownNested(config))) {
    const mount = latin1Of(path);
    const concerns = names.some(name => name === mount || isBelow(name, mount) || isBelow(mount, name));
    if (concerns && !isSameMount(is, mounted.get(path)))
      throw new Refusal(
        `${quoted(join(config.source.path, path))} is not the file system that belongs there`,
        shell`mount ${join(config.source.path, path)}`,
      );
  }
}

function inTheMidst({ target, source }: NfsMirrorConfig, name: string, mount: string): Refusal {
  return new Refusal(
    `${quoted(inTree(source.path, mount))} is a file system of its own, in the midst of what would be replaced as a whole`,
    shell`ls -la ${inTree(target.path, name)}   (restore the paths beside it, and ${Buffer.from(mount, "latin1")} as a path of its own; or all of it --into a folder)`,
  );
}

function isBelow(name: string, folder: string): boolean {
  return name.startsWith(`${folder}/`);
}

function latin1Of(path: string): string {
  return Buffer.from(path).toString("latin1");
}
