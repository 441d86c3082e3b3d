import { counted } from "../../checks/wording";
import type { Plan } from "../../plan";
import type { Domain } from "../../plan/estate/services";
import { type LostDataset, type LostService, loseAt } from "../../plan/graph/lose";
import { restoreText } from "../../plan/graph/restore-steps";
import { formatDuration } from "../../plan/units/duration";

/** What brings each service back after a disaster, as text for somebody who has nothing else: those first that others need. */
export function restorePage(plan: Plan, domain: Domain, atMs: number): string {
  const lost = neededFirst(loseAt(plan, domain, atMs), plan);
  const title = `# ${domain}: what is lost, and what brings it back`;
  if (lost.length === 0) return `${title}\n\nIt harms no service.\n`;
  const head = `${counted(lost.length, "service")}, in this order. The ages are those of the schedule, at ${new Date(atMs).toISOString()}.`;
  return `${[title, head, ...lost.map((each, index) => servicePart(each, index + 1))].join("\n\n")}\n`;
}

/** In the estate's order, but each behind what it needs. */
function neededFirst(lost: readonly LostService[], { estate }: Plan): LostService[] {
  const waiting = new Map(lost.map(each => [each.service, each]));
  const order: LostService[] = [];
  const take = (each: LostService): void => {
    if (!waiting.delete(each.service)) return;
    for (const name of estate.services[each.service]?.needs ?? []) {
      const needed = waiting.get(name);
      if (needed) take(needed);
    }
    order.push(each);
  };
  lost.forEach(take);
  return order;
}

function servicePart({ service, datasets }: LostService, number: number): string {
  return [`## ${number}. ${service}`, ...datasets.map(datasetPart)].join("\n\n");
}

function datasetPart({ dataset, copy, leftOut }: LostDataset): string {
  if (leftOut) return `${dataset}: no copy is made of it (${leftOut.reason}; ${leftOut.owner}).`;
  if (!copy) return `${dataset}: no copy is left.`;
  return `${dataset}: from ${copy.where}, ${formatDuration(copy.ageMs)} old.\n\n${restoreText(copy.restore)}`;
}
