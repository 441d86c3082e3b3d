import {
  closeSync,
  constants,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { makeClosedFolder, ownPrefix } from "../runtime/closed-folder";
import { syncFolder, writeDurably } from "../runtime/durable";
import { errnoOf } from "../runtime/errors";
import { forgetCached } from "../runtime/forget-cached";
import { openSegment } from "../runtime/journal";
import { type Lock, lockIfFree } from "../runtime/lock";
import { quoted } from "../runtime/quoted";
import { reach } from "../runtime/reach";
import { required } from "../runtime/required";
import { inherited, run } from "../runtime/run";
import { firstLines } from "../runtime/tail";
import { statAt, statIn } from "../runtime/tree-path";
import type { Scrub } from "./backup-scrub";
import { contentOf, identityOf, type OpenFile, openRegular } from "./content";
import { bytesOf, onDisk } from "./paths";
import { inodeOf, mendedShelf, recordOf, rottenFile } from "./rotten";
import { isOf } from "./sums";
import { leftMs } from "./time";
import { filesBelow } from "./walk";

/**
 * A rotten file is mended by a new inode that has its content as it was recorded and all else of it, and takes its place
 * under each of its names. The new inode is made in a folder of the disk that is nobody else's, so that no other job ever
 * sees half of one; each name changes by one rename, while no job that writes to the disk runs. What is going on is on
 * record: a run that was ended in the middle is taken up by the next one, with the same inode.
 */
const privateFolder = `${ownPrefix}/backup-scrub`;

const mending = z.object({
  rotten: rottenFile.required({ sha256: true }),
  /** False until the new inode is proven: then it is thrown away. */
  isProven: z.boolean(),
  /** Folders whose entries change, and the times that they had. */
  folders: z.array(z.object({ path: z.string(), mtimeNs: z.string() })),
});
type Mending = z.infer<typeof mending>;
export type KnownRotten = Mending["rotten"];

/** It can't be mended now. Nothing that was there has changed, or the next run goes on. */
export class Unmended extends Error {}

/**
 * Mends a rotten file from another one.
 * @returns false where the other one doesn't hold what was recorded: then nothing was changed
 * @throws {Unmended}
 */
export async function mend(scrub: Scrub, rotten: KnownRotten, from: OpenFile): Promise<boolean> {
  const { config } = scrub;
  makeClosedFolder(join(config.target.path, privateFolder));
  const record: Mending = { rotten, isProven: false, folders: [] };
  writeMending(scrub, record);
  if (!(await makeAside(scrub, rotten, from))) {
    forget(scrub);
    return false;
  }
  await takePlace(scrub, { ...record, isProven: true });
  return true;
}

/** Ends what an earlier run had begun. @returns the file that is mended now. @throws {Unmended} */
export async function resumeMending(scrub: Scrub): Promise<KnownRotten | undefined> {
  const record = readMending(scrub);
  if (record?.isProven) backAside(scrub, record.rotten);
  const aside = record?.isProven ? openRegular(asideOf(scrub)) : undefined;
  try {
    if (!record || !aside || !(await isAsRecorded(scrub, record.rotten, aside))) {
      forget(scrub);
      return undefined;
    }
  } finally {
    if (aside) closeSync(aside.fd);
  }
  const broken = openNamed(scrub, record.rotten);
  if (broken) closeSync(broken.fd);
  else if (record.folders.length === 0) {
    // All of its names went before the first one was changed.
    forget(scrub);
    return undefined;
  }
  await takePlace(scrub, record);
  return record.rotten;
}

function mendingFile({ config }: Scrub): string {
  return join(config.stateDir, "mending.json");
}

function writeMending(scrub: Scrub, record: Mending): void {
  writeDurably(mendingFile(scrub), `${JSON.stringify(record)}\n`, 0o600);
}

function readMending(scrub: Scrub): Mending | undefined {
  try {
    return mending.parse(JSON.parse(readFileSync(mendingFile(scrub), "utf8")));
  } catch {
    return undefined;
  }
}

/** Nothing is being mended: what lies aside goes. */
function forget(scrub: Scrub): void {
  rmSync(mendingFile(scrub), { force: true });
  const folder = join(scrub.config.target.path, privateFolder);
  try {
    for (const name of readdirSync(folder)) rmSync(join(folder, name));
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
}

function asideOf({ config }: Scrub, name = "new"): Buffer {
  return onDisk(config, `${privateFolder}/${name}`);
}

/** The new inode, durable and proven. @returns false where it isn't what was recorded */
async function makeAside(scrub: Scrub, rotten: KnownRotten, from: OpenFile): Promise<boolean> {
  const broken = openNamed(scrub, rotten);
  if (!broken) throw new Unmended("all of its names are gone");
  try {
    rmSync(asideOf(scrub), { force: true });
    const { O_CREAT, O_EXCL, O_RDWR } = constants;
    const fd = openSync(asideOf(scrub), O_CREAT | O_EXCL | O_RDWR, 0o600);
    try {
      await copy(scrub, ["--sparse=always", "--no-preserve=all"], from.fd, fd);
      const attributes = ["--attributes-only", "--preserve=mode,ownership,timestamps,xattr"];
      await copy(scrub, attributes, broken.fd, fd);
      if (rotten.was) await putBackTime(scrub, fd, rotten.was.mtimeNs);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  } finally {
    closeSync(broken.fd);
  }
  syncFolder(join(scrub.config.target.path, privateFolder));
  const aside = required(openRegular(asideOf(scrub)), "file that was just made");
  try {
    return await isAsRecorded(scrub, rotten, aside);
  } finally {
    closeSync(aside.fd);
  }
}

/** The lock goes with it: no other run begins while a copy outlives this one. */
async function copy(scrub: Scrub, options: readonly string[], from: number, to: number): Promise<void> {
  const { stop, lock } = scrub;
  const result = await run(["cp", ...options, ...inherited], {
    ...{ timeoutMs: Math.max(1, leftMs(scrub, "repair")), stop: stop.signal },
    inherit: [from, to, required(lock, "lock").fd],
  });
  stop.check("repair");
  if (result.ended === "timed-out") throw new Unmended(outOfTime);
  if (result.exitCode !== 0) throw new Unmended(`cp: ${firstLines(result.stderr)}`);
}

const outOfTime = "a run hasn't the time that its copy takes (raise the scrub's budget in the estate)";

/** By what the disk gives, not by what is still in memory. @throws {Unmended} */
async function isAsRecorded(scrub: Scrub, rotten: KnownRotten, aside: OpenFile): Promise<boolean> {
  const { size, mtimeNs } = identityOf(aside);
  const was = rotten.was ?? rotten;
  if (String(size) !== was.size || String(mtimeNs) !== was.mtimeNs) return false;
  await forgetCached(aside, scrub.stop);
  const content = await contentOf(aside, scrub.stop, "repair", () => leftMs(scrub, "repair") <= 0);
  if (content.kind === "late") throw new Unmended(outOfTime);
  return content.kind === "read" && content.sha256.toString("hex") === rotten.sha256;
}

/** The rotten file by one of its names. */
function openNamed({ config }: Scrub, rotten: KnownRotten): OpenFile | undefined {
  for (const name of rotten.names) {
    const file = openRegular(onDisk(config, name));
    if (file && isOf(recordOf(rotten), identityOf(file))) return file;
    if (file) closeSync(file.fd);
  }
  return undefined;
}

/** Once the last name has taken the new inode it lies aside no more: what is left to do is done from there all the same. */
function backAside(scrub: Scrub, { names, ino, size, mtimeNs, was = { size, mtimeNs } }: KnownRotten): void {
  if (lstatSync(asideOf(scrub), { throwIfNoEntry: false })) return;
  const placed = names.find(name => {
    const stat = statIn(scrub.config.target.path, name);
    return (
      stat?.isFile() === true &&
      String(stat.ino) !== ino &&
      String(stat.size) === was.size &&
      String(stat.mtimeNs) === was.mtimeNs
    );
  });
  if (placed !== undefined) reach(onDisk(scrub.config, placed), path => linkSync(path, asideOf(scrub)));
}

async function takePlace(scrub: Scrub, record: Mending): Promise<void> {
  const { config } = scrub;
  const { rotten } = record;
  const broken = openNamed(scrub, rotten);
  // A run that was ended just before its end: what is left is to put the folders' times back.
  const names = broken ? namesOf(scrub, rotten, broken.stat.nlink) : [];
  const locks = await lockWriters(scrub);
  try {
    if (broken && !isUntouched(scrub, broken, rotten)) throw new Unmended("its names have changed meanwhile");
    const folders = [...new Set(names.map(name => dirname(name)))].map(path => ({
      path,
      mtimeNs: String(statAt(onDisk(config, path)).mtimeNs),
    }));
    // Those that an earlier run had noted before it changed them count.
    const noted = new Set(record.folders.map(({ path }) => path));
    const all = [...record.folders, ...folders.filter(({ path }) => !noted.has(path))];
    writeMending(scrub, { ...record, isProven: true, folders: all });
    const aside = lstatSync(asideOf(scrub), { bigint: true });
    mendedShelf.keep(config, {
      ...inodeOf(rotten.unit, identityOf({ fd: -1, stat: aside })),
      ...{ sha256: rotten.sha256, mendedMs: Date.now() },
    });
    handOver(scrub, names);
    for (const name of names.slice(0, -1)) {
      const link = asideOf(scrub, "link");
      rmSync(link, { force: true });
      linkSync(asideOf(scrub), link);
      reach(onDisk(config, name), path => renameSync(link, path));
    }
    rmSync(asideOf(scrub, "link"), { force: true });
    // The last one takes it as it is: a run that is ended here leaves it no further name.
    const last = names.at(-1);
    if (last !== undefined) reach(onDisk(config, last), path => renameSync(asideOf(scrub), path));
    for (const folder of all) await putBackTimes(scrub, folder);
  } finally {
    if (broken) closeSync(broken.fd);
    for (const lock of locks) lock.release();
  }
  forget(scrub);
}

/** Every name of the rotten inode that is in sight: those that were listed, or where some are missing, those of a walk. */
function namesOf({ config, units }: Scrub, rotten: KnownRotten, links: bigint): string[] {
  const isName = (name: string): boolean => String(statIn(config.target.path, name)?.ino) === rotten.ino;
  const listed = rotten.names.filter(isName);
  if (BigInt(listed.length) === links) return listed;
  const found: string[] = [];
  for (const { paths } of required(units, "units"))
    for (const path of paths)
      for (const file of filesBelow(config, path))
        if ("stat" in file && String(file.stat.ino) === rotten.ino) found.push(file.path);
  return found;
}

/** No name came or went since the names were looked for: a link moves an inode's change time. */
function isUntouched(scrub: Scrub, broken: OpenFile, rotten: KnownRotten): boolean {
  const again = openNamed(scrub, rotten);
  if (!again) return false;
  closeSync(again.fd);
  return again.stat.ctimeNs === broken.stat.ctimeNs;
}

/** @throws {Unmended} when a job that writes to the disk runs */
async function lockWriters({ config, stop }: Scrub): Promise<Lock[]> {
  const locks: Lock[] = [];
  for (const path of config.writers) {
    const lock = await lockIfFree(path, stop.signal);
    if (lock) locks.push(lock);
    else {
      for (const held of locks) held.release();
      stop.check("repair");
      throw new Unmended(`another job writes to the disk and holds ${quoted(path)}`);
    }
  }
  return locks;
}

/** The offsite run sends what was mended again. */
function handOver({ config }: Scrub, names: readonly string[]): void {
  if (names.length === 0) return;
  const segment = openSegment(join(config.stateDir, "journal"), "reconcile");
  for (const name of names) segment.add(bytesOf(name));
  segment.promote();
}

/** A generation's folder is what it was. */
async function putBackTimes(scrub: Scrub, { path, mtimeNs }: Mending["folders"][number]): Promise<void> {
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;
  let fd: number;
  try {
    fd = reach(onDisk(scrub.config, path), short => openSync(short, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  } catch (error) {
    // It went since an earlier run noted it, or something else has its name.
    if (["ENOENT", "ENOTDIR", "ELOOP"].includes(errnoOf(error) ?? "")) return;
    throw error;
  }
  try {
    await putBackTime(scrub, fd, mtimeNs);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** To the nanosecond, which Node's utimes(2) can't. */
async function putBackTime({ stop }: Scrub, fd: number, mtimeNs: string): Promise<void> {
  const [seconds, rest] = [BigInt(mtimeNs) / 1_000_000_000n, BigInt(mtimeNs) % 1_000_000_000n];
  const date = `@${seconds}.${String(rest).padStart(9, "0")}`;
  const argv = ["touch", "--no-create", "-m", `--date=${date}`, inherited[0]] as const;
  const result = await run(argv, { timeoutMs: 60_000, stop: stop.signal, inherit: [fd] });
  stop.check("repair");
  if (result.exitCode !== 0) throw new Unmended(`touch: ${firstLines(result.stderr) || result.ended}`);
}
