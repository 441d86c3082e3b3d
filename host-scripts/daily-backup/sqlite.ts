import {
  type BigIntStats,
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { errnoOf, messageOf } from "../runtime/errors";
import type { Log } from "../runtime/log";
import { quoted } from "../runtime/quoted";
import { companions, databaseOf } from "./companions";
import { copyTogether, isSmall, mostTogether, type Pair } from "./sqlite-copy";
import { below, findDatabases, type Found, lookAt } from "./sqlite-search";
import { NotCopied } from "./sqlite-shell";
import { openWorkshops, type Workshop, type Workshops } from "./workshop";

export interface DatabaseCopies {
  readonly copied: number;
  /** Unchanged ones, which share the earlier copy's bytes. */
  readonly linked: number;
  /** Of the copies that were made. */
  readonly bytes: number;
  readonly failed: readonly FailedDatabase[];
}

export interface FailedDatabase {
  /** Below the volume's root. */
  readonly path: Buffer;
  readonly reason: string;
}

export interface CopyDatabasesOptions {
  /** Mount point of a snapshot that nobody writes to. */
  readonly root: string;
  /**
   * Paths below `root` that are new there, or whose content, owner, mode or attributes can have changed since
   * `previous` was made, or since there was no database, and logs and journals that are gone; a folder stands for all below
   * it. Undefined: nothing is known, and nothing is linked, as after a failure.
   */
  readonly changed: readonly Buffer[] | undefined;
  /** Newest complete folder of copies of the same volume, on the disk of `into`. */
  readonly previous: string | undefined;
  /** An empty folder on the backup disk. Copies get the path there that they have below `root`. */
  readonly into: string;
  readonly stop: AbortSignal;
  readonly log: Log;
  /** For one command on one database. */
  readonly timeoutMs: number;
}

/** Databases that have no new copy in a folder, each ended by NUL, for whoever restores from it. */
export const failedFile = ".holdfast-failed";

/**
 * Copies all SQLite databases of a volume. One that can't be copied, or whose copy doesn't hold what the source does, is
 * reported and doesn't stop the others: what there was of it in `previous` stays, and nothing half-made.
 * @throws what `stop` gives as reason once it is aborted; `into` is then to be thrown away
 */
export async function copyDatabases(options: CopyDatabasesOptions): Promise<DatabaseCopies> {
  const { into, stop, log } = options;
  const root = Buffer.from(options.root);
  const done = { copied: 0, linked: 0, bytes: 0, failed: [] as FailedDatabase[] };
  let workshops: Promise<Workshops> | undefined;
  const withoutRoom: Buffer[] = [];
  const found = candidates(root, options);
  try {
    // All take from one list, and all have ended before their folders go.
    const ends = await Promise.allSettled(Array.from({ length: atOnce }, (_, index) => work(index)));
    const fault = ends.find(end => end.status === "rejected");
    if (fault) throw fault.reason;
    // Another one's copy, and its log, may have had the room while it was made.
    for (const path of withoutRoom) await copy(path, 0, fail);
  } finally {
    const opened = await workshops?.catch(() => undefined);
    await opened?.close();
  }
  // A restore puts it over a volume, whose root then has what this folder has.
  const { mode, uid, gid } = lstatSync(root);
  chownSync(into, uid, gid);
  chmodSync(into, mode & 0o7777);
  if (done.failed.length > 0)
    writeFileSync(
      join(into, failedFile),
      Buffer.concat(done.failed.flatMap(({ path }) => [path, Buffer.from([0])])),
      { mode: 0o600 },
    );
  return done;

  /** Most volumes have no database. @param index of who works in it */
  async function workshop(index: number): Promise<Workshop> {
    workshops ??= openWorkshops(into, atOnce, stop);
    const own = (await workshops).all[index];
    if (own === undefined) throw new Error(`there is no workshop ${index}`);
    return own;
  }

  async function work(index: number): Promise<void> {
    let small: Buffer[] = [];
    for (;;) {
      stop.throwIfAborted();
      const { value, done: isEnd } = await found.next();
      if (isEnd === true || small.length === mostTogether) {
        await copySmall(small, index);
        small = [];
      }
      if (isEnd === true) return;
      if (value.kind === "unreadable") fail(value.path, value.reason);
      else if (value.kind === "unchanged" && link(root, value.path, options)) done.linked += 1;
      else if (isQuick(value.path)) small.push(value.path);
      else await copy(value.path, index, failUnlessAlone);
      log.progress(`sqlite: ${done.copied} databases copied (${done.bytes} bytes), ${done.linked} unchanged`);
    }
  }

  /** One that can't even be looked at is copied alone, which says why it can't be. */
  function isQuick(path: Buffer): boolean {
    try {
      return isSmall(below(root, path));
    } catch {
      return false;
    }
  }

  async function copySmall(paths: readonly Buffer[], index: number): Promise<void> {
    if (paths.length > 1) {
      try {
        done.bytes += await copyTogether(paths.map(prepare), await workshop(index), options);
        done.copied += paths.length;
        return;
      } catch (error) {
        stop.throwIfAborted();
        if (!(error instanceof NotCopied) && errnoOf(error) === undefined) throw error;
      }
    }
    // Alone, each has its own reason when it can't be copied.
    for (const path of paths) await copy(path, index, failUnlessAlone);
  }

  function prepare(path: Buffer): Pair {
    if (path.toString() === failedFile) throw new NotCopied("its name is that of this job's own list");
    const target = Buffer.from(into);
    makeFolders(root, path, target);
    return { source: below(root, path), target: below(target, path) };
  }

  async function copy(path: Buffer, index: number, failed: typeof fail): Promise<void> {
    try {
      done.bytes += await copyTogether([prepare(path)], await workshop(index), options);
      done.copied += 1;
    } catch (error) {
      stop.throwIfAborted();
      if (!(error instanceof NotCopied) && errnoOf(error) === undefined) throw error;
      failed(path, messageOf(error));
    }
  }

  /** Without room it is tried once more, when nothing else is being copied. */
  function failUnlessAlone(path: Buffer, reason: string): void {
    if (isForLackOfRoom(reason)) withoutRoom.push(path);
    else fail(path, reason);
  }

  function fail(path: Buffer, reason: string): void {
    const kept = keepEarlier(root, path, options) ? "; its earlier copy is kept" : "";
    done.failed.push({ path, reason: `${reason}${kept}` });
    log.warn(`no new copy of the database ${quoted(path)}: ${reason}${kept}`);
  }
}

/** In the words of cp, Node and SQLite, whose disk or whose quota is full. */
function isForLackOfRoom(reason: string): boolean {
  return /no space left|quota exceeded|disk is full/i.test(reason);
}

/** Most of a small database's copy is the start of programs, which a second one can do meanwhile. */
const atOnce = 2;

type Candidate = Found | { readonly kind: "unchanged"; readonly path: Buffer };

async function* candidates(root: Buffer, options: CopyDatabasesOptions): AsyncGenerator<Candidate> {
  const { changed, previous, stop } = options;
  const seen = new Set<string>();
  // The empty path is that of the root itself.
  for (const path of changed?.flatMap(withDatabase) ?? [Buffer.alloc(0)]) {
    for await (const found of lookBelow(root, path, stop)) {
      if (seen.has(found.path.toString("latin1"))) continue;
      seen.add(found.path.toString("latin1"));
      yield found;
    }
  }
  if (previous === undefined) return;
  for await (const { path } of findDatabases(Buffer.from(previous), stop)) {
    if (seen.has(path.toString("latin1"))) continue;
    if (!isReal(root, path)) continue;
    const found = lookAt(root, path);
    if (found !== undefined) yield found.kind === "database" ? { kind: "unchanged", path } : found;
    // Its first bytes are what says so: zeros there, or none at all, are damage, and its earlier copy is the last good one.
    else if (lstatSync(below(root, path), { throwIfNoEntry: false })?.isFile())
      yield { kind: "unreadable", path, reason: "it was a database, and is none any more" };
  }
}

/** @param path of a file, or of a folder that stands for all below it */
async function* lookBelow(root: Buffer, path: Buffer, stop: AbortSignal): AsyncGenerator<Found> {
  if (!isReal(root, path)) return;
  if (!isFolder(below(root, path))) {
    const found = lookAt(root, path);
    if (found !== undefined) yield found;
    return;
  }
  for await (const found of findDatabases(below(root, path), stop))
    yield { ...found, path: below(path, found.path) };
}

/** Each folder above it is a folder of this tree, and no link that leads elsewhere. */
function isReal(root: Buffer, path: Buffer): boolean {
  return foldersAbove(path).every(folder => isFolder(below(root, folder)));
}

function foldersAbove(path: Buffer): Buffer[] {
  const folders: Buffer[] = [];
  for (let slash = path.indexOf("/"); slash !== -1; slash = path.indexOf("/", slash + 1))
    folders.push(path.subarray(0, slash));
  return folders;
}

function isFolder(path: Buffer): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** A log or journal that changed, or is gone, is a change of its database. */
function withDatabase(path: Buffer): Buffer[] {
  const database = databaseOf(path);
  return database === undefined ? [path] : [path, database];
}

/** A good copy of an earlier state outlives the database's damage. Its time tells how old it is. */
function keepEarlier(root: Buffer, path: Buffer, { previous, into }: CopyDatabasesOptions): boolean {
  if (previous === undefined) return false;
  try {
    const earlier = below(Buffer.from(previous), path);
    if (!lstatSync(earlier).isFile()) return false;
    makeFolders(root, path, Buffer.from(into));
    linkSync(earlier, below(Buffer.from(into), path));
    return true;
  } catch {
    return false;
  }
}

/** @returns false when there is nothing that can be linked; the database is copied then */
function link(root: Buffer, path: Buffer, { previous, into }: CopyDatabasesOptions): boolean {
  const earlier = below(Buffer.from(previous ?? ""), path);
  try {
    const [now, then] = [below(root, path), earlier].map(file => lstatSync(file, { bigint: true }));
    if (now === undefined || then === undefined) return false;
    const same = (["mode", "uid", "gid", "mtimeNs"] as const).every(field => now[field] === then[field]);
    if (!same || !then.isFile() || companions.some(end => isNewer(root, path, end, then))) return false;
    makeFolders(root, path, Buffer.from(into));
    linkSync(earlier, below(Buffer.from(into), path));
    return true;
  } catch {
    return false;
  }
}

/** What is committed may be in the log alone: the database's own file then looks as it did when the copy was made. */
function isNewer(root: Buffer, path: Buffer, end: string, copy: BigIntStats): boolean {
  const beside = lstatSync(below(root, Buffer.concat([path, Buffer.from(end)])), {
    bigint: true,
    throwIfNoEntry: false,
  });
  return beside !== undefined && beside.mtimeNs > copy.birthtimeNs;
}

/** The folders above a copy, with the owners and modes of the source's. */
function makeFolders(root: Buffer, path: Buffer, into: Buffer): void {
  for (const folder of foldersAbove(path)) {
    const target = below(into, folder);
    if (lstatSync(target, { throwIfNoEntry: false })) continue;
    const { mode, uid, gid } = lstatSync(below(root, folder));
    mkdirSync(target);
    chownSync(target, uid, gid);
    chmodSync(target, mode & 0o7777);
  }
}
