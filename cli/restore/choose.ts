import type { Found } from "../find/found";

/** Which version is wanted. */
export interface Wish {
  /** The newest at or before it, epoch ms; the newest of all unless given. */
  readonly atMs: number | undefined;
  /** Job or machine whose copy it is to be. */
  readonly from: string | undefined;
  /** One that is known to lack something will do. */
  readonly partial: boolean;
  /** All of a dataset may come back for the sake of a path in it. */
  readonly whole: boolean;
}

/** The version that a dataset comes back from. */
export interface Chosen {
  readonly version: Found;
  /** No younger than this is what it holds, epoch ms. */
  readonly heldMs: number | undefined;
  /** What else there is, the newest first. */
  readonly others: readonly Found[];
}

/** Why none is taken. */
export interface NoChoice {
  readonly refused: string;
  /** What to type, or to do, instead. */
  readonly next: string;
}

/**
 * The newest version of one dataset that is whole; of those whose content is of one age, the one that is back soonest.
 * @param found all of one dataset, as far as they are there; at least one that no disaster has taken
 * @param tell an instant as the operator reads it
 */
export function choose(
  found: readonly Found[],
  { atMs, from, partial, whole }: Wish,
  tell: (ms: number | undefined) => string,
): Chosen | NoChoice {
  const name = found[0]?.dataset ?? "";
  const left = found.filter(({ isTaken }) => !isTaken);
  const own = left.filter(each => from === undefined || from === each.machine || from === each.via.at(-1));
  if (own.length === 0)
    return {
      refused: `no copy of ${name} ${left.length < found.length ? "that the disaster has left " : ""}is "${from}"'s`,
      next: `the same with --from ${words(left.map(each => each.via.at(-1) ?? ""))}, or a machine: ${words(left.map(({ machine }) => machine))}`,
    };
  const held = new Map(own.map(each => [each, heldMsOf(each, found)]));
  const old = own.filter(each => atMs === undefined || (held.get(each) ?? Infinity) <= atMs);
  if (old.length === 0) {
    const oldest = Math.min(...own.map(each => held.get(each) ?? Infinity));
    return {
      refused: `nothing of ${name} is of ${tell(atMs)} or before`,
      next: `the same with a later --at: the oldest is of ${tell(oldest === Infinity ? undefined : oldest)}`,
    };
  }
  const sound = old.filter(each => partial || each.lacks.length === 0);
  const [lacking] = old;
  if (sound.length === 0)
    return {
      refused: `each copy of ${name} is known to lack something, that of ${tell(lacking?.takenMs)} at ${lacking?.where}: ${lacking?.lacks.join("; ")}`,
      next: "the same with --partial, to have what there is",
    };
  const seen = sound.filter(({ below, there }) => below === undefined || there?.state === "there");
  const [best] = [...(seen.length > 0 ? seen : sound)].sort(
    (a, b) =>
      Number(a.isPart) - Number(b.isPart) ||
      descending(held.get(a), held.get(b)) ||
      Number(a.bringsMore) - Number(b.bringsMore) ||
      (a.backMs ?? longest) - (b.backMs ?? longest) ||
      a.via.length - b.via.length,
  );
  if (best === undefined) throw new Error("a choice among nothing");
  if (best.bringsMore && !whole)
    return {
      refused: `the way back from ${best.where} brings all of ${name}, and not ${best.below} alone`,
      next: `${best.there?.state === "there" ? `take it from ${best.where}, which root can read there; or ` : ""}the same with --whole, for all of ${name}`,
    };
  const { whole: wholeWay } = best;
  return {
    version: whole && wholeWay ? { ...best, restore: wholeWay, bringsMore: true } : best,
    ...{ heldMs: held.get(best), others: found.filter(each => each !== best) },
  };
}

const longest = Number.MAX_SAFE_INTEGER;

function descending(a: number | undefined, b: number | undefined): number {
  return (b ?? -longest) - (a ?? -longest);
}

/** A copy of copies holds what those held when it was made: the newest of them that was there by then. */
function heldMsOf({ copied, takenMs, via, isPart }: Found, found: readonly Found[]): number | undefined {
  if (copied === undefined || takenMs === undefined) return takenMs;
  for (let length = via.length - 1; length > 0; length--) {
    const before = found.filter(
      each =>
        each.isPart === isPart &&
        each.via.length === length &&
        each.via.every((job, index) => job === via[index]) &&
        (each.takenMs ?? Infinity) <= takenMs,
    );
    const held = before.map(each => heldMsOf(each, found)).filter(ms => ms !== undefined);
    if (held.length > 0) return Math.max(...held);
  }
  return takenMs;
}

function words(names: readonly string[]): string {
  return [...new Set(names)].join(" or ");
}
