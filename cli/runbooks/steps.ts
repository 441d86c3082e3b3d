import { shellWord } from "../../plan/contracts/shell-word";
import type { RestoreStep } from "../../plan/graph/restore-steps";
import { block, code, plain } from "./markdown";

/**
 * Each step of a way back: where, what is typed there, and how one knows that it worked.
 * @param before of each step that stands on the page already, for which data
 */
export function stepsText(steps: readonly RestoreStep[], before: readonly (string | undefined)[]): string {
  return steps.map((step, index) => stepText(step, index + 1, before[index])).join("\n\n");
}

function stepText(step: RestoreStep, number: number, before: string | undefined): string {
  const { where, changes, undo, verifies, argv = [] } = step;
  const words = argv.map(shellWord).join(" ");
  const head = `**Step ${number}**, on ${where.kind} ${code(where.name)}`;
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
