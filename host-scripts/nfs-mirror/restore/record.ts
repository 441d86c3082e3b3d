import { lstatSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { z } from "zod";
import type { NfsMirrorConfig } from "../../../plan/contracts/nfs-mirror";
import { ownPrefix } from "../../runtime/closed-folder";
import { syncFolder, writeDurably } from "../../runtime/durable";
import { errnoOf, messageOf } from "../../runtime/errors";
import { notedName, shortened } from "../../runtime/quoted";
import { ready, shell } from "../../runtime/shell";
import { serviceOf } from "../mirror";

/** Below a root, byte by byte as latin1. Root's own folder holds the record: a name in it leads nowhere else. */
export const name = z.string().regex(/^(?!\.{0,2}(?:\/|$))[^\0]+$/);

const restoreId = z.string().regex(/^\d{8}T\d{6}Z(?:-\d+)?$/);

const restoreRecord = z.object({
  /** When it began, "20261127T224105Z": its folder's name beside what it brings back. */
  id: restoreId,
  /**
   * - `copying`: what the mirror has is being copied aside; what is there is untouched
   * - `placing`: the copy is whole, and changes places with what is there, item by item
   * - `placed`: it has; what was there is aside
   * - `undoing`: what was there is coming back
   * - `undone`: it is there again; what the restore brought is aside
   */
  state: z.enum(["copying", "placing", "placed", "undoing", "undone"]),
  /** What was asked for: a service, byte by byte as latin1, or "." for all of them. */
  asked: z.union([z.literal("."), name]),
  /** The first one of the same command, each of which is about another file system. */
  first: restoreId,
  /** Folder below which it comes back: the root of the source or of a file system in it, or one that an operator named. */
  root: z.string().startsWith("/"),
  /** Where that root is below the source's, and so below the mirror's; empty for the source's own. */
  below: z.union([z.literal(""), name]),
  /** What was asked for, as everything here by names below the root. */
  wanted: z.array(name).min(1),
  /** What changes places: each of them, or the first folder above it that isn't there. */
  items: z.array(
    z.object({
      path: name,
      /** Of its copy: known once that is whole. */
      inode: z.string().optional(),
      /** Nothing was there before. */
      isNew: z.boolean(),
      /** The mirror has nothing of that name: what is there goes aside. */
      isGone: z.boolean(),
    }),
  ),
  /** All that there is, and the root's own owner and mode. */
  isAll: z.boolean(),
  /** Asked for, and not brought back: the mirror could not be read there. */
  lacked: z.array(name),
});

/** A restore: as long as it has not ended, and what is kept by one that has. */
export type RestoreRecord = z.infer<typeof restoreRecord>;

/** Where a restore's own folder lies: on the file system that it restores to, closed, and mirrored by no run. */
export function asideRoot(root: string): string {
  return join(root, asideName);
}

/** An entry at the source's root that is no data of a service. */
export const asideName = `${ownPrefix}-restore`;

/** While it copies, the copy; once that is in its place, what was there. */
export function asideOf({ root, id }: RestoreRecord): string {
  return join(asideRoot(root), id);
}

export function isUnfinished({ state }: RestoreRecord): boolean {
  return state === "copying" || state === "placing" || state === "undoing";
}

/** Whether it changes the tree that is mirrored. */
export function isInPlace({ root, below }: RestoreRecord, config: NfsMirrorConfig): boolean {
  return below !== "" || root === config.source.path;
}

/** What was asked for, by names below the mirror's root. */
export function wantedNames({
  wanted,
  below,
  isAll,
}: Pick<RestoreRecord, "wanted" | "below" | "isAll">): string[] {
  if (below === "") return [...wanted];
  return isAll ? [below] : wanted.map(name => `${below}/${name}`);
}

/** The same as messages show them. */
export function shownNames(record: RestoreRecord): string[] {
  return wantedNames(record).map(name => notedName(name));
}

export function servicesOf(record: Pick<RestoreRecord, "wanted" | "below" | "isAll">): string[] {
  return [...new Set(wantedNames(record).map(serviceOf))];
}

/** Where on the mirror that lies what a restore brings back. */
export function mirrorRoot({ target }: NfsMirrorConfig, { below }: Pick<RestoreRecord, "below">): string {
  return join(target.path, Buffer.from(below, "latin1").toString());
}

function folderOf({ stateDir }: NfsMirrorConfig): string {
  return join(stateDir, "restores");
}

export function fileOf(config: NfsMirrorConfig, { id }: RestoreRecord): string {
  return join(folderOf(config), `${id}.json`);
}

/** A record's file that isn't what this version writes. */
export interface UnreadRestore {
  readonly id: string;
  readonly file: string;
  readonly fault: string;
  /** What it holds, where it is JSON. */
  readonly value: unknown;
}

export function unreadText({ file, fault }: UnreadRestore): string {
  return `the record of a restore can't be read: ${file}: ${shortened(fault)}`;
}

/** Restores that are on record, the oldest first. */
export interface Restores {
  readonly records: readonly RestoreRecord[];
  readonly unread: readonly UnreadRestore[];
}

export function readRestores(config: NfsMirrorConfig): Restores {
  const records: RestoreRecord[] = [];
  const unread: UnreadRestore[] = [];
  for (const id of idsOf(entriesOf(folderOf(config))).sort(inTheirOrder)) {
    const file = join(folderOf(config), `${id}.json`);
    let value: unknown;
    try {
      value = JSON.parse(readFileSync(file, "utf8"));
      records.push(restoreRecord.parse(value));
    } catch (error) {
      unread.push({ id, file, fault: faultText(error), value });
    }
  }
  return { records, unread };
}

function faultText(error: unknown): string {
  if (!(error instanceof z.ZodError)) return messageOf(error);
  return error.issues.map(({ path, message }) => `${path.join(".") || "it"}: ${message}`).join("; ");
}

export function writeRestore(config: NfsMirrorConfig, record: RestoreRecord): RestoreRecord {
  writeDurably(fileOf(config, record), `${JSON.stringify(record)}\n`, 0o600);
  return record;
}

export function dropRestore(config: NfsMirrorConfig, record: RestoreRecord): void {
  rmSync(fileOf(config, record), { force: true });
  if (isThere(folderOf(config))) syncFolder(folderOf(config));
}

/**
 * A name for a restore that begins now, after that of each earlier one: also where the clock has gone back, the last one is the one
 * that is taken back first.
 * @param others those of the same command
 */
export function newId(config: NfsMirrorConfig, root: string, now: Date, others: readonly string[]): string {
  const stamp = now.toISOString().replace(/[-:]|\.\d+/g, "");
  const taken = [...others, ...idsOf(entriesOf(folderOf(config))), ...entriesOf(asideRoot(root))];
  const last = taken
    .filter(id => restoreId.safeParse(id).success)
    .sort(inTheirOrder)
    .at(-1);
  if (last === undefined || inTheirOrder(stamp, last) > 0) return stamp;
  const [of = last, count = "1"] = last.split("-");
  return `${of}-${Number(count) + 1}`;
}

function idsOf(files: readonly string[]): string[] {
  return files.flatMap(file => (file.endsWith(".json") ? [file.slice(0, -".json".length)] : []));
}

function inTheirOrder(one: string, other: string): number {
  const [[oneStamp = "", oneCount = "1"], [otherStamp = "", otherCount = "1"]] = [
    one.split("-"),
    other.split("-"),
  ];
  if (oneStamp !== otherStamp) return oneStamp < otherStamp ? -1 : 1;
  return Number(oneCount) - Number(otherCount);
}

/**
 * Folders beside the services that no restore on record has.
 * @param nested paths below the source of the file systems in it
 */
export function unknownAside(
  config: NfsMirrorConfig,
  { records, unread }: Restores,
  nested: readonly string[],
): string[] {
  const known = new Set(records.map(asideOf));
  const unreadIds = new Set(unread.map(({ id }) => id));
  return ["", ...nested]
    .map(path => asideRoot(join(config.source.path, path)))
    .flatMap(folder => asidesIn(folder).map(entry => join(folder, entry)))
    .filter(folder => !known.has(folder) && !unreadIds.has(basename(folder)));
}

/** A folder that can't be looked into, or is below a file by now, keeps nothing else from being mirrored: whoever reads the tree tells it. */
function asidesIn(folder: string): string[] {
  try {
    return entriesOf(folder);
  } catch {
    return [];
  }
}

export function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** "navidrome, nasty/one" */
export function wantedText(record: Pick<RestoreRecord, "wanted" | "below" | "isAll">): string {
  if (record.isAll && record.below === "") return "all services";
  return shortened(
    wantedNames(record)
      .map(path => notedName(path))
      .join(", "),
  );
}

/** What ends a restore that was cut, or takes one back. */
export function restoreCommand(
  config: NfsMirrorConfig,
  record: RestoreRecord,
  how: "resume" | "rollback",
): string {
  return shell`${config.job} restore ${ready(`--${how}`)} -- ${Buffer.from(record.asked, "latin1")}`;
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    throw error;
  }
}
