import { closeSync, constants, type Dirent, opendirSync, openSync, readdirSync } from "node:fs";
import { longestPath, reach } from "./reach";

/** A folder whose entries are read one after the other, however many there are. Errors are Node's own. */
export interface OpenFolder {
  /** Its name is in bytes; null after the last one. */
  next(): Dirent<Buffer> | null;
  close(): void;
}

/** A name below a folder, with its slash; getdents(2). */
const longestName = 256;

/**
 * Names in bytes, always: where a file system doesn't say of what kind an entry is (ext4 without `filetype`, XFS without `ftype`),
 * Node looks at it by its path, which it can't build of bytes and text; and a name that is no UTF-8 would be another one.
 */
export function openFolder(path: Buffer): OpenFolder {
  // Node looks at entries by this path, as long as it is open.
  const held = path.length + longestName > longestPath ? holdOpen(path) : undefined;
  try {
    // Its types know only encodings of text.
    const options = { encoding: "buffer" as BufferEncoding, bufferSize: 256 };
    const dir = opendirSync(held === undefined ? path : Buffer.from(`/proc/self/fd/${held}`), options);
    return {
      next: () => dir.readSync() as unknown as Dirent<Buffer> | null,
      close() {
        dir.closeSync();
        if (held !== undefined) closeSync(held);
      },
    };
  } catch (error) {
    if (held !== undefined) closeSync(held);
    throw error;
  }
}

function holdOpen(path: Buffer): number {
  return reach(path, short => openSync(short, constants.O_RDONLY | constants.O_DIRECTORY));
}

/** Names of all entries of a folder, byte by byte as latin1. */
export function entriesOf(folder: string | Buffer): string[] {
  return reach(Buffer.from(folder), short => readdirSync(short, { encoding: "latin1" }));
}
