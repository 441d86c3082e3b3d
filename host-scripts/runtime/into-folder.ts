import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmdirSync,
  statSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { closeFolder } from "./closed-folder";
import { errnoOf, Refusal } from "./errors";
import { isHarmlessMount } from "./mounts";
import { quoted } from "./quoted";
import { shell } from "./shell";

/** Where a tree is restored to that isn't its own place. */
export interface IntoFolder {
  /** By its real path. */
  readonly path: string;
  /** It is the root of a file system: then it gets owner and mode of the tree's root, and else it is root's alone. */
  readonly isMount: boolean;
}

/**
 * Opens a folder to restore into: a new one, an empty one, or an empty file system that is mounted there. What strangers have written lands in it with
 * their modes, set-uid programs too: so nobody but root gets through it, unless its mount lets none of that act.
 * @param disk the backup disk, which no restore fills
 * @param dryRun looks alone
 * @throws {Refusal}
 */
export async function intoFolder(
  into: string,
  { disk, dryRun, stop }: { readonly disk: string; readonly dryRun: boolean; readonly stop: AbortSignal },
): Promise<IntoFolder> {
  const path = join(realFolder(dirname(into), into), into.slice(into.lastIndexOf("/") + 1));
  const real = existsSync(path) ? realFolder(path, into) : path;
  if (`${real}/`.startsWith(`${realFolder(disk, disk)}/`))
    throw new Refusal(
      `${quoted(into)} lies on the backup disk ${quoted(disk)}, where copies are and no room is to be taken`,
      "the same with a folder on another disk",
    );
  refuseStrangersAbove(real, into);
  if (!existsSync(real)) {
    if (!dryRun) {
      mkdirSync(real, { mode: 0o700 });
      try {
        refuseWithoutOwners(real, into);
      } catch (error) {
        rmdirSync(real);
        throw error;
      }
    }
    return { path: real, isMount: false };
  }
  const mount = await isHarmlessMount(real, stop);
  const entries = readdirSync(real).filter(name => !(mount !== undefined && name === "lost+found"));
  if (entries.length > 0)
    throw new Refusal(
      `${quoted(into)} is not empty: it has ${entries.length} entries, the first is ${quoted(entries[0] ?? "")}`,
      shell`ls -la ${into}   (then the same with a new folder, an empty one, or an empty file system that is mounted there)`,
    );
  if (mount === false)
    throw new Refusal(
      `${quoted(into)} is mounted without nosuid or nodev: a set-uid program or a device node of what is restored would be one of this host`,
      shell`mount -o remount,nosuid,nodev,noexec ${real}`,
    );
  if (!dryRun) refuseWithoutOwners(real, into);
  if (mount === undefined && !dryRun) closeFolder(real);
  return { path: real, isMount: mount === true };
}

/** Nobody has it, and it isn't "nobody" (65534), whom a share makes of root: there a change to that one succeeds, and to no other. */
const somebody = 54_321;
const someMode = 0o751;

/** A file system that knows no owners (vfat, exFAT, a share of another account) would have all of it as one account's, after hours of copying. */
function refuseWithoutOwners(folder: string, told: string): void {
  let tried: string | undefined;
  try {
    tried = mkdtempSync(join(folder, ".holdfast-"));
    chmodSync(tried, someMode);
    chownSync(tried, somebody, somebody);
    const { uid, gid, mode } = lstatSync(tried);
    if (uid === somebody && gid === somebody && (mode & 0o7777) === someMode) return;
  } catch (error) {
    // Of any other fault, such as a full disk, the restore itself tells.
    if (tried === undefined || !["EPERM", "EINVAL", "ENOTSUP"].includes(errnoOf(error) ?? "")) return;
  } finally {
    if (tried !== undefined) rmdirSync(tried);
  }
  throw new Refusal(
    `${quoted(told)} is on a file system that keeps no owners or modes: all that is restored there would be one account's`,
    shell`findmnt --target ${folder}   (then the same with a folder on ext4, xfs, btrfs or zfs)`,
  );
}

/** Whoever may rename it puts a link in its place while a restore is at work, and all goes where that leads. */
function refuseStrangersAbove(path: string, told: string): void {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const { uid, gid, mode } = statSync(folder);
    const isSticky = (mode & 0o1000) !== 0;
    const isOpen = (mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && gid !== 0);
    if (uid !== 0 || (isOpen && !isSticky))
      throw new Refusal(
        `${quoted(told)} lies in ${quoted(folder)}, where others than root may put something else in its place`,
        shell`ls -ld ${folder}   (then the same with a folder that only root can move, such as one below /root)`,
      );
    if (folder === "/") return;
  }
}

function realFolder(path: string, told: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    throw new Refusal(
      `${quoted(told)} can't be used: ${quoted(path)} ${errnoOf(error) === "ENOENT" ? "is not there" : `can't be opened: ${errnoOf(error)}`}`,
      shell`ls -ld ${path}`,
    );
  }
}
