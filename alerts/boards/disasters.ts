import type { Plan } from "../../plan";
import { domains, type Domain } from "../../plan/estate/services";
import { worstOf, yearsOf } from "../../plan/graph/loss";
import { survivorsOf } from "../../plan/graph/survivors";
import { type Job, metricOf } from "../../plan/job";
import { addTo } from "../../plan/add-to";
import { selector } from "../rules";
import type { BoardColumn, BoardPanel } from "./board";
import { sharesOf } from "./job-columns";

/**
 * Services against disasters: how far the slowest of the jobs that a service's promise rests on in a disaster has gone towards its
 * limit. The plan's checks prove that a promise holds while each job on the way of the copy that is left keeps its own. Services whose
 * promises rest on the same jobs are one row.
 */
export function disastersTable(plan: Plan): BoardPanel[] {
  const rows = rowsOf(plan);
  const columns = domains.flatMap((domain): BoardColumn[] => {
    const cells = rows.flatMap(({ services, jobs }) => {
      const restsOn = jobs.get(domain) ?? [];
      return restsOn.length === 0
        ? []
        : [
            `label_replace(max(${[sharesOf(restsOn), ...restsOn.map(unheard)].join(" or ")}), "services", "${services.join(", ")}", "", "")`,
          ];
    });
    return cells.length === 0
      ? []
      : [{ name: domain, unit: "percent", badFrom: 100, expr: cells.join(" or ") }];
  });
  return columns.length === 0
    ? []
    : [
        {
          kind: "table",
          title: "What each disaster would cost now, against what is promised",
          says: "By service and disaster: the age of the oldest last success among the jobs that bring the copy which is left, in percent of that job's limit. Below 100 the promise holds, and of a job of which no success is known it is infinite; nothing stands where the disaster leaves the data as it is. A copy that was damaged after it was made is no part of this: the proofs below are.",
          columns,
        },
      ];
}

/** The largest of some ages would pass over the job that has none. */
function unheard(job: Job): string {
  return `absent(${selector(job, metricOf(job, "last-success"))}) * Inf`;
}

interface Row {
  readonly services: string[];
  readonly jobs: ReadonlyMap<Domain, readonly Job[]>;
}

function rowsOf(plan: Plan): Row[] {
  const alike = new Map<string, Row[]>();
  for (const [service, datasets] of survivorsOf(plan)) {
    const jobs = new Map(
      domains.map(domain => {
        const called = new Set(
          datasets.flatMap(({ ways }) => {
            const left = ways.get(domain) ?? [];
            return left === "live" || left.length === 0 ? [] : worstOf(left, yearsOf(plan)).via;
          }),
        );
        return [domain, plan.jobs.filter(job => called.has(job.called))] as const;
      }),
    );
    const key = JSON.stringify([...jobs.values()].map(each => each.map(({ called }) => called)));
    addTo(alike, key, { services: [service], jobs });
  }
  return [...alike.values()].flatMap(([first, ...others]) =>
    first ? [{ ...first, services: [first, ...others].flatMap(({ services }) => services) }] : [],
  );
}
