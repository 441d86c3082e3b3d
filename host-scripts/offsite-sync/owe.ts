import { join } from "node:path";
import { isPeriodName } from "../runtime/generations";
import type { Phase } from "../runtime/phases";
import { type Debt, readDebt } from "../runtime/journal-consumer";
import { type Notes, readWatchedDebt } from "../runtime/journal-watched";
import { entriesOf } from "../runtime/open-folder";
import { belowFoldersOf, isFolderIn, statIn } from "../runtime/tree-path";
import { isFullPassDue } from "./full-pass";
import type { Leg, LegRun, Offsite, Part, Todo } from "./offsite";
import { nameOfPart, nothingSent } from "./offsite";
import { presentIn } from "./present";

/** Works out what each leg owes, before anything of it is looked at: from the journals, or by a comparison of all. */
export const owe: Phase<Offsite> = {
  name: "owe",
  async run(run) {
    readDebts(run);
    const full = new Set<Leg>();
    const asked = new Map<number, boolean>();
    for (const { leg } of run.legs) if (await isFullPassDue(run, leg, asked)) full.add(leg);
    run.isRare = full.size > 0;
    run.legs = await Promise.all(run.legs.map(({ leg }) => owedBy(run, leg, full.has(leg))));
    for (const { parts } of run.legs)
      for (const part of parts) run.log.info(`${nameOfPart(part)}: ${wordsOf(run, part)}`);
  },
};

/** The same once this host remembers less than it did. */
export async function oweAnew(run: Offsite): Promise<void> {
  run.debts.clear();
  await owe.run(run);
}

/** Reads each journal once. @throws {Error} of the file system */
export function readDebts({ config, memory, debts }: Offsite): void {
  for (const { folder, watches } of config.legs.flatMap(({ journals }) => journals)) {
    const read = watches ? readWatchedDebt : readDebt;
    if (!debts.has(folder)) debts.set(folder, read(folder, config.job, memory.stamps[folder]));
  }
}

/** Names below a leg. */
interface Named {
  readonly paths: Set<string>;
  readonly subtrees: Set<string>;
}

/** @param isFull all of it is compared, whatever was named */
export async function owedBy(run: Offsite, leg: Leg, isFull: boolean): Promise<LegRun> {
  const named: Named = { paths: new Set(), subtrees: new Set() };
  let whole = leg.journals.length === 0 ? "nobody notes what changes in it" : undefined;
  if (isFull) whole ??= "its full pass is due";
  const times: number[] = [];
  let asOfMs = run.startedAt.getTime();
  let openMs = Infinity;
  for (const { writer, folder, root } of leg.journals) {
    const debt = run.debts.get(folder);
    if (!debt) continue;
    if (debt.whole !== undefined) whole ??= `${writer}'s journal: ${debt.whole}`;
    if (debt.oldestMs !== undefined) times.push(debt.oldestMs);
    openMs = Math.min(openMs, debt.openMs ?? Infinity);
    if ("throughMs" in debt) {
      asOfMs = Math.min(asOfMs, debt.throughMs ?? asOfMs);
      if (!isNoted(debt.notes, aboveOf(leg, root))) whole ??= `${writer} doesn't note what changes in it`;
    }
    if (takeNames(debt, { leg, root }, named)) whole ??= `${writer} hands over all of it`;
  }
  const recent = run.memory.recent[leg.from];
  // What a run sent that was killed is still owed by name: a look at all is for the run that comes when it is on the disk, or lost.
  if (recent?.names === null && recent.sentMs !== undefined)
    whole ??= "much was sent last that may not have been on its disk then";
  for (const name of withLater(leg, recent?.names ?? [])) named.paths.add(name);
  const parts = await Promise.all(
    [...foldersOf(leg), undefined].map(async (folder): Promise<Part> => ({
      leg,
      folder,
      todo: await todoOf(run, leg, folder, named, whole),
    })),
  );
  return {
    leg,
    parts,
    // Where anything may have changed, what was named is just some of it.
    oldestMs: whole === undefined && times.length > 0 ? Math.min(...times) : undefined,
    isFull,
    // What a writer that is at work, or was killed, has changed since it began is named by its next run.
    asOfMs: whole === undefined ? Math.min(asOfMs, openMs) : asOfMs,
    sent: { ...nothingSent },
    sentNames: new Set(),
    ...{ isUnsettled: false, isDone: false },
  };
}

/** What was sent, and what may be one file there with that in a later generation: it is there with it, or lost. */
function withLater(leg: Leg, names: readonly string[]): string[] {
  const periods = new Map(foldersOf(leg).map(folder => [folder, periodsIn(leg, folder)]));
  return names.flatMap(name => {
    const folder = foldersOf(leg).find(each => name.startsWith(`${each}/`));
    if (folder === undefined) return [name];
    const [period = "", ...below] = name.slice(folder.length + 1).split("/");
    const later = (periods.get(folder) ?? []).filter(each => each > period);
    return [name, ...later.map(each => [folder, each, ...below].join("/"))];
  });
}

function periodsIn({ from }: Leg, folder: string): string[] {
  return isFolderIn(from, folder) ? entriesOf(join(from, folder)).filter(isPeriodName) : [];
}

/** A leg's name below the root of a journal, byte by byte as latin1; "" where it is that root. */
function aboveOf(leg: Leg, root: string): string {
  return leg.from === root ? "" : Buffer.from(leg.from.slice(root.length + 1)).toString("latin1");
}

/** Whether all that a leg has is noted. */
function isNoted({ only, without = [] }: Notes, above: string): boolean {
  if (above === "") return only === undefined && without.length === 0;
  const entry = Buffer.from(above.split("/", 1)[0] ?? "", "latin1").toString();
  return only?.includes(entry) !== false && !without.includes(entry);
}

/** @returns whether one of the names stands for all of the leg */
function takeNames(
  { paths, subtrees }: Debt,
  { leg, root }: { leg: Leg; root: string },
  into: Named,
): boolean {
  const above = aboveOf(leg, root);
  const isAll = (name: string): boolean => name === "." || name === above || above.startsWith(`${name}/`);
  const below = (name: string): string | undefined =>
    above === "" ? name : name.startsWith(`${above}/`) ? name.slice(above.length + 1) : undefined;
  for (const name of paths) if (name !== "." && below(name) !== undefined) into.paths.add(below(name) ?? "");
  for (const name of subtrees)
    if (!isAll(name) && below(name) !== undefined) into.subtrees.add(below(name) ?? "");
  return [...subtrees].some(isAll);
}

/** That many names cost less than the look at how large the part has become. */
const smallList = 1000;

async function todoOf(
  run: Offsite,
  leg: Leg,
  folder: string | undefined,
  named: Named,
  whole: string | undefined,
): Promise<Todo> {
  const known = run.memory.parts[nameOfPart({ leg, folder })];
  if (known === undefined) return { kind: "all", why: "it was never there as a whole" };
  if (whole !== undefined) return { kind: "all", why: whole };
  const [paths, subtrees] = [inPart(named.paths, leg, folder), inPart(named.subtrees, leg, folder)];
  if (paths.length + subtrees.length === 0) return { kind: "nothing" };
  if (subtrees.includes(".")) return { kind: "all", why: "all of it is named" };
  // Each name of a list costs as much as an entry that is compared: both ends look at one file.
  if (paths.length > Math.max(smallList, known.entries / 2))
    return { kind: "all", why: `${paths.length} names are as much work as its ${known.entries} entries` };
  const below = (name: string): string => (folder === undefined ? name : `${folder}/${name}`);
  const isBelowFolders = belowFoldersOf(leg.from);
  // What lies below a link by now lies elsewhere: rsync would take the link for a folder that is to be there.
  const isElsewhere = (name: string): boolean =>
    !isBelowFolders(name) && statIn(leg.from, name) !== undefined;
  // What went stays there: a list deletes nothing.
  const present = async (of: readonly string[]): Promise<string[]> => {
    const isThere = await presentIn(leg.from, of.map(below));
    return of.filter(name => isThere.has(below(name)) && !isElsewhere(below(name)));
  };
  return { kind: "list", paths: await present(paths), subtrees: await present(subtrees) };
}

/** Those names of a leg that lie in a part, below it. */
function inPart(names: ReadonlySet<string>, leg: Leg, folder: string | undefined): string[] {
  const isIn = (name: string, generations: string): boolean =>
    name === generations || name.startsWith(`${generations}/`);
  if (folder === undefined)
    return [...names].filter(name => !foldersOf(leg).some(other => isIn(name, other)) && isSent(name, leg));
  return [...names]
    .filter(name => isIn(name, folder))
    .map(name => (name === folder ? "." : name.slice(folder.length + 1)));
}

function foldersOf({ generations }: Leg): string[] {
  return generations.map(({ folder }) => folder);
}

/** Whether a name is one that a leg carries. */
export function isSent(name: string, { excludes, only }: Leg): boolean {
  const entry = Buffer.from(name.split("/", 1)[0] ?? "", "latin1").toString();
  return !excludes.includes(entry) && (only?.includes(entry) ?? true) && !entry.startsWith(".holdfast");
}

function wordsOf({ memory }: Offsite, part: Part): string {
  const { todo } = part;
  if (todo.kind === "nothing") return "nothing changed";
  if (todo.kind === "all") return `all is compared, as ${todo.why}`;
  const entries = memory.parts[nameOfPart(part)]?.entries ?? 0;
  return `by list: ${todo.paths.length} names and ${todo.subtrees.length} subtrees, of ${entries} entries`;
}
