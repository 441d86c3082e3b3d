import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { errorText } from "../plan/estate/plain";
import { BadInput } from "./bad-input";

/** Files that a command writes into a folder, beside what others have there. */
export interface OwnFiles {
  /** The command, e.g. "runbooks". */
  readonly command: string;
  /** Paths below the folder, and texts. */
  readonly files: readonly { readonly path: string; readonly text: string }[];
  /** Folders in which they lie, "" the one itself: in others, nobody looks. */
  readonly folders: readonly string[];
  /** How their names end, e.g. ".md". */
  readonly ending: string;
  /** Whether a file's text says that it was written by that command, for this estate and under this very path. */
  isOurs(path: string, text: string): boolean;
}

/** In what a folder differs from the files that belong there; paths below it. */
export interface Differences {
  readonly missing: readonly string[];
  readonly changed: readonly string[];
  /** Files that were written here once, of what the estate has no more. */
  readonly over: readonly string[];
}

/** @throws {BadInput} where something lies in a file's place that wasn't written here: a link, a folder, somebody's own */
export function differencesOf(folder: string, own: OwnFiles): Differences {
  const { files, folders } = own;
  const isOurs = (path: string): boolean => own.isOurs(path, readFileSync(join(folder, path), "utf8"));
  return orBadInput(folder, () => {
    for (const below of folders) refuseStranger(join(folder, below), own, stats => stats.isDirectory());
    for (const { path } of files)
      refuseStranger(join(folder, path), own, stats => stats.isFile() && isOurs(path));
    const known = folders.flatMap(below => filesIn(folder, below, own.ending));
    const wanted = new Set(files.map(({ path }) => path));
    return {
      missing: files.filter(({ path }) => !known.includes(path)).map(({ path }) => path),
      changed: files
        .filter(({ path, text }) => known.includes(path) && readFileSync(join(folder, path), "utf8") !== text)
        .map(({ path }) => path),
      over: known.filter(path => !wanted.has(path) && isOurs(path)),
    };
  });
}

/** What is told of them. @param check whether they stay as they are */
export function linesOf({ missing, changed, over }: Differences, check: boolean): string[] {
  return [
    ...missing.map(path => (check ? `${path} is missing` : `${path}: written`)),
    ...changed.map(path =>
      check ? `${path} is of an earlier estate, or was edited` : `${path}: written anew`,
    ),
    ...over.map(path => (check ? `${path} is of what the estate has no more` : `${path}: removed`)),
  ];
}

/** Makes a folder hold just these files, beside what others have put there. */
export function writeOwn(
  folder: string,
  { files }: Pick<OwnFiles, "files">,
  { missing, changed, over }: Differences,
): void {
  orBadInput(folder, () => {
    for (const { path, text } of files)
      if (missing.includes(path) || changed.includes(path)) write(join(folder, path), text);
    for (const path of over) rmSync(join(folder, path));
  });
}

/** Whole, or not at all: a full disk leaves the file of before. */
function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  const part = `${path}.part`;
  rmSync(part, { force: true });
  try {
    writeFileSync(part, text, { flag: "wx" });
    renameSync(part, path);
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
}

function refuseStranger(path: string, { command }: OwnFiles, isOwn: (stats: Stats) => boolean): void {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (!stats || isOwn(stats)) return;
  throw new BadInput(
    `--to: "${path}" was not written by "holdfast ${command}" for this estate, and stays as it is. Name another folder, or move it away.`,
  );
}

function filesIn(folder: string, below: string, ending: string): string[] {
  if (!lstatSync(join(folder, below), { throwIfNoEntry: false })) return [];
  return readdirSync(join(folder, below), { withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name.endsWith(ending))
    .map(({ name }) => join(below, name));
}

function orBadInput<Result>(folder: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (error instanceof BadInput) throw error;
    throw new BadInput(`--to: "${folder}" can't be used: ${errorText(error)}.`);
  }
}
