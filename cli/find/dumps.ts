import { shellWord } from "../../plan/contracts/shell-word";
import type { Version, Versions } from "../../plan/contracts/versions";
import { soon } from "../ask-jobs";

/** What follows a whole list. */
const end = "end";

/** Shell text that lists the files of a folder with dumps, and of those in it: a folder for each database. */
export function listDumps(folder: string): string {
  return `${soon} find ${shellWord(folder)} -mindepth 1 -maxdepth 2 -name '.*' -prune -o -type f -not -name '*.json' -printf '%T@ %s %P\\0' 2>/dev/null && echo ${end}`;
}

/** @param lines of the answer, encoded */
export function dumpsIn(
  folder: string,
  [encoded = ""]: readonly string[],
): Versions | { readonly cause: string } {
  const entries = Buffer.from(encoded, "base64").toString().split("\0");
  if (entries.pop()?.trimEnd() !== end)
    return { cause: `${shellWord(folder)} isn't there, or can't be listed` };
  return { versions: entries.flatMap(entry => dumpIn(folder, entry)) };
}

function dumpIn(folder: string, entry: string): Version[] {
  // What names no fraction means all of its second, to whoever is asked for a dump of then.
  const [, seconds, bytes, name] = /^(\d+)\.\d+ (\d+) ([^]+)$/.exec(entry) ?? [];
  if (seconds === undefined || name === undefined) return [];
  return [
    {
      ...{
        of: folder,
        at: new Date(Number(seconds) * 1000).toISOString().replace(".000", ""),
        path: `${folder}/${name}`,
      },
      ...{ bytes: Number(bytes), lacks: [], pick: [] },
    },
  ];
}
