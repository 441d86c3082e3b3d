import { placeText } from "../../checks/wording";
import type { LeftCopy } from "../../plan/graph/aftermath";
import { restoreSteps } from "../../plan/graph/restore-steps";
import { code } from "./markdown";
import { lossText } from "./loss-text";
import { stepsText } from "./steps";

/** A copy with what is lost by it, and its way back. */
export function copyPart({ copy, worstLossMs }: LeftCopy): string {
  const by = copy.way.jobs.map(job => code(job.called)).join(" > ");
  return `### From ${code(placeText(copy.location))}

Made by ${by}. Lost by it at worst: ${lossText(worstLossMs)}.

${stepsText(restoreSteps(copy))}`;
}
