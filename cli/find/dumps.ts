import { type Manifest, manifest } from "../../plan/contracts/dump-manifest";
import { shellWord } from "../../plan/contracts/shell-word";
import type { Version, Versions } from "../../plan/contracts/versions";
import { soon } from "../ask-jobs";

/** What follows a whole list. */
const end = "end";

/**
 * Shell text that lists the files of a folder with dumps, and of those in it, a folder for each database: dumps with their times and sizes,
 * and what our own program has written down of them beside them.
 */
export function listDumps(folder: string): string {
  const records = String.raw`-name 'dump_*.json' -size -2048 -printf 'm%P\n' \( -exec cat {} \; -o -true \) -printf '\0'`;
  const dumps = String.raw`-not -name '*.json' -printf 'd%T@ %s %P\0'`;
  return `${soon} find ${shellWord(folder)} -mindepth 1 -maxdepth 2 -name '.*' -prune -o -type f \\( ${records} -o ${dumps} \\) 2>/dev/null && echo ${end}`;
}

/** @param lines of the answer, encoded */
export function dumpsIn(
  folder: string,
  [encoded = ""]: readonly string[],
): Versions | { readonly cause: string } {
  const entries = Buffer.from(encoded, "base64").toString().split("\0");
  if (entries.pop()?.trimEnd() !== end)
    return { cause: `${shellWord(folder)} isn't there, or can't be listed` };
  const records = new Map(entries.flatMap(entry => recordIn(entry) ?? []));
  return { versions: entries.flatMap(entry => dumpIn(folder, entry, records)) };
}

/** @returns the name of the dump that a record is of, and the record; undefined for what is none of ours */
function recordIn(entry: string): (readonly [string, Manifest])[] | undefined {
  const [, path, text] = /^m([^\n]+)\n([^]*)$/.exec(entry) ?? [];
  if (path === undefined || text === undefined) return undefined;
  try {
    const found = manifest.parse(JSON.parse(text));
    return [[path.replace(/[^/]+$/, found.file), found]];
  } catch {
    return undefined;
  }
}

function dumpIn(folder: string, entry: string, records: ReadonlyMap<string, Manifest>): Version[] {
  const [, seconds, size, name] = /^d(-?\d+)\.\d+ (\d+) ([^]+)$/.exec(entry) ?? [];
  if (seconds === undefined || name === undefined) return [];
  const record = records.get(name);
  const takenMs = record ? Date.parse(record.startedAt) : Number(seconds) * 1000;
  const bytes = Number(size);
  return [
    {
      of: folder,
      // What names no fraction means all of its second, to whoever is asked for a dump of then.
      at: new Date(takenMs).toISOString().replace(/\.\d+Z$/, "Z"),
      path: `${folder}/${name}`,
      ...{ bytes, lacks: record ? lacksOf(record, bytes) : [], pick: [] },
    },
  ];
}

function lacksOf({ held, former, bytes }: Manifest, found: number): string[] {
  return [
    ...(held
      ? [
          "it is so much smaller or larger than the one before that it waits for somebody: no restore takes it until then",
        ]
      : []),
    ...(former ? ["it is what a restore took the place of, and no night's dump"] : []),
    ...(found === bytes ? [] : [`its file has ${found} bytes, and had ${bytes} when it was compared`]),
  ];
}
