import { Refusal } from "../errors";
import type { Claim } from "../kubernetes/volume-map";
import { shell } from "../shell";

/** Whose volumes they are: the cluster's word of today first, then that of earlier runs. */
export type KnownClaims = readonly ReadonlyMap<string, Claim | undefined>[];

/**
 * Name of the volume that a claim has, by the first word that knows one.
 * @param claim "NAMESPACE/CLAIM"
 * @throws {Refusal} where that isn't one volume
 */
export function claimedVolume(claim: string, vg: string, claims: KnownClaims, list: string): string {
  for (const map of claims) {
    const found = [...map].flatMap(([volume, whose]) =>
      whose && `${whose.namespace}/${whose.name}` === claim ? [volume] : [],
    );
    if (found.length > 1)
      throw new Refusal(
        `${claim} is the claim of ${found.length} volumes: ${found.join(", ")}`,
        shell`lvs ${vg}   (then the same with the name of the volume that is meant)`,
      );
    if (found[0] !== undefined) return found[0];
  }
  throw new Refusal(`no volume is known here to be that of the claim ${claim}`, list);
}
