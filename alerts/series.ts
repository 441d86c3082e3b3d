import type { Plan } from "../plan";
import type { Metric } from "../plan/job";
import { type Range, rangeOf, rangeOfMeaning } from "./ranges";

/** A series' labels beside its name. */
export type Labels = Readonly<Record<string, string>>;

/** One time series that something in the estate emits. */
export interface Series {
  readonly metric: string;
  readonly labels: Labels;
  /** Job's name, or the exporter's job label. */
  readonly emitter: string;
  readonly kind: "job" | "exporter";
  /** `success`: only by a run that succeeded; `any-end`: by each end; `always`: at each scrape. */
  readonly emitted: Metric["emitted"] | "always";
  /** Values that it can have. */
  readonly range: Range;
}

/** Every series of the estate, by metric. */
export type SeriesIndex = ReadonlyMap<string, readonly Series[]>;

const known = new WeakMap<Plan, SeriesIndex>();

/**
 * Series that jobs push, that exporters have by the estate's word, and that Prometheus and the Pushgateway add to both.
 * A job's series carry its metrics' job label and its machine as instance (Pushgateway scraped with `honor_labels`).
 */
export function seriesOf(plan: Plan): SeriesIndex {
  const found = known.get(plan) ?? indexed([...jobSeries(plan), ...exporterSeries(plan)]);
  known.set(plan, found);
  return found;
}

function indexed(all: readonly Series[]): SeriesIndex {
  const index = new Map<string, Series[]>();
  for (const series of all) {
    const others = index.get(series.metric);
    if (others) others.push(series);
    else index.set(series.metric, [series]);
  }
  return index;
}

/** What the Pushgateway says of each group of metrics beside those that were pushed. */
const gatewayMetrics = ["push_time_seconds", "push_failure_time_seconds"];

function jobSeries({ jobs }: Plan): Series[] {
  return jobs.flatMap(job => {
    const common = {
      labels: { job: job.metricsJob, instance: job.host },
      emitter: job.name,
      kind: "job" as const,
    };
    return [
      ...job.metrics.map(metric => ({
        ...common,
        labels: { ...common.labels, ...metric.labels },
        metric: metric.name,
        emitted: metric.emitted,
        range: rangeOfMeaning(metric),
      })),
      ...gatewayMetrics.map(metric => ({
        ...common,
        metric,
        emitted: "any-end" as const,
        range: rangeOf("last_push_timestamp"),
      })),
    ];
  });
}

function exporterSeries({ estate }: Plan): Series[] {
  return estate.monitoring.exporters.flatMap(({ job, instances, metrics, labels }) => {
    const common = { emitter: job, kind: "exporter" as const, emitted: "always" as const };
    const targets = instances.map(instance => ({ job, instance }));
    const labelled = Object.entries(labels).reduce<Labels[]>(
      (sets, [label, values]) => sets.flatMap(set => values.map(value => ({ ...set, [label]: value }))),
      targets,
    );
    return [
      ...metrics.flatMap(metric =>
        labelled.map(set => ({ ...common, metric, labels: set, range: rangeOf(metric) })),
      ),
      ...targets.map(target => ({ ...common, metric: "up", labels: target, range: rangeOf("up") })),
    ];
  });
}
