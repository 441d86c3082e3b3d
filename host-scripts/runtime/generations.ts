import { type BigIntStats, lstatSync, mkdirSync, readdirSync, renameSync, rmdirSync } from "node:fs";
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import type { GenerationPolicy } from "../../plan/contracts/generations";
import { periodOf } from "../../plan/contracts/period";
import { syncFolder } from "./durable";
import { errnoOf, exitCodes, messageOf, RunnerError } from "./errors";
import { exchange } from "./exchange";
import { quoted } from "./quoted";
import { run } from "./run";
import { shell } from "./shell";
import { holdFileSystem, letFileSystemGo, longestSyncMs, syncFileSystem } from "./sync-file-system";
import { firstLines } from "./tail";

/**
 * Generations of several things below one folder, as `<root>/<period>/<path>`: "pvc-data/2026-22/paperless/data". One is
 * built where nobody looks, and becomes visible as a whole. Only one run at a time may write below a root.
 * - `.part/N`: being built, or left by a run that was killed
 * - `.part/first-H`: the first generation of a path, which a later run goes on with; H is the path's hash
 * - `.trash/N`: no longer wanted; goes when there is time
 */
export interface Generation {
  /** "2026-22" or "2026-05-26"; plan/contracts/period.ts. */
  readonly period: string;
  readonly folder: string;
  /** Tells this folder from any other that is, was or will be at its place. */
  readonly identity: string;
}

/** A generation that is being built. */
export interface FreshGeneration {
  /** Empty folder to fill, on the same file system as the root. */
  readonly folder: string;
  /** Where it will be visible. */
  readonly target: string;
  readonly root: string;
  readonly period: string;
}

type Every = GenerationPolicy["every"];

const partFolder = ".part";
const firstPrefix = "first-";
const trashFolder = ".trash";
const periodNames = { day: /^\d{4}-\d\d-\d\d$/, week: /^\d{4}-\d\d$/ } as const;

/**
 * Starts a generation.
 * @param path "namespace/claim", or "." for the only thing below a root
 * @throws {Error} for a path that would lead elsewhere
 * @throws {RunnerError} when it would take the place of one that isn't the newest: the clock went back
 */
export function freshGeneration(root: string, period: string, path: string): FreshGeneration {
  const target = targetOf(root, period, path);
  refuseEarlierPeriod(root, period, path);
  makeTrash(root);
  const folder = freeName(root, partFolder);
  mkdirSync(folder, { mode: 0o700 });
  holdFileSystem(folder);
  return { folder, target, root, period };
}

/**
 * Starts the first generation of a path, or goes on with one that a run had no time to complete. What is in its folder
 * shares nothing with any other, so that it may be changed where it is.
 */
export function firstGeneration(root: string, period: string, path: string): FreshGeneration {
  const target = targetOf(root, period, path);
  const folder = join(root, partFolder, `${firstPrefix}${createHash("sha256").update(path).digest("hex")}`);
  makeTrash(root);
  makeFolders(root, folder);
  holdFileSystem(folder);
  return { folder, target, root, period };
}

/** While there is room: on a full disk, what has to go gets there by a rename, and a new folder would need a block. */
function makeTrash(root: string): void {
  makeFolders(root, join(root, trashFolder));
}

function refuseEarlierPeriod(root: string, period: string, path: string): void {
  const every = periodNames.day.test(period) ? "day" : "week";
  const newest = newestGeneration(root, path, every);
  if (newest === undefined || newest.period <= period || !generationIn(root, period, path)) return;
  throw new RunnerError(exitCodes.failed, {
    failed: `by this host's clock it is ${period}, of which there is a generation, and there is one of ${newest.period} too: the clock went back, or was ahead when that one was made`,
    kept: "Both are as they were.",
    next: shell`timedatectl   (if the clock is right: mv ${newest.folder} to a folder beside ${root})`,
  });
}

/**
 * Makes a complete generation durable, then visible by one atomic step. An earlier one of the same period goes to the
 * trash, untouched; at no moment is there none, nor half of one, also after a loss of power.
 * @param lockFd of the job
 * @throws {RunnerError} when it can't be made durable or visible; then the earlier one is still there
 */
export async function promote(
  fresh: FreshGeneration,
  stop: AbortSignal,
  lockFd: number,
): Promise<Generation> {
  const { folder, target, root, period } = fresh;
  makeFolders(root, dirname(target));
  await writeToDisk(folder, stop);
  letFileSystemGo(folder);
  const replaced = statOf(target) !== undefined;
  if (replaced) await exchange(folder, target, lockFd);
  else renameSync(folder, target);
  // The exchange is on disk before the replaced one goes to the trash.
  syncFolder(dirname(target));
  syncFolder(dirname(folder));
  if (replaced) intoTrash(root, folder);
  const generation = generationAt(period, target);
  if (!generation) throw new Error(`${quoted(target)} went away while it was promoted`);
  return generation;
}

/** Gives up a generation that isn't complete. */
export function discard(fresh: FreshGeneration): void {
  letFileSystemGo(fresh.folder);
  if (statOf(fresh.folder)) intoTrash(fresh.root, fresh.folder);
}

/**
 * Puts aside what a killed run left below a root: parts, and an earlier generation whose successor was just promoted.
 * @returns how many there were
 */
export function recoverGenerations(root: string): number {
  const folder = join(root, partFolder);
  const left = entries(folder).filter(
    name => !name.startsWith(firstPrefix) || isForgotten(join(folder, name)),
  );
  for (const name of left) intoTrash(root, join(folder, name));
  return left.length;
}

/** What lies unfinished below a root: being built, or left by a run that ended early. */
export function partsOf(root: string): string[] {
  return entries(join(root, partFolder)).map(name => join(root, partFolder, name));
}

/** A first generation that nobody has gone on with for so long is that of a volume that is gone. */
const longestPauseMs = 30 * 86_400_000;

function isForgotten(folder: string): boolean {
  return Date.now() - Number(statOf(folder)?.ctimeMs ?? 0) > longestPauseMs;
}

/** Complete generations of one path, by period, oldest first. */
export function generationsOf(root: string, path: string, every: Every): Generation[] {
  return periodsOf(root, every).flatMap(period => {
    const generation = generationIn(root, period, path);
    return generation ? [generation] : [];
  });
}

/** The same of both kinds, the daily ones first: those that an earlier estate asked for are copies as good as any. */
export function generationsOfAnyKind(root: string, path: string): Generation[] {
  return (["day", "week"] as const).flatMap(every => generationsOf(root, path, every));
}

export function newestGeneration(root: string, path: string, every: Every): Generation | undefined {
  return generationsOf(root, path, every).at(-1);
}

/** The generation that is visible in a period. */
export function generationIn(root: string, period: string, path: string): Generation | undefined {
  return generationAt(period, targetOf(root, period, path));
}

/** Whether an entry of a root holds generations, and isn't something that somebody laid beside them. */
export function isPeriodName(name: string): boolean {
  return Object.values(periodNames).some(pattern => pattern.test(name));
}

/**
 * Whether a period is a later one. A day and a week, of which a root has both once the estate asks for the other kind, are held
 * against one another by their weeks: as names, "2026-21" comes after "2026-09-28".
 */
export function isLaterPeriod(period: string, than: string): boolean {
  return period.length === than.length ? period > than : weekOf(period) > weekOf(than);
}

/** Whether a day is one of a week. */
export function isWithin(period: string, other: string): boolean {
  return period.length !== other.length && weekOf(period) === weekOf(other);
}

/** Of a day that no calendar has, which somebody else has made, its own name. */
function weekOf(period: string): string {
  const dayMs = periodNames.day.test(period) ? Date.parse(period) : NaN;
  return Number.isNaN(dayMs) ? period : periodOf(dayMs, "week", "UTC");
}

/** Names of the periods of a root that hold something, oldest first. */
export function periodsOf(root: string, every: Every): string[] {
  return entries(root)
    .filter(name => periodNames[every].test(name))
    .sort();
}

/** What the disk doesn't show of generations. Whatever lies elsewhere is there all the same. */
export interface UnreadFolder {
  readonly folder: string;
  readonly reason: string;
}

/**
 * Paths "namespace/claim" that have a generation of a kind, sorted.
 * @param unread gets each folder that can't be read: it keeps no other path from being known
 */
export function claimPaths(
  root: string,
  every: Every,
  unread: (folder: UnreadFolder) => void,
): readonly string[] {
  const read = (folder: string): string[] => {
    try {
      return entries(folder);
    } catch (error) {
      unread({ folder, reason: messageOf(error) });
      return [];
    }
  };
  const paths = read(root)
    .filter(name => periodNames[every].test(name))
    .flatMap(period =>
      read(join(root, period)).flatMap(namespace =>
        read(join(root, period, namespace)).map(claim => `${namespace}/${claim}`),
      ),
    );
  return [...new Set(paths)].sort();
}

/** Complete generations of one path that a policy no longer keeps, oldest first. @param current period of now */
export function expiredGenerations(
  root: string,
  path: string,
  policy: GenerationPolicy,
  current: string,
): Generation[] {
  return expiredOf(generationsOf(root, path, policy.every), policy.count, current);
}

/**
 * What goes of the generations of one path: all but the last `count`, counted by what is there and not by the calendar,
 * so that a job that was away for long finds them all. One from a period that has not begun, made while the clock was
 * wrong, stays until its time comes and takes no other's place.
 * @param oldestFirst sorted by period
 * @param count one or more, as the config's schema has it
 */
export function expiredOf<G extends { readonly period: string }>(
  oldestFirst: readonly G[],
  count: number,
  current: string,
): G[] {
  const begun = oldestFirst.filter(({ period }) => period <= current);
  return begun.slice(0, Math.max(0, begun.length - count));
}

/**
 * Takes a generation out of sight, by one atomic step; folders that get empty by it go too.
 * @throws {RunnerError} for one that stays: somebody has made it immutable, or has put it on another disk
 */
export function retire(root: string, generation: Generation): void {
  try {
    intoTrash(root, generation.folder);
  } catch (error) {
    throw unretired(generation.folder, error);
  }
  for (let above = dirname(generation.folder); above !== root; above = dirname(above)) {
    try {
      rmdirSync(above);
    } catch {
      break;
    }
  }
  syncFolder(root);
}

function unretired(folder: string, error: unknown): RunnerError {
  return new RunnerError(
    exitCodes.failed,
    {
      // Without the names of its rename, of which the other one is another each time.
      failed: `${quoted(folder)} is no longer kept and can't be removed: ${messageOf(error).split(", rename ")[0]}`,
      kept: "It is as it was, and so is every other one that is kept.",
      next: shell`lsattr -d ${folder}; ls -ld ${dirname(folder)} ${folder}   (if it is to stay, it is safe in a folder beside the job's own)`,
    },
    { cause: error },
  );
}

/** What waits in the trash of a root, as paths. */
export function trashOf(root: string): string[] {
  return entries(join(root, trashFolder)).map(name => join(root, trashFolder, name));
}

/**
 * Removes what is in the trash of each root, in the idle class of the disk's scheduler. Told to stop, it ends; the next call
 * goes on. What lies behind an entry that can't be removed goes all the same.
 * @throws {RunnerError} that names what can't be removed
 */
export async function emptyTrash(roots: readonly string[], stop: AbortSignal): Promise<void> {
  const faults: { path: string; reason: string }[] = [];
  for (const path of roots.flatMap(trashOf)) {
    if (stop.aborted) break;
    const argv = ["ionice", "--class", "idle", "rm", "-rf", "--one-file-system", "--", path] as const;
    const result = await run(argv, { timeoutMs: longestRemovalMs, stop, env: { LC_ALL: "C" } });
    if (result.ended === "exited" && result.exitCode !== 0)
      faults.push({ path, reason: firstLines(result.stderr) });
  }
  const [first] = faults;
  if (first === undefined) return;
  const more = faults.length > 1 ? `; ${faults.length - 1} more entries of the trash can't either` : "";
  throw new RunnerError(exitCodes.failed, {
    failed: `${quoted(first.path)} can't be removed: ${first.reason}${more}`,
    kept: "Only what nobody wants any more lies there; every generation is whole.",
    next: shell`ls -la ${dirname(first.path)}; lsattr -d ${first.path}; dmesg --level err,warn | tail`,
  });
}

const longestRemovalMs = 24 * 3_600_000;

async function writeToDisk(folder: string, stop: AbortSignal): Promise<void> {
  const fault = await syncFileSystem(folder, { timeoutMs: longestSyncMs, stop });
  if (fault === undefined) return;
  throw new RunnerError(exitCodes.failed, {
    failed: `a new generation can't be written to disk: ${fault}`,
    kept: "It isn't visible, and the earlier ones are whole.",
    next: "dmesg --level err,warn | tail",
  });
}

function targetOf(root: string, period: string, path: string): string {
  const segments = path === "." ? [] : path.split("/");
  const wrong = segments.find(segment => segment === "" || segment.startsWith(".") || segment.includes("\0"));
  if (wrong !== undefined || !isPeriodName(period))
    throw new Error(`${quoted(`${period}/${path}`)} is no place for a generation`);
  return join(root, period, ...segments);
}

function generationAt(period: string, folder: string): Generation | undefined {
  const stat = statOf(folder);
  if (!stat?.isDirectory()) return undefined;
  // An inode's number comes again once its folder is gone.
  return { period, folder, identity: `${stat.ino}-${stat.birthtimeNs}` };
}

function intoTrash(root: string, path: string): void {
  renameSync(path, freeName(root, trashFolder));
  syncFolder(dirname(path));
}

/** A name that isn't taken in one of a root's own folders, which is made when it is missing. */
function freeName(root: string, folder: string): string {
  const own = join(root, folder);
  makeFolders(root, own);
  const taken = new Set(entries(own));
  let number = taken.size;
  while (taken.has(String(number))) number += 1;
  return join(own, String(number));
}

/**
 * Makes folders down from a root, and what they are called survives a loss of power. Only root gets through them: below
 * are others' files, with the modes that they gave them.
 */
function makeFolders(root: string, folder: string): void {
  if (statOf(folder)) return;
  if (folder !== root) makeFolders(root, dirname(folder));
  mkdirSync(folder, { mode: 0o700 });
  syncFolder(dirname(folder));
}

function statOf(path: string): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true });
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return undefined;
    throw error;
  }
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return [];
    throw error;
  }
}
