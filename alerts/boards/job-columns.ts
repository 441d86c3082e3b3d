import { type Job, metricOf } from "../../plan/job";
import type { BoardPanel } from "./board";
import { overJobs, rowsBy } from "./series-text";

/** How jobs stand: a row for each. */
export function jobsTable(jobs: readonly Job[]): BoardPanel {
  return {
    kind: "table",
    title: "How the jobs stand",
    says: "How long ago each job's last success ended, how much of what its alert allows that is, and how its last run ended: 0 is a success.",
    columns: [
      { name: "last success", unit: "age", expr: ofEach(agesOf(jobs)) },
      { name: "of its limit", unit: "percent", badFrom: 100, expr: ofEach(sharesOf(jobs)) },
      {
        name: "last status",
        unit: "count",
        badFrom: 1,
        expr: ofEach(
          overJobs(
            jobs,
            job => metricOf(job, "status").name,
            selector => selector,
          ),
        ),
      },
      {
        name: "last run",
        unit: "age",
        expr: ofEach(
          overJobs(
            jobs,
            job => metricOf(job, "last-run").name,
            selector => `time() - ${selector}`,
          ),
        ),
      },
    ],
  };
}

/** How old the last success of each job gets within a day. In hours, those of a month would hide all others; at each moment, all of them go up and down. */
export function agesPanel(jobs: readonly Job[]): BoardPanel {
  return {
    kind: "lines",
    title: "Most age of the last success within a day, of its limit",
    unit: "percent",
    queries: [{ expr: `max_over_time((${sharesOf(jobs)})[1d:15m])`, legend: "{{job}} on {{instance}}" }],
  };
}

/** How long usual runs took, of the jobs that tell it. */
export function tookPanels(jobs: readonly Job[]): BoardPanel[] {
  const expr = overJobs(
    jobs,
    job => job.metrics.find(({ meaning }) => meaning === "duration")?.name,
    selector => selector,
  );
  return expr === ""
    ? []
    : [
        {
          ...{ kind: "lines", title: "How long the last usual run took", unit: "seconds" },
          queries: [{ expr, legend: "{{job}} on {{instance}}" }],
        },
      ];
}

const ofEach = rowsBy("job", "instance");

function agesOf(jobs: readonly Job[]): string {
  return overJobs(jobs, successOf, selector => `time() - ${selector}`);
}

/** How much of what its alert allows each job's last success is old, in percent. */
export function sharesOf(jobs: readonly Job[]): string {
  const limitS = ({ judged }: Job): number => Math.round(judged.staleAfterMs / 1000);
  return overJobs(
    jobs,
    successOf,
    (selector, job) => `100 * (time() - ${selector}) / ${limitS(job)}`,
    limitS,
  );
}

function successOf(job: Job): string {
  return metricOf(job, "last-success").name;
}
