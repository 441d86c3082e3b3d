import { sizeText } from "../../checks/wording";
import type { Plan } from "../../plan";
import { bytesOf } from "../../plan/datasets";
import { byLoss } from "../../plan/graph/aftermath";
import { isHosted, type Job } from "../../plan/job";
import { code, plain } from "./markdown";
import { copyPart } from "./copy-part";

/** All that one job's copies bring back: what is there is said by the program that made it. */
export function jobPage(plan: Plan, job: Job): string {
  const { trigger } = job;
  const copies = plan.copies.filter(copy => copy.job === job);
  return [
    `# What ${plain(job.called)} brings back`,
    `It runs on ${job.runsOn.kind} ${code(job.runsOn.name)}, ${code(trigger.calendar)} in ${code(trigger.zone)}.`,
    isHosted(job) ? `Which copies are there:\n\n\`\`\`sh\n${job.name} list\n\`\`\`` : "",
    ...copies.map(copy => {
      const [left = { copy }] = byLoss([copy], plan);
      return `## ${plain(copy.dataset.id)}, ${sizeText(bytesOf(copy.dataset))}\n\n${copyPart(plan.estate, left)}`;
    }),
  ]
    .filter(part => part !== "")
    .join("\n\n");
}
