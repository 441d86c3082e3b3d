import { placeText } from "../../checks/wording";
import type { Estate } from "../../plan";
import { shellWord } from "../../plan/contracts/shell-word";
import type { LeftCopy } from "../../plan/graph/aftermath";
import { type RestoreStep, restoreSteps, stepAlone } from "../../plan/graph/restore-steps";
import { block, code } from "./markdown";
import { lossText } from "./loss-text";
import { stepsText } from "./steps";

/** Steps that stand on a page already, by what is typed, with where: one that brings back what many share is done once. */
export type Done = Map<string, string>;

export interface PartOptions {
  readonly title?: string;
  readonly done?: Done;
  /** Whether this copy alone may be wanted, of many that come together. */
  readonly isOne?: boolean;
}

/** A copy with what is lost by it, and its way back. */
export function copyPart(
  estate: Estate,
  { copy, worstLossMs }: LeftCopy,
  { title = "From", done = new Map<string, string>(), isOne = false }: PartOptions = {},
): string {
  const by = copy.way.jobs.map(job => code(job.called)).join(" > ");
  const steps = restoreSteps(copy);
  const place = copy.dataset.id;
  const before = steps.map(step => done.get(keyOf(step)));
  for (const step of steps)
    if (step.kind === "command" && !done.has(keyOf(step))) done.set(keyOf(step), place);
  return `### ${title} ${code(placeText(copy.location))}

Made by ${by}. Lost by it at worst: ${lossText(worstLossMs)}.

${stepsText(estate, steps, before)}${isOne ? aloneText(copy) : ""}`;
}

/** In the place of a step that brings a whole tree. */
function aloneText(copy: LeftCopy["copy"]): string {
  const alone = stepAlone(copy);
  if (!alone) return "";
  const typed = (argv: readonly string[]): string => block([argv.map(shellWord).join(" ")]);
  return `

**In the place of step 1**, this one alone, where NEWEST is the newest name that this shows, or the one before where that has none of it:

${typed(alone.reads)}

${typed(alone.brings)}`;
}

function keyOf({ where, argv = [] }: RestoreStep): string {
  return JSON.stringify([where, argv]);
}
