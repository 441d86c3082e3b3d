import { closeSync, constants, openSync, readlinkSync } from "node:fs";
import { errnoOf } from "./errors";
import { inTree } from "./tree-path";

/**
 * A folder that is held open: what is done by this path is done in it, whatever its path below the tree leads to meanwhile, which
 * whoever writes to the tree may turn into a link to anywhere on this host.
 */
export interface HeldFolder {
  /** For this process and those that it starts. */
  readonly path: string;
  close(): void;
}

/**
 * @param name of a folder below a root, byte by byte as latin1; "" for the root itself
 * @returns undefined where a folder is missing, or something else is there: also a link to one
 */
export function holdFolder(root: string, name: string): HeldFolder | undefined {
  let held = open(Buffer.from(root));
  for (const word of name === "" ? [] : name.split("/")) {
    if (held === undefined) return undefined;
    const below: number | undefined = open(inTree(pathOf(held), word));
    closeSync(held);
    held = below;
  }
  if (held === undefined) return undefined;
  const fd = held;
  return { path: pathOf(fd), close: () => closeSync(fd) };
}

/** What somebody can type of a path that may lead through a folder which this process holds open. */
export function typedPath(path: string | Buffer): Buffer {
  const bytes = Buffer.from(path);
  const [, fd, rest = ""] = /^\/proc\/\d+\/fd\/(\d+)(.*)$/s.exec(bytes.toString("latin1")) ?? [];
  if (fd === undefined) return bytes;
  const folder = readlinkSync(`/proc/self/fd/${fd}`, { encoding: "buffer" });
  return Buffer.concat([folder, Buffer.from(rest, "latin1")]);
}

function pathOf(fd: number): string {
  return `/proc/${process.pid}/fd/${fd}`;
}

function open(path: Buffer): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "ELOOP"].includes(errnoOf(error) ?? "")) return undefined;
    throw error;
  }
}
