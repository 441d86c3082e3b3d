import { closeSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { writeAll } from "./durable";
import { escaped, patternOf } from "./rsync";
import { foldersAbove } from "./tree-path";

/**
 * Lends rsync a file that lists paths below the root of a transfer, as arguments.
 * @param paths byte by byte as latin1
 * @param folder the job's own, which only root reads
 */
export async function withPathList<Result>(
  folder: string,
  paths: Iterable<string>,
  use: (args: readonly string[]) => Promise<Result>,
): Promise<Result> {
  const path = join(folder, "rsync-list");
  try {
    write(path, paths);
    return await use(["--from0", `--files-from=${path}`]);
  } finally {
    rmSync(path, { force: true });
  }
}

/**
 * The same of a transfer from another machine, as filters: rsync 3.5's daemon lists the names of a list in its module's folder, and looks
 * for them in the module's root ("file has vanished").
 */
export async function withNameFilters<Result>(
  folder: string,
  names: readonly string[],
  use: (args: readonly string[]) => Promise<Result>,
): Promise<Result> {
  const path = join(folder, "rsync-filters");
  const above = new Set(names.flatMap(foldersAbove));
  const patterns = [...[...above, ...names].map(patternOf), ...names.map(belowPattern)];
  try {
    const file = openSync(path, "w", 0o600);
    try {
      writeLines(file, patterns);
    } finally {
      closeSync(file);
    }
    return await use([`--include-from=${path}`, "--exclude=*"]);
  } finally {
    rmSync(path, { force: true });
  }
}

/** All that lies in it. */
function belowPattern(name: string): string {
  return `/${escaped(name)}/**`;
}

function write(path: string, paths: Iterable<string>): void {
  const file = openSync(path, "w", 0o600);
  try {
    let lines: string[] = [];
    for (const line of paths) {
      lines.push(isComment(line) ? `/${line}` : line);
      if (lines.length < 10_000) continue;
      writeLines(file, lines);
      lines = [];
    }
    writeLines(file, lines);
  } finally {
    closeSync(file);
  }
}

function writeLines(file: number, lines: readonly string[]): void {
  writeAll(file, Buffer.from(lines.map(line => `${line}\0`).join(""), "latin1"));
}

/** rsync passes over a line that begins so, and takes slashes at its start away. With "./" it would copy the root too. */
function isComment(line: string): boolean {
  return line.startsWith("#") || line.startsWith(";");
}
