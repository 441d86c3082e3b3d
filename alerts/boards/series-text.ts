import { addTo } from "../../plan/add-to";
import type { Job } from "../../plan/job";

/**
 * An expression over a metric of several jobs, each of which may call it otherwise: what `expr` makes of each selector, as one vector.
 * @param nameOf the metric's name, or nothing where the job has none
 * @param alike what else has to be the same for jobs that share a selector
 */
export function overJobs(
  jobs: readonly Job[],
  nameOf: (job: Job) => string | undefined,
  expr: (selector: string, job: Job) => string,
  alike: (job: Job) => string | number = () => "",
): string {
  const groups = new Map<string, Job[]>();
  for (const job of jobs) {
    const name = nameOf(job);
    if (name !== undefined) addTo(groups, JSON.stringify([name, job.host, alike(job)]), job);
  }
  return [...groups.values()]
    .flatMap(([first, ...others]) => {
      const name = first && nameOf(first);
      if (!first || name === undefined) return [];
      const pushedAs = [...new Set([first, ...others].map(({ metricsJob }) => metricsJob))];
      const op = pushedAs.length === 1 ? "=" : "=~";
      return [expr(`${name}{job${op}"${pushedAs.join("|")}",instance="${first.host}"}`, first)];
    })
    .join(" or ");
}

/** Of a table's columns: they meet in one row where their labels are the same, a metric's name among them. */
export function rowsBy(...labels: readonly string[]): (expr: string) => string {
  return expr => `max by (${labels.join(", ")}) (${expr})`;
}
