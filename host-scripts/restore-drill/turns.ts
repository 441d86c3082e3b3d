/** A copy that can be drilled: a volume's newest generation, a service on the mirror, or what a destination has of one of these. */
export interface DrillCopy {
  readonly tier: string;
  /** Its name from run to run: what its program's restore is told of a copy on the backup disk. */
  readonly of: string;
  /** Where it lies, as people are told it. */
  readonly path: string;
  /** Of one off site: the path of this host that its program's restore is told, and when all that had changed there was sent, epoch ms. */
  readonly sent?: {
    readonly path: string;
    readonly asOfMs: number;
    /** It was made here since then, and may not be there yet. */
    readonly isYounger: boolean;
  };
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

/** The newest copy of each thing. */
export function newestOf(copies: readonly DrillCopy[]): DrillCopy[] {
  const newest = new Map<string, DrillCopy>();
  for (const copy of copies) {
    const known = newest.get(keyOf(copy));
    if (known === undefined || (known.at ?? "") < (copy.at ?? "")) newest.set(keyOf(copy), copy);
  }
  return [...newest.values()];
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
