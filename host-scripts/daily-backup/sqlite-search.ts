import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { errnoOf, messageOf } from "../runtime/errors";
import { openFolder, type OpenFolder } from "../runtime/open-folder";

/** A database below a folder, or what could not be looked at. Paths are relative to the folder, byte by byte. */
export type Found =
  | { readonly kind: "database"; readonly path: Buffer }
  | { readonly kind: "unreadable"; readonly path: Buffer; readonly reason: string };

/** @see https://sqlite.org/fileformat.html, "1.3. The Database Header" */
const magic = Buffer.from("SQLite format 3\0");

/** The event loop, and with it a stop signal, has its turn at least that often. */
const turnMs = 50;

/**
 * Looks for databases by their first bytes in all regular files below `root`, whatever their names and depth. Symbolic
 * links, FIFOs, sockets and devices are neither followed nor opened. Its memory grows with the tree's depth alone.
 * @param onOther told of each regular file that is no database
 */
export async function* findDatabases(
  root: Buffer,
  stop: AbortSignal,
  onOther: (path: Buffer) => void = () => undefined,
): AsyncGenerator<Found> {
  const open: Level[] = [];
  let turn = performance.now();
  let entered: Found | undefined = enter(open, root, Buffer.alloc(0));
  try {
    while (open.length > 0 || entered !== undefined) {
      if (entered !== undefined) yield entered;
      entered = undefined;
      if (performance.now() - turn > turnMs) {
        await nextTurn();
        turn = performance.now();
      }
      stop.throwIfAborted();
      const level = open[open.length - 1];
      if (level === undefined) return;
      const entry = nextEntry(level);
      if (entry === "end" || "kind" in entry) {
        if (entry !== "end") yield entry;
        open.pop()?.dir.close();
      } else if (entry.isFolder) entered = enter(open, root, entry.path);
      else {
        const found = lookAt(root, entry.path);
        if (found === undefined) onOther(entry.path);
        else yield found;
      }
    }
  } finally {
    for (const { dir } of open) dir.close();
  }
}

/** @returns undefined for a regular file that is no database, and for anything that is no regular file */
export function lookAt(root: Buffer, path: Buffer): Found | undefined {
  try {
    return hasMagic(below(root, path)) ? { kind: "database", path } : undefined;
  } catch (error) {
    return { kind: "unreadable", path, reason: messageOf(error) };
  }
}

/** Path of an entry below a folder; of two relative ones, either may be the empty path of the root itself. */
export function below(folder: Buffer, path: Buffer): Buffer {
  if (path.length === 0) return folder;
  return folder.length === 0 ? path : Buffer.concat([folder, Buffer.from("/"), path]);
}

interface Level {
  readonly path: Buffer;
  readonly dir: OpenFolder;
}

function enter(open: Level[], root: Buffer, path: Buffer): Found | undefined {
  try {
    open.push({ path, dir: openFolder(below(root, path)) });
    return undefined;
  } catch (error) {
    return { kind: "unreadable", path, reason: messageOf(error) };
  }
}

function nextEntry(level: Level): "end" | Found | { readonly path: Buffer; readonly isFolder: boolean } {
  try {
    for (;;) {
      const entry = level.dir.next();
      if (entry === null) return "end";
      if (entry.isFile() || entry.isDirectory())
        return {
          path: below(level.path, entry.name),
          isFolder: entry.isDirectory(),
        };
    }
  } catch (error) {
    return { kind: "unreadable", path: level.path, reason: messageOf(error) };
  }
}

/** O_NONBLOCK: what became a FIFO since it was listed would hold an open for ever. */
function hasMagic(file: Buffer): boolean {
  const first = Buffer.alloc(magic.length);
  let fd: number;
  try {
    fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    // A link, a socket, or gone.
    if (["ELOOP", "ENXIO", "ENOENT", "ENOTDIR"].includes(errnoOf(error) ?? "")) return false;
    throw error;
  }
  try {
    return (
      readSync(fd, first, 0, first.length, 0) === first.length &&
      first.equals(magic) &&
      fstatSync(fd).isFile()
    );
  } catch (error) {
    // A folder, or a pipe that can't be read at an offset.
    if (["EISDIR", "ESPIPE", "EAGAIN"].includes(errnoOf(error) ?? "")) return false;
    throw error;
  } finally {
    closeSync(fd);
  }
}
