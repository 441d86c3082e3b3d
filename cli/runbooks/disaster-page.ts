import { counted, listed, placeText } from "../../checks/wording";
import type { Plan } from "../../plan";
import type { Domain } from "../../plan/estate/services";
import { aftermathOf, type DatasetAfter, type ServiceAfter } from "../../plan/graph/aftermath";
import { isHosted, isInCluster, type Job } from "../../plan/job";
import { formatDuration } from "../../plan/units/duration";
import { sshTo } from "../host-shell";
import { copyPart } from "./copy-part";
import { situations } from "./disasters";
import { lossText } from "./loss-text";
import { block, code, plain, table } from "./markdown";

/** What a disaster takes, what to do first, and what brings each service back, those first that others need. */
export function disasterPage(plan: Plan, domain: Domain): string {
  const { title, looks, first } = situations[domain];
  const after = aftermathOf(plan, domain);
  const harmed = after.filter(({ datasets }) => datasets.some(({ isHarmed }) => isHarmed));
  const wanted = harmed.filter(({ datasets }) => datasets.some(isWanted));
  return [
    `# ${title}`,
    looks,
    `## First\n\n${first.map((step, index) => `${index + 1}. ${step}`).join("\n")}`,
    harmed.length === 0
      ? "## What is lost\n\nIt harms no service's data."
      : `## What is lost, at worst\n\nEach service that it can harm: where there are several machines or disks of that kind, only what lies on the lost one is.\n\n${lossTable(harmed)}`,
    ...(wanted.length === 0 ? [] : [orderPart(wanted)]),
    ...copiesGone(plan, after),
  ].join("\n\n");
}

/** Harmed, and nobody has said that no copy of it is wanted. */
function isWanted({ isHarmed, dataset }: DatasetAfter): boolean {
  return isHarmed && !dataset.unprotected;
}

function lossTable(services: readonly ServiceAfter[]): string {
  return table(
    ["", "service", "data", "is lost", "comes from", "back after at least"],
    services.flatMap(({ service, datasets, rtoFloorMs, rtoUnknown }, index) =>
      datasets
        .filter(({ isHarmed }) => isHarmed)
        .map(({ dataset, worstLossMs, left: [best] }) => [
          String(index + 1),
          `[${plain(service)}](../services/${service}.md)`,
          code(dataset.id),
          dataset.unprotected ? "all of it, on purpose" : lossText(worstLossMs),
          best ? best.copy.way.jobs.map(job => code(job.called)).join(" > ") : "nothing",
          dataset.unprotected
            ? "-"
            : rtoFloorMs === undefined
              ? `unknown: ${plain(rtoUnknown ?? "nothing says it")}`
              : rtoFloorMs === 0
                ? "no bytes to wait for"
                : formatDuration(rtoFloorMs),
        ]),
    ),
  );
}

function orderPart(services: readonly ServiceAfter[]): string {
  return [
    "## What brings it back, in this order",
    "By one command each, where a laptop reaches what is left; it finds the newest whole version, says what it will do, and asks:",
    block(services.map(({ service }) => `holdfast restore ${service}`)),
    "By hand, where it doesn't. Each service's page has its other copies.",
    ...services.map(
      ({ service, datasets }, index) =>
        `## ${index + 1}. ${plain(service)}\n\n${datasets.filter(isWanted).map(datasetPart).join("\n\n")}`,
    ),
  ].join("\n\n");
}

function datasetPart({ dataset, left: [best] }: DatasetAfter): string {
  if (!best) return `${code(dataset.id)}: **no copy is left.**`;
  return copyPart(best).replace(/^### /, `### ${plain(dataset.id)}: `);
}

/** Copies that went with it, and which run makes them anew. */
function copiesGone(plan: Plan, after: readonly ServiceAfter[]): string[] {
  const rows = after
    .flatMap(({ datasets }) => datasets)
    .filter(({ gone }) => gone.length > 0)
    .map(({ dataset, gone, left, isHarmed }) => [
      code(dataset.id),
      listed(
        gone.map(({ way, location }) => `${code(way.job.called)} at ${code(placeText(location))}`),
        4,
      ),
      `${isHarmed ? "" : "the live data, and "}${counted(left.length, "copy", "copies")}`,
    ]);
  if (rows.length === 0) return [];
  const gone = new Set(
    after.flatMap(({ datasets }) => datasets.flatMap(each => each.gone.map(({ job }) => job))),
  );
  const again = plan.jobs.filter(job => gone.has(job)).flatMap(job => startOf(job, plan));
  return [
    `## Copies that are gone too\n\n${table(["data", "gone", "left"], rows)}`,
    ...(again.length === 0
      ? []
      : [
          `Once what they lay on is there again, and the live data is well, these make them anew, in this order. \`holdfast status\` says when nothing owes any more:\n\n${block(again)}`,
        ]),
  ];
}

/** What starts a job by hand: nothing for one that this version only plans. */
function startOf(job: Job, { estate }: Plan): string[] {
  if (isHosted(job)) return [`${sshTo(estate, job.host)} systemctl start ${job.name}`];
  if (!isInCluster(job) || job.namespace === undefined) return [];
  return [`kubectl --namespace ${job.namespace} create job ${job.name}-by-hand --from=cronjob/${job.name}`];
}
