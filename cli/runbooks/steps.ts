import { shellWord } from "../../plan/contracts/shell-word";
import { type RestoreStep } from "../../plan/graph/restore-steps";
import { block, code, plain } from "./markdown";

/** Each step of a way back: where, what is typed there, and how one knows that it worked. */
export function stepsText(steps: readonly RestoreStep[]): string {
  return steps.map((step, index) => stepText(step, index + 1)).join("\n\n");
}

function stepText(step: RestoreStep, number: number): string {
  const { where, changes, undo, verifies } = step;
  const command = step.argv && step.argv.length > 0 ? [block([step.argv.map(shellWord).join(" ")])] : [];
  const what = step.kind === "manual" ? `, yours: ${plain(step.text)}` : "";
  return [
    `**Step ${number}**, on ${where.kind} ${code(where.name)}${what}`,
    ...command,
    [
      `- It worked when: ${plain(verifies)}`,
      `- Afterwards: ${plain(changes)}`,
      `- To go back: ${plain(undo)}`,
    ].join("\n"),
  ].join("\n\n");
}
