import type { DrillTier } from "../../plan/contracts/restore-drill";

/** A copy that can be drilled: a volume's newest generation, or a service on the mirror. */
export interface DrillCopy {
  readonly tier: DrillTier;
  /** What its program's restore is told. */
  readonly of: string;
  /** Where it lies. */
  readonly path: string;
  /** When its data was read, ISO 8601; undefined where nobody knows. */
  readonly at?: string | undefined;
  /** Words that make a restore take this one. */
  readonly pick: readonly string[];
  /** What it is known to lack. */
  readonly lacks: readonly string[];
}

/** When a copy was last drilled, epoch ms. */
export interface Past {
  readonly triedMs: number;
  readonly provedMs?: number | undefined;
}

/** Name of a copy from run to run. */
export function keyOf({ tier, of }: Pick<DrillCopy, "tier" | "of">): string {
  return `${tier} ${of}`;
}

/**
 * Copies whose turn it is: those that were not proved for half of the period, so that the other half is left for nights that don't
 * come to them, and those that failed when they were drilled last. What was not tried for longest comes first, as one that fails each night would else take the turn of all others.
 */
export function inTheirTurn(
  copies: readonly DrillCopy[],
  past: ReadonlyMap<string, Past>,
  { nowMs, periodMs }: { readonly nowMs: number; readonly periodMs: number },
): DrillCopy[] {
  // Told by a clock that was wrong: it says nothing.
  const known = (ms: number | undefined): number => (ms === undefined || ms > nowMs ? 0 : ms);
  const triedMs = (copy: DrillCopy): number => known(past.get(keyOf(copy))?.triedMs);
  const hasFailed = (copy: DrillCopy): boolean => {
    const { triedMs, provedMs } = past.get(keyOf(copy)) ?? {};
    return triedMs !== provedMs;
  };
  return copies
    .filter(copy => hasFailed(copy) || nowMs - known(past.get(keyOf(copy))?.provedMs) >= periodMs / 2)
    .sort((a, b) => triedMs(a) - triedMs(b) || (keyOf(a) < keyOf(b) ? -1 : 1));
}

/**
 * When what was not proved for longest was, epoch ms; what never was counts from when it was first seen.
 * @returns undefined where there is nothing to prove
 */
export function oldestProvedMs(
  copies: readonly DrillCopy[],
  past: ReadonlyMap<string, Past>,
  { seen, nowMs }: { readonly seen: Readonly<Record<string, number>>; readonly nowMs: number },
): number | undefined {
  if (copies.length === 0) return undefined;
  const ages = copies.map(copy => past.get(keyOf(copy))?.provedMs ?? seen[keyOf(copy)] ?? nowMs);
  return Math.min(nowMs, ...ages);
}
