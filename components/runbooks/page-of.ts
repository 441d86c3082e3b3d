import type { Plan } from "../../plan";
import { shellWord } from "../../plan/contracts/shell-word";

/** What a page is written for. */
export interface PageOf {
  readonly plan: Plan;
  /** Flags by which `holdfast` finds this very estate. */
  readonly named: readonly string[];
}

/** A command of `holdfast` about this estate, as it is typed. */
export function holdfast({ named }: PageOf, ...words: readonly string[]): string {
  return ["holdfast", ...words, ...named].map(shellWord).join(" ");
}
