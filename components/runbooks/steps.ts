import type { Estate } from "../../plan";
import { shellWord } from "../../plan/contracts/shell-word";
import type { RestoreStep } from "../../plan/graph/restore-steps";
import type { Machine } from "../../plan/place";
import { sshTo } from "../../plan/estate/ssh-to";
import { block, code, plain } from "./markdown";

/**
 * Each step of a way back: where, what is typed there, and how one knows that it worked.
 * @param before of each step that stands on the page already, for which data
 */
export function stepsText(
  estate: Estate,
  steps: readonly RestoreStep[],
  before: readonly (string | undefined)[],
): string {
  return steps
    .map((step, index) => stepText(step, `Step ${index + 1}`, { estate, before: before[index] }))
    .join("\n\n");
}

function stepText(
  step: RestoreStep,
  called: string,
  { estate, before }: { readonly estate: Estate; readonly before: string | undefined },
): string {
  const { where, changes, undo, verifies, argv = [] } = step;
  const words = argv.map(shellWord).join(" ");
  const head = `**${called}**, ${placeText(where, estate)}`;
  if (before !== undefined && words !== "")
    return `${head}: ${code(words)} stands above, for ${code(before)}, and brings this back too. It is done once.`;
  return [
    `${head}${step.kind === "manual" ? `, yours: ${plain(step.text)}` : ""}`,
    ...(words === "" ? [] : [block([words])]),
    [
      `- It worked when: ${plain(verifies)}`,
      `- Afterwards: ${plain(changes)}`,
      `- To go back: ${plain(undo)}`,
    ].join("\n"),
  ].join("\n\n");
}

/** Whoever is woken has this page, and needn't know the house. */
function placeText({ kind, name }: Machine, estate: Estate): string {
  const place = `on ${kind} ${code(name)}`;
  if (kind === "host") return `${place} (${code(sshTo(estate, name))})`;
  return kind === "cluster" ? `${place} (typed on a machine whose \`kubectl\` reaches it)` : place;
}
