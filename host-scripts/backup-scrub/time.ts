import type { Scrub } from "./backup-scrub";

/** Shares of the budget at whose ends a phase has to be through: what is left is for the report. */
const ends = { scrub: 0.8, repair: 0.9 };

/** Ms until a phase has to end; none or less once it is late. */
export function leftMs({ config, startMs }: Scrub, phase: keyof typeof ends): number {
  return startMs + config.budgetMs * ends[phase] - performance.now();
}

/** What one file cost. */
export interface Cost {
  /** On the disk, holes left out. */
  readonly bytes: number;
}

/** What a run has for reading. */
export interface Allowance {
  /** Told of each file that was read; false ends the pass for this run. */
  spend(cost: Cost): boolean;
  /** Whether its time is up. */
  isLate(): boolean;
}
