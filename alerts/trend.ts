import type { Job, Metric } from "../plan/job";
import { formatDuration } from "../plan/units/duration";

/** A run that grows towards its budget, which its job would stop at. */
export interface Trend {
  readonly expr: string;
  readonly forMs: number;
  readonly summary: string;
}

const hourMs = 3_600_000;
/** Two weeks are enough to raise a budget, or to find out what grows. */
export const overWithinDays = 14;
/** A week of fewer runs is no trend: one slow one would be taken for it. */
const mostAgeMs = 36 * hourMs;

/**
 * The days until a job's runs are over its budget, where those of two weeks say that it is so soon. The runs of the last week say it too,
 * and those of the week before said it as well, or a run that was slow once, or is slower for good since yesterday, would be a trend.
 * Prometheus keeps no more than two weeks unless it is told to. None for a job that doesn't run each day, or doesn't tell how long it took.
 * @param select the selector of one of its metrics
 */
export function trendOf(job: Job, select: (metric: Metric) => string): Trend | undefined {
  const metric = job.metrics.find(({ meaning }) => meaning === "duration");
  if (!metric || job.judged.staleAfterMs > mostAgeMs) return undefined;
  const took = select(metric);
  const budgetS = Math.round(job.budgetMs / 1000);
  const ahead = `${overWithinDays} * 86400`;
  return {
    expr: [
      `(${budgetS} - predict_linear(${took}[14d], 0)) / (deriv(${took}[14d]) > 0) / 86400 < ${overWithinDays}`,
      `predict_linear(${took}[7d], ${ahead}) > ${budgetS}`,
      `predict_linear(${took}[7d] offset 7d, ${ahead}) > ${budgetS}`,
      `${took} offset 13d`,
    ].join(" and "),
    forMs: hourMs,
    summary: `${job.name} on ${job.host} takes longer from run to run: over its budget of ${formatDuration(job.budgetMs)} in {{ $value | printf "%.0f" }} days, if it goes on as in the last two weeks, and from then on no run succeeds`,
  };
}
