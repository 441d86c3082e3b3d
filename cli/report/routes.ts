import { addTo } from "../../plan/add-to";
import type { Copy } from "../../plan/graph/copies";
import { copiesByDataset } from "../../plan/graph/copies";
import type { Dataset } from "../../plan/datasets";
import { escaped } from "../html";
import { wayList } from "./heat";
import type { Reported } from "./reported";

/** From disk to disk, each copy of each service's data. */
export function routesPart({ plan }: Reported): string {
  const copies = copiesByDataset(plan.copies);
  const byService = new Map<string, Dataset[]>();
  for (const dataset of plan.datasets) addTo(byService, dataset.service, dataset);
  return [...byService]
    .map(
      ([service, datasets]) =>
        `<section class="service" data-service="${escaped(service)}"><h3>${escaped(service)}</h3>${datasets.map(dataset => datasetPart(dataset, service, copies.get(dataset) ?? [])).join("")}</section>`,
    )
    .join("\n");
}

function datasetPart({ id, unprotected }: Dataset, service: string, copies: readonly Copy[]): string {
  const title = id === service ? "" : `<h4>${escaped(id)}</h4>`;
  if (unprotected)
    return `${title}<p>Left out on purpose until ${escaped(unprotected.expires)}, by ${escaped(unprotected.owner)}: ${escaped(unprotected.reason)}.</p>`;
  if (copies.length === 0) return `${title}<p class="broken">✗ There is no copy of it.</p>`;
  // What goes on from a copy shows that copy too.
  const ends = copies.filter(copy => !copies.some(({ from }) => from === copy));
  return `${title}${ends.map(wayList).join("")}`;
}
