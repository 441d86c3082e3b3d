import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { errorText } from "../../plan/estate/plain";
import { BadInput } from "../bad-input";
import { mark, type RunbookPage } from "./pages";

/** In what a folder differs from the pages that belong there; paths below it. */
export interface Differences {
  readonly missing: readonly string[];
  readonly changed: readonly string[];
  /** Pages that were written here once, of what the estate has no more. */
  readonly over: readonly string[];
}

/** @throws {BadInput} where something lies in a page's place that was not written here, and can't be read */
export function differencesOf(folder: string, pages: readonly RunbookPage[]): Differences {
  return orBadInput(folder, () => {
    const wanted = new Set(pages.map(({ path }) => path));
    const known = existsSync(folder) ? filesBelow(folder, "") : [];
    const strangers = pages.filter(({ path }) => known.includes(path) && !isOurs(join(folder, path)));
    if (strangers[0])
      throw new BadInput(
        `--to: "${join(folder, strangers[0].path)}" was not written by "holdfast runbooks", and stays as it is. Name another folder, or move it away.`,
      );
    return {
      missing: pages.filter(({ path }) => !known.includes(path)).map(({ path }) => path),
      changed: pages
        .filter(({ path, text }) => known.includes(path) && readFileSync(join(folder, path), "utf8") !== text)
        .map(({ path }) => path),
      over: known.filter(path => path.endsWith(".md") && !wanted.has(path) && isOurs(join(folder, path))),
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
    for (const { path, text } of pages) {
      if (!missing.includes(path) && !changed.includes(path)) continue;
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    for (const path of over) rmSync(join(folder, path));
  });
}

/** No link is followed: what it leads to belongs to somebody else. */
function filesBelow(folder: string, below: string): string[] {
  return readdirSync(join(folder, below), { withFileTypes: true }).flatMap(entry => {
    const path = below === "" ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) return ownFolders.includes(path) ? filesBelow(folder, path) : [];
    return [path];
  });
}

/** Folders of pages: in others, nobody looks. */
const ownFolders = ["disasters", "services", "from"];

function isOurs(path: string): boolean {
  return readFileSync(path, "utf8").startsWith(mark);
}

function orBadInput<Result>(folder: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (error instanceof BadInput) throw error;
    throw new BadInput(`--to: "${folder}" can't be used: ${errorText(error)}.`);
  }
}
