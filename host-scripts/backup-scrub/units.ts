import { lstatSync, readdirSync } from "node:fs";
import { dirname } from "node:path";
import type { BackupScrubConfig } from "../../plan/contracts/backup-scrub";
import { ownPrefix } from "../runtime/closed-folder";
import { errnoOf, messageOf } from "../runtime/errors";
import { isPeriodName } from "../runtime/generations";
import { incompleteFolder, lacksEnding } from "../runtime/incomplete";
import { onDisk, pathOf } from "./paths";

type Disk = Pick<BackupScrubConfig, "target" | "generations">;

/** A part of the disk that is read as a whole: what a service has there, in all of its generations. */
export interface Unit {
  /** What operators know it by: "books", "pvc-data/nextcloud/data". As paths are, of one character a byte. */
  readonly name: string;
  /** Below the disk: one folder or file for each generation. */
  readonly paths: readonly string[];
}

/**
 * The generation that a path is or lies in: what is in one changes by nobody's hand, it only goes as a whole. Undefined for what
 * lies beside generations, which is anybody's.
 */
export function generationOf({ generations }: BackupScrubConfig, path: string): string | undefined {
  const names = path.split("/");
  const depth = generations.find(({ folder }) => pathOf(folder) === names[0])?.depth;
  if (depth === undefined || !isPeriodName(names[1] ?? "") || names.length < depth + 2) return undefined;
  return names.slice(0, depth + 2).join("/");
}

/** Whether a file lies in a generation. A file in a generation's place is none of one: only a folder is a generation. */
export function isInGeneration(config: BackupScrubConfig, file: string): boolean {
  const generation = generationOf(config, file);
  return generation !== undefined && generation !== file;
}

/** A folder that doesn't show what lies in it. */
export interface Closed {
  readonly folder: string;
  /** "can't be listed: EIO…". */
  readonly fault: string;
}

/**
 * The folder above a generation that doesn't show it: one that can't be listed, or that reads as empty and counts folders in
 * it, as each has a link to it. Undefined where the generation is gone and no more.
 */
export function closedAbove(config: BackupScrubConfig, generation: string): Closed | undefined {
  let isNearest = true;
  for (let folder = dirname(generation); folder !== "."; folder = dirname(folder)) {
    const entries = entriesOf(config, folder);
    if (!entries) continue;
    if ("reason" in entries) return { folder, fault: `can't be listed: ${entries.reason}` };
    const links = lstatSync(onDisk(config, folder), { throwIfNoEntry: false })?.nlink ?? 0;
    if (isNearest && entries.length === 0 && links > 2) return { folder, fault: "reads as empty and isn't" };
    isNearest = false;
  }
  return undefined;
}

/** ext4's own, and what Holdfast keeps of itself. */
function isOwn(entry: string): boolean {
  return entry === "lost+found" || entry.startsWith(ownPrefix);
}

/**
 * Every unit of the disk, by name. What is being built or thrown away below a generations' folder is none. A folder that can't
 * be listed is one as it is: its reading tells why.
 */
export function unitsOf(config: Disk): Unit[] {
  const units = new Map<string, string[]>();
  const add = (name: string, path: string): void => void units.set(name, [...(units.get(name) ?? []), path]);
  for (const entry of readdirSync(onDisk(config, ""), { encoding: "latin1" })) {
    if (isOwn(entry)) continue;
    const generations = config.generations.find(({ folder }) => pathOf(folder) === entry);
    const periods = generations && entriesOf(config, entry);
    if (!generations || !Array.isArray(periods)) {
      add(entry, entry);
      continue;
    }
    for (const folder of [...periods, ...incompleteIn(config, entry)])
      if (!folder.startsWith(".") || folder.startsWith(`${incompleteFolder}/`))
        for (const below of namesBelow(config, `${entry}/${folder}`, generations.depth))
          if (!below.endsWith(lacksEnding)) add(entry + below, `${entry}/${folder}${below}`);
  }
  return [...units].map(([name, paths]) => ({ name, paths })).sort((a, b) => (a.name < b.name ? -1 : 1));
}

function incompleteIn(config: Disk, folder: string): string[] {
  const periods = entriesOf(config, `${folder}/${incompleteFolder}`);
  return Array.isArray(periods)
    ? periods.filter(isPeriodName).map(period => `${incompleteFolder}/${period}`)
    : [];
}

/** Each "/NAME/…" of so many names below a folder; fewer where something else than a folder lies. */
function namesBelow(config: Disk, folder: string, depth: number): string[] {
  const entries = depth === 0 ? undefined : entriesOf(config, folder);
  if (!Array.isArray(entries)) return [""];
  return entries.flatMap(name =>
    namesBelow(config, `${folder}/${name}`, depth - 1).map(below => `/${name}${below}`),
  );
}

/** @returns undefined for what is no folder; the reason where the disk doesn't give them */
function entriesOf(config: Disk, path: string): string[] | { reason: string } | undefined {
  const folder = onDisk(config, path);
  try {
    if (!lstatSync(folder).isDirectory()) return undefined;
    return readdirSync(folder, { encoding: "latin1" });
  } catch (error) {
    // A generation that is taken away meanwhile.
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return undefined;
    return { reason: messageOf(error) };
  }
}
