import { withPathList } from "../runtime/path-list";
import { required } from "../runtime/required";
import { wholeMetadata } from "../runtime/rsync";
import type { RsyncItem } from "../runtime/rsync-items";
import { isFolderIn, statIn } from "../runtime/tree-path";
import { debtOf } from "./changes";
import type { Known } from "./memory";
import { frozenIn } from "./held";
import { createFinds, dryRun, errorsOf, type Look, lookBy } from "./look";
import { withOtherNames } from "./links";
import type { Mirror, Scan } from "./mirror";
import { lookedAt, type Named, placesOf } from "./named";

/**
 * Looks at what was noted, on both sides, and at nothing else.
 * @returns undefined where all has to be looked at
 */
export async function lookAtNamed(mirror: Mirror): Promise<Scan | undefined> {
  const { changes } = mirror;
  if (!changes?.known || changes.whole !== undefined) return undefined;
  const { known, debt } = changes;
  const errorsBefore = errorsOf(mirror);
  const found = createFinds(mirror, () => undefined);
  const grown = growthIn(mirror);
  const seen = new Set<string>();
  const changed: string[] = [];
  const asInOneLook = linkedIn(mirror);
  const take = (shown: RsyncItem): void => {
    const name = shown.path.toString("latin1");
    // A folder above several names is looked at with each of them.
    if (seen.has(name)) return;
    seen.add(name);
    const item = asInOneLook(shown, name);
    if (item.kind === "changed") changed.push(name);
    grown.add(item, name);
    found.add(item);
  };
  const looks = await lookAtPlaces(mirror, placesOf(mirror, lookedAt(mirror, known, debt)), dryRun, take);
  // Who notes that a file has changed knows the name by which it was opened; that one may be kept as it is.
  const kept = [...debt.paths].filter(frozenIn(mirror));
  const others = [...(await withOtherNames(mirror, [...changed, ...kept]))].filter(name => !seen.has(name));
  const further = placesOf(mirror, { paths: new Set(others), subtrees: new Set() });
  looks.push(...(await lookAtPlaces(mirror, further, dryRun, take)));
  const { deletions, overwritten } = found.taken();
  if (deletions > 0 || overwritten?.length !== 0) {
    const later = await namedSince(mirror, known);
    if (!later) return undefined;
    const isNew = (item: RsyncItem): boolean =>
      item.kind === "created" && !statIn(mirror.config.target.path, item.path.toString("latin1"));
    looks.push(
      ...(await lookAtPlaces(mirror, later, ["--dry-run", "--ignore-existing"], item => {
        if (isNew(item)) take(item);
      })),
    );
  }
  const totals = found.taken();
  if (!totals.listed) return lookAtAllFor(mirror, "more has changed than a list of names holds");
  return {
    ...totals,
    entries: Math.max(0, known.entries + grown.entries),
    targetEntries: known.entries,
    whole: looks.every(({ whole }) => whole),
    unlisted: [...new Set(looks.flatMap(({ unlisted }) => unlisted))],
    errorsBefore,
    totalBytes: Math.max(0, known.totalBytes + grown.bytes),
  };
}

/**
 * rsync says of the first name of a file that its content is to be sent, and of the others that they are links to it. Shown them in
 * several looks it says the former of each: one file with an older time would be several, in as many services.
 * @returns an item as a single look has it
 */
function linkedIn({ config: { source } }: Mirror): (item: RsyncItem, name: string) => RsyncItem {
  const files = new Set<string>();
  return (item, name) => {
    const stat = item.letters.startsWith(">f") ? statIn(source.path, name) : undefined;
    if (stat === undefined || stat.nlink === 1n) return item;
    const file = `${stat.dev}:${stat.ino}`;
    if (files.has(file)) return { ...item, letters: `h${item.letters.slice(1)}`, bytes: 0 };
    files.add(file);
    return item;
  };
}

async function lookAtPlaces(
  mirror: Mirror,
  { paths, subtrees }: Named,
  args: readonly string[],
  onItem: (item: RsyncItem) => void,
): Promise<Look[]> {
  const { stateDir, target } = mirror.config;
  const looks: Look[] = [];
  const passes = [
    { names: paths, more: [] },
    { names: subtrees, more: ["--recursive"] },
  ];
  for (const { names, more } of passes)
    if (names.size > 0)
      looks.push(
        await withPathList(stateDir, names, list =>
          lookBy(
            mirror,
            [
              ...[...wholeMetadata, ...args, "--delete-missing-args"],
              ...[...list, ...more, "--", "./", `${target.path}/`],
            ],
            onItem,
          ),
        ),
      );
  return looks;
}

/**
 * Names that were noted since this run has read the first ones. What got another name is told in two events, and what was read may end
 * between them: then its old name would go, and nobody would have looked at its new one. What else was changed since is the next run's.
 */
async function namedSince(mirror: Mirror, known: Known): Promise<Named | undefined> {
  const before = required(mirror.changes, "owe").debt;
  const debt = await debtOf(mirror, known);
  if (debt.whole !== undefined) return lookAtAllFor(mirror, debt.whole);
  const since = (names: ReadonlySet<string>, known: ReadonlySet<string>): Set<string> =>
    new Set([...names].filter(name => !known.has(name)));
  const { paths, subtrees } = placesOf(mirror, {
    paths: since(debt.paths, before.paths),
    subtrees: since(debt.subtrees, before.subtrees),
  });
  const { source, target } = mirror.config;
  // What isn't there any more, or takes a folder's place, would take away what lies below it.
  const isThere = (name: string): boolean =>
    statIn(source.path, name) !== undefined &&
    (isFolderIn(source.path, name) || !isFolderIn(target.path, name));
  return { paths: new Set([...paths].filter(isThere)), subtrees };
}

function lookAtAllFor(mirror: Mirror, whole: string): undefined {
  mirror.log.info(`all is compared, as ${whole}`);
  mirror.changes = { ...required(mirror.changes, "owe"), whole };
}

/** How the tree grows by what is found: what a share is of all is known from the last run. */
function growthIn({ config: { target } }: Mirror): {
  readonly entries: number;
  readonly bytes: number;
  add(item: RsyncItem, name: string): void;
} {
  const grown = { entries: 0, bytes: 0 };
  return Object.assign(grown, {
    add({ kind, bytes }: RsyncItem, name: string): void {
      const before = kind === "created" ? undefined : statIn(target.path, name);
      if (kind !== "changed") grown.entries += kind === "created" ? 1 : -1;
      if (kind === "deleted" || bytes > 0)
        grown.bytes += bytes - (before?.isFile() === true ? Number(before.size) : 0);
    },
  });
}
