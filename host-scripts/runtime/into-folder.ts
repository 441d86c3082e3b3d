import { existsSync, mkdirSync, readdirSync, realpathSync } from "node:fs";
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
  if (!existsSync(real)) {
    if (!dryRun) mkdirSync(real, { mode: 0o700 });
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
  if (mount === undefined && !dryRun) closeFolder(real);
  return { path: real, isMount: mount === true };
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
