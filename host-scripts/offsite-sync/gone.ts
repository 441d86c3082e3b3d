import { isLess } from "../runtime/collapse";
import { filesIn } from "../runtime/files-in";
import { isLaterPeriod, isPeriodName, isWithin } from "../runtime/generations";
import { incompleteFolder, lacksEnding } from "../runtime/incomplete";
import { withPathList } from "../runtime/path-list";
import { isFolderIn, statIn } from "../runtime/tree-path";
import { nameOfPart, type Offsite, type Part } from "./offsite";
import { failureOf, offsiteMetadata, remotePath, remoteRsync } from "./remote";
import { goneFilters, placeOfPart } from "./transfer";

/** What the destination has of one entry of a part, and this host no more. */
export interface Gone {
  /** First folder or file of its path, byte by byte as latin1. */
  readonly entry: string;
  /** Below the part, the same way; folders too. */
  readonly names: string[];
  files: number;
  bytes: number;
}

/** What only the destination has of a part, by the entries of its root. */
export async function goneFrom(run: Offsite, part: Part): Promise<Gone[]> {
  const { from, to } = placeOfPart(part);
  // A folder of generations that isn't here at all says nothing of what is there.
  if (!isFolderIn(from, ".")) return [];
  const found = new Map<string, Gone>();
  const files: string[] = [];
  const pass = await remoteRsync(
    run,
    [...removing, "--dry-run", ...goneFilters(part), "--", "./", `${remotePath(run.config, to)}/`],
    { cwd: from },
    ({ kind, path, isFolder }) => {
      if (kind !== "deleted") return;
      const name = path.toString("latin1");
      const entry = name.split("/", 1)[0] ?? "";
      const gone = found.get(entry) ?? { entry, names: [], files: 0, bytes: 0 };
      found.set(entry, gone);
      gone.names.push(name);
      if (isFolder) return;
      gone.files += 1;
      files.push(name);
    },
  );
  if (pass.outcome !== "complete" && pass.outcome !== "vanished")
    throw failureOf(run, nameOfPart(part), pass, "Nothing was removed.");
  if (files.length > 0) await addBytes(run, part, files, found);
  return [...found.values()];
}

/** Removes what this host doesn't have, and sends nothing. */
export const removing = [...offsiteMetadata, "--delete", "--existing", "--ignore-existing"] as const;

/** rsync's report has no size of what it deletes. */
async function addBytes(
  run: Offsite,
  part: Part,
  files: readonly string[],
  found: ReadonlyMap<string, Gone>,
): Promise<void> {
  const { to } = placeOfPart(part);
  // With a list, rsync wants a folder to copy to, and copies nothing.
  const pass = await withPathList(run.config.stateDir, files, list =>
    remoteRsync(run, [...list, "--list-only", "--", `${remotePath(run.config, to)}/`, "./"], {
      cwd: run.config.stateDir,
      onText(line) {
        const [, size, name] = /^-\S+ +(\d+) \S+ \S+ (.*)$/s.exec(line) ?? [];
        const gone = found.get(name?.split("/", 1)[0] ?? "");
        if (gone) gone.bytes += Number(size);
      },
    }),
  );
  if (pass.outcome !== "complete") throw failureOf(run, nameOfPart(part), pass, "Nothing was removed.");
}

/** Of a small entry, most files may well go in a month. */
const leastFiles = 20;
const leastBytes = 16 * 1024 * 1024;
/** A file at the root that is a service of its own, such as the image of a disk, and no note that somebody left there. */
const leastImage = 1024 * 1024;

/**
 * Why something of it may have been lost here and not removed: then it stays there until somebody answers.
 * @returns undefined for what goes
 */
export function heldReason(
  run: Offsite,
  part: Part,
  gone: Gone,
  periods: readonly string[],
): string | undefined {
  const { from } = placeOfPart(part);
  if (part.folder !== undefined && gone.entry === incompleteFolder && isFollowed(from, gone, periods))
    return undefined;
  if (part.folder !== undefined && isPeriodName(gone.entry)) {
    const keeps = part.leg.generations.find(({ folder }) => folder === part.folder)?.keeps ?? 1;
    const newer = periods.filter(
      period => isLaterPeriod(period, gone.entry) || isWithin(period, gone.entry),
    ).length;
    if (newer >= keeps) return undefined;
    if (!periods.includes(gone.entry))
      return `this host has ${newer} newer generations, and the estate keeps ${keeps}`;
  }
  if (statIn(from, gone.entry) === undefined) {
    const isWorthIt = gone.names.length > 1 ? gone.files > 0 : gone.bytes >= leastImage;
    return isWorthIt ? `this host lacks all of it: ${gone.files} files, ${gone.bytes} bytes` : undefined;
  }
  return mostReason(run, gone, [gone.entry], from);
}

/** Whether this host has a whole generation of the same, of that period or a later one: by that, what lacked something went. */
function isFollowed(from: string, { names }: Gone, periods: readonly string[]): boolean {
  return names.every(name => {
    const lacking = name.endsWith(lacksEnding) ? name.slice(0, -lacksEnding.length) : name;
    const [, period, ...path] = lacking.split("/");
    if (period === undefined) return true;
    const later = periods.filter(other => other === period || isLaterPeriod(other, period));
    return later.some(other => statIn(from, [other, ...path.slice(0, 2)].join("/")) !== undefined);
  });
}

/** The same of a whole part, which may lose a little of each of its entries. */
export function heldAsWhole(
  run: Offsite,
  part: Part,
  gone: readonly Gone[],
  entries: readonly string[],
): string | undefined {
  const sum = { files: 0, bytes: 0 };
  for (const { files, bytes } of gone) {
    sum.files += files;
    sum.bytes += bytes;
  }
  return mostReason(run, sum, entries, placeOfPart(part).from);
}

/** Why it is most of what the destination has: by files, and by bytes, as some have nearly all of them in a few files. */
function mostReason(
  { config: { collapse } }: Offsite,
  gone: Pick<Gone, "files" | "bytes">,
  entries: readonly string[],
  from: string,
): string | undefined {
  if (gone.files < leastFiles && gone.bytes < leastBytes) return undefined;
  const here = sizeOf(from, entries);
  if (here === undefined)
    return `this host lacks ${gone.files} of its files, and how many it has can't be read`;
  const isMost =
    (gone.files >= leastFiles && isLess(here.files, here.files + gone.files, collapse.leastPercent)) ||
    (gone.bytes >= leastBytes && isLess(here.bytes, here.bytes + gone.bytes, collapse.leastPercent));
  return isMost
    ? `this host has ${here.files} files (${here.bytes} bytes) of it, and lacks ${gone.files} (${gone.bytes} bytes) that the destination has`
    : undefined;
}

/** @returns undefined when some of it can't be read */
function sizeOf(from: string, entries: readonly string[]): { files: number; bytes: number } | undefined {
  let isWhole = true;
  const sum = { files: 0, bytes: 0 };
  const add = (name: string): void => {
    sum.files += 1;
    sum.bytes += Number(statIn(from, name)?.size ?? 0);
  };
  for (const entry of entries)
    if (!isFolderIn(from, entry)) add(entry);
    else for (const name of filesIn(from, entry, () => (isWhole = false))) add(name);
  return isWhole ? sum : undefined;
}
