import { exitCodes, RunnerError } from "../runtime/errors";
import type { Phase } from "../runtime/phases";
import { quoted, shortened } from "../runtime/quoted";
import { required } from "../runtime/required";
import { foldersAbove, isFolderIn } from "../runtime/tree-path";
import type { Held, Mirror } from "./mirror";
import { lostBy } from "./moves";

/** Takes what is held out of what the run deletes, replaces and moves, and counts anew. */
export function dropHeld(mirror: Mirror): void {
  const scan = required(mirror.scan, "scan");
  const { listed } = scan;
  if (mirror.held.length === 0) return;
  const isFrozen = frozenIn(mirror);
  if (!listed) {
    const [large, overwritten] = [
      scan.large.filter(({ name }) => !isFrozen(name)),
      scan.overwritten?.filter(name => !isFrozen(name)),
    ];
    mirror.scan = { ...scan, large, overwritten };
    return;
  }
  const isKept = keptBy(mirror.held);
  // A folder for which the source has something else goes with all that it holds.
  const replacing = new Set(listed.changed.filter(name => isKept(name) && isReplacedFolder(mirror, name)));
  const isLeft = (name: string): boolean => !replacing.has(name) && !isFrozen(name);
  const changed = listed.changed.filter(isLeft);
  const deleted = listed.deleted.filter(name => !isKept(name));
  for (const name of listed.deleted) if (isKept(name)) mirror.keptBack.add(name);
  const [created, touched] = [listed.created.filter(isLeft), listed.touched.filter(isLeft)];
  const left = { ...listed, changed, deleted, created, touched };
  mirror.scan = {
    ...scan,
    ...{ changes: changed.length, deletions: deleted.length, listed: left },
    overwritten: scan.overwritten?.filter(isLeft),
    doomed: deleted.slice(0, scan.doomed.length).map(name => Buffer.from(name, "latin1")),
    large: scan.large.filter(({ name }) => isLeft(name)),
  };
  if (!mirror.moves) return;
  mirror.moves = mirror.moves.filter(({ from, to }) => !isKept(from) && isLeft(to));
  mirror.lost = lostBy(mirror, left, mirror.moves);
}

/** Whether a name has to stay for what is held: it is held itself, lies below it, or is a folder above it. */
function keptBy(held: readonly Held[]): (name: string) => boolean {
  const holders = new Set(held.flatMap(({ path }) => foldersAbove(path)));
  const isBelow = atOrBelow(held);
  return name => holders.has(name) || isBelow(name);
}

/** Whether nothing may be changed at a name. */
export function frozenIn({ held }: Pick<Mirror, "held">): (name: string) => boolean {
  return atOrBelow(held.filter(({ isFrozen }) => isFrozen === true));
}

function atOrBelow(held: readonly Held[]): (name: string) => boolean {
  const holderOf = holderIn(held);
  return name => held.length > 0 && holderOf(name) !== undefined;
}

/** @returns what holds a name: itself, or a folder above it */
export function holderIn(held: readonly Held[]): (name: string) => Held | undefined {
  const holders = new Map(held.map(holder => [holder.path, holder]));
  return name => [name, ...foldersAbove(name)].map(path => holders.get(path)).find(isDefined);
}

function isDefined<T>(value: T | undefined): value is T {
  return value !== undefined;
}

/** Forgets moves into what is frozen: nothing is changed there. @returns whether there were any */
export function dropMovesIntoFrozen(mirror: Mirror): boolean {
  const isFrozen = frozenIn(mirror);
  const { moves = [] } = mirror;
  mirror.moves = moves.filter(({ to }) => !isFrozen(to));
  return mirror.moves.length < moves.length;
}

function isReplacedFolder({ config: { source, target } }: Mirror, name: string): boolean {
  return isFolderIn(target.path, name) && !isFolderIn(source.path, name);
}

/** A run that kept something back is no success. */
export const answer: Phase<Mirror> = {
  name: "answer",
  async run({ held, config }) {
    const told = keptWords(held);
    if (!told) return;
    throw new RunnerError(exitCodes.failed, {
      failed: `the copy of ${told.words} of "${config.target.path}" was kept as it is: ${told.names}`,
      kept: "All else is mirrored.",
      next: told.next,
    });
  },
};

/** What was kept back that nobody answers for, as a message says it. */
export function keptWords(
  held: readonly Held[],
): { readonly words: string; readonly names: string; readonly next: string } | undefined {
  const all = held.filter(({ isAnswered }) => isAnswered !== true);
  const [first] = all;
  if (!first) return undefined;
  const names = all
    .slice(0, shown)
    .map(({ path, reason }) => `${shortened(quoted(Buffer.from(path, "latin1")))}: ${reason}`);
  return {
    words: `${all.length} entries`,
    names: `${names.join("; ")}${all.length > shown ? "; …" : ""}`,
    next: first.next,
  };
}

const shown = 5;
