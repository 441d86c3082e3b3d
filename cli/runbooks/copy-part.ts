import { placeText } from "../../checks/wording";
import type { Estate } from "../../plan";
import type { LeftCopy } from "../../plan/graph/aftermath";
import { type RestoreStep, restoreSteps } from "../../plan/graph/restore-steps";
import { code } from "./markdown";
import { lossText } from "./loss-text";
import { stepsText } from "./steps";

/** Steps that stand on a page already, by what is typed, with where: one that brings back what many share is done once. */
export type Done = Map<string, string>;

export interface PartOptions {
  readonly title?: string;
  readonly done?: Done;
}

/** A copy with what is lost by it, and its way back. */
export function copyPart(
  estate: Estate,
  { copy, worstLossMs }: LeftCopy,
  { title = "From", done = new Map<string, string>() }: PartOptions = {},
): string {
  const by = copy.way.jobs.map(job => code(job.called)).join(" > ");
  const steps = restoreSteps(copy);
  const place = copy.dataset.id;
  const before = steps.map(step => done.get(keyOf(step)));
  for (const step of steps)
    if (step.kind === "command" && !done.has(keyOf(step))) done.set(keyOf(step), place);
  return `### ${title} ${code(placeText(copy.location))}

Made by ${by}. Lost by it at worst: ${lossText(worstLossMs)}.

${stepsText(estate, steps, before)}`;
}

function keyOf({ where, argv = [] }: RestoreStep): string {
  return JSON.stringify([where, argv]);
}
