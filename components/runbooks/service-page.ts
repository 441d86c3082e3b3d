import { listed, sizeText } from "../../checks/wording";
import type { Plan } from "../../plan";
import { bytesOf, type Dataset } from "../../plan/datasets";
import { domains } from "../../plan/estate/services";
import { byLoss } from "../../plan/graph/aftermath";
import { lossesOf } from "../../plan/graph/loss";
import { copySurvives } from "../../plan/graph/survival";
import { block, code, plain, table } from "./markdown";
import { lossText } from "./loss-text";
import { copyPart } from "./copy-part";
import { situations } from "./disasters";
import { holdfast, type PageOf } from "./page-of";

/** One service: what each disaster costs it, and each copy of its data with its way back. */
export function servicePage(of: PageOf, service: string): string {
  const { plan } = of;
  const { needs = [] } = plan.estate.services[service] ?? {};
  const datasets = plan.datasets.filter(dataset => dataset.service === service);
  const losses = lossesOf(plan).filter(loss => loss.service === service && !loss.leftOut);
  const isCopied = plan.copies.some(({ dataset }) => dataset.service === service && !dataset.unprotected);
  return [
    `# ${plain(service)}`,
    ...(isCopied
      ? [
          "The newest whole version that is there, by one command from a laptop; it says what it will do, and asks:",
          block([`${holdfast(of, "restore", service)} --dry-run`]),
          block([holdfast(of, "restore", service)]),
        ]
      : []),
    ...(needs.length === 0
      ? []
      : [`It needs ${listed(needs.map(code), needs.length)}: what is lost of these comes back before it.`]),
    ...(losses.length === 0
      ? []
      : [
          "## What each disaster costs it, at worst",
          table(
            ["disaster", "is lost"],
            losses.map(({ domain, worstLossMs }) => [
              `[${situations[domain].title}](../disasters/${domain}.md)`,
              lossText(worstLossMs),
            ]),
          ),
        ]),
    ...datasets.map(dataset => datasetPart(plan, dataset)),
  ].join("\n\n");
}

function datasetPart(plan: Plan, dataset: Dataset): string {
  const { unprotected } = dataset;
  const head = `## ${plain(dataset.id)}\n\nIt lies at ${code(`${dataset.location.machine.name}:${dataset.location.path}`)}, ${sizeText(bytesOf(dataset))}.`;
  if (unprotected)
    return `${head}\n\nNo copy is wanted until ${unprotected.expires}: ${plain(unprotected.reason)} (${plain(unprotected.owner)}).`;
  const copies = byLoss(
    plan.copies.filter(copy => copy.dataset === dataset),
    plan,
  );
  if (copies.length === 0) return `${head}\n\nThere is no copy of it.`;
  return [
    head,
    ...copies.map(left => {
      const outlives = domains.filter(domain => copySurvives(left.copy, domain, plan.estate));
      return `${copyPart(plan.estate, left, { isOne: true })}\n\nIt outlives: ${outlives.join(", ")}.`;
    }),
  ].join("\n\n");
}
