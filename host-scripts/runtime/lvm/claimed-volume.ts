import { Refusal } from "../errors";
import type { Claim } from "../kubernetes/volume-map";

/** Whose volumes they are: the cluster's word of today first, then that of earlier runs. */
export type KnownClaims = readonly ReadonlyMap<string, Claim | undefined>[];

/** What a host has, and what to type where a claim isn't that of one volume. */
export interface ClaimFacts {
  readonly claims: KnownClaims;
  /** Names of live volumes. */
  readonly there: ReadonlySet<string>;
  /** Where no volume is known, and where there are several. */
  readonly next: { readonly none: string; readonly several: string };
}

/**
 * Name of the volume that a claim has, by the first word that knows one. A claim that was made anew, as after the loss of a disk, has its
 * former volume in the cluster's word for as long as somebody keeps that: it is the one that is there, and that isn't released.
 * @param claim "NAMESPACE/CLAIM"
 * @throws {Refusal} where that isn't one volume
 */
export function claimedVolume(claim: string, { claims, there, next }: ClaimFacts): string {
  for (const map of claims) {
    const all = [...map].flatMap(([volume, whose]) =>
      whose && `${whose.namespace}/${whose.name}` === claim ? [{ volume, isReleased: whose.isReleased }] : [],
    );
    const present = someOf(all, ({ volume }) => there.has(volume));
    const found = someOf(present, ({ isReleased }) => !isReleased).map(({ volume }) => volume);
    if (found.length > 1)
      throw new Refusal(
        `${claim} is the claim of ${found.length} volumes: ${found.join(", ")}`,
        next.several,
      );
    if (found[0] !== undefined) return found[0];
  }
  throw new Refusal(`no volume is known here to be that of the claim ${claim}`, next.none);
}

/** Those that are preferred, or all where none is. */
function someOf<T>(all: readonly T[], isPreferred: (each: T) => boolean): readonly T[] {
  const preferred = all.filter(isPreferred);
  return preferred.length > 0 ? preferred : all;
}
