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
import { errorText } from "../../plan/estate/plain";
import { BadInput } from "../bad-input";
import { markOf, type RunbookPage } from "./pages";

/** In what a folder differs from the pages that belong there; paths below it. */
export interface Differences {
  readonly missing: readonly string[];
  readonly changed: readonly string[];
  /** Pages that were written here once, of what the estate has no more. */
  readonly over: readonly string[];
}

/** Folders of pages: in others, nobody looks. */
const ownFolders = ["", "disasters", "services", "from"];

/** @throws {BadInput} where something lies in a page's place that wasn't written here: a link, a folder, somebody's own file */
export function differencesOf(folder: string, pages: readonly RunbookPage[], estate: string): Differences {
  return orBadInput(folder, () => {
    for (const below of ownFolders) refuseStranger(join(folder, below), stats => stats.isDirectory());
    for (const { path } of pages)
      refuseStranger(join(folder, path), stats => stats.isFile() && isOurs(folder, path, estate));
    const known = ownFolders.flatMap(below => filesIn(folder, below));
    const wanted = new Set(pages.map(({ path }) => path));
    return {
      missing: pages.filter(({ path }) => !known.includes(path)).map(({ path }) => path),
      changed: pages
        .filter(({ path, text }) => known.includes(path) && readFileSync(join(folder, path), "utf8") !== text)
        .map(({ path }) => path),
      over: known.filter(path => !wanted.has(path) && isOurs(folder, path, estate)),
    };
  });
}

/** Makes a folder hold just these pages, beside what others have put there. */
export function writePages(
  folder: string,
  pages: readonly RunbookPage[],
  { missing, changed, over }: Differences,
): void {
  orBadInput(folder, () => {
    for (const { path, text } of pages)
      if (missing.includes(path) || changed.includes(path)) write(join(folder, path), text);
    for (const path of over) rmSync(join(folder, path));
  });
}

/** Whole, or not at all: a full disk leaves the page of before. */
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

function refuseStranger(path: string, isOwn: (stats: Stats) => boolean): void {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (!stats || isOwn(stats)) return;
  throw new BadInput(
    `--to: "${path}" was not written by "holdfast runbooks" for this estate, and stays as it is. Name another folder, or move it away.`,
  );
}

function filesIn(folder: string, below: string): string[] {
  if (!lstatSync(join(folder, below), { throwIfNoEntry: false })) return [];
  return readdirSync(join(folder, below), { withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name.endsWith(".md"))
    .map(({ name }) => join(below, name));
}

/** Its first line names the very page: a copy of one under another name, with somebody's notes, is theirs. */
function isOurs(folder: string, path: string, estate: string): boolean {
  return readFileSync(join(folder, path), "utf8").startsWith(markOf(path, estate));
}

function orBadInput<Result>(folder: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (error instanceof BadInput) throw error;
    throw new BadInput(`--to: "${folder}" can't be used: ${errorText(error)}.`);
  }
}
