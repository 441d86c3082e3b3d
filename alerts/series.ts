import type { Plan } from "../plan";
import { anyValue } from "../plan/contracts/metric";
import type { Job, Metric } from "../plan/job";
import { parseSize } from "../plan/units/size";
import { isFlag, type Range, rangeOf, rangeOfMeaning } from "./ranges";

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
  /** What its value says, where that follows from how a job ran or how a target is. */
  readonly means?: Meaning;
  /** Its value after each run of a job that went well, where that is one number. */
  readonly well?: number;
  /** An instant that may be as long ago as that while all is well: everything has its turn within it. */
  readonly dueMs?: number;
}

/** When a job succeeded or ended last, how it ended; or a flag of an exporter, 1 while all is well. */
export type Meaning = "last-success" | "last-run" | "status" | "flag";

/** Whether a job's series says how its runs went. */
export function tellsOfRuns({ kind, means, well }: Series): boolean {
  return kind === "job" && (means !== undefined || well !== undefined);
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
        ...meaningOf(metric),
        ...dueOf(metric, job),
        ...(metric.well === undefined ? {} : { well: metric.well }),
      })),
      ...gatewayMetrics.map(metric => ({
        ...common,
        metric,
        emitted: "any-end" as const,
        range: rangeOf("last_push_timestamp"),
        ...(metric === "push_time_seconds" ? { means: "last-run" as const } : {}),
      })),
    ];
  });
}

/**
 * What a job's metric says, whatever it counts beside: a volume's last success moves as the job's own does, and so do a NAS's newest
 * snapshot and the oldest change that is owed.
 */
function meaningOf({ meaning, name }: Metric): { means?: Meaning } {
  switch (meaning) {
    case "last-success":
    case "last-run":
    case "status":
      return { means: meaning };
    default:
      return /_(last_success|newest|oldest_change)_timestamp$/.test(name) ? { means: "last-success" } : {};
  }
}

/** How long ago an instant may be, by the job's own alert on what waits longest. */
function dueOf({ meaning }: Metric, { metrics, alerts }: Job): { dueMs?: number } {
  if (meaning !== "oldest") return {};
  for (const { metric, fires } of alerts)
    if (fires.kind === "older" && metrics.some(each => each.name === metric && each.meaning === "oldest"))
      return { dueMs: fires.thanMs };
  return {};
}

/** How large the file system is that a metric of the node exporter is about; a tenth more, as sizes are rounded and of two kinds. */
function sizeOf(metric: string, labels: Labels, estate: Plan["estate"]): Range | undefined {
  if (!/^node_filesystem_(size|avail|free)_bytes$/.test(metric)) return undefined;
  // An exporter's target is called as it likes, also as what each object of JavaScript has.
  const instance = labels["instance"] ?? "";
  const host = Object.hasOwn(estate.hosts, instance) ? estate.hosts[instance] : undefined;
  const filesystem = host?.filesystems[labels["mountpoint"] ?? ""];
  const size = filesystem?.size ?? host?.disks[filesystem?.disk ?? ""]?.size;
  return size === undefined ? undefined : { min: 0, max: parseSize(size) * 1.1 };
}

/** Labels that known exporters give to some of their metrics, whichever of them the estate says, as they are of what there happens to be. */
const furtherLabels: Readonly<Record<string, Labels>> = {
  node_systemd_unit_state: { name: anyValue, state: anyValue, type: anyValue },
  kube_cronjob_info: { namespace: anyValue, cronjob: anyValue, schedule: anyValue, timezone: anyValue },
  kube_cronjob_spec_suspend: { namespace: anyValue, cronjob: anyValue },
  kube_cronjob_status_last_schedule_time: { namespace: anyValue, cronjob: anyValue },
  kube_cronjob_status_last_successful_time: { namespace: anyValue, cronjob: anyValue },
  kube_pod_container_status_waiting_reason: {
    ...{ namespace: anyValue, pod: anyValue, container: anyValue, reason: anyValue },
  },
};

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
        labelled.map(set => ({
          ...common,
          metric,
          // A metric may be called as what each object of JavaScript has.
          labels: { ...(Object.hasOwn(furtherLabels, metric) ? furtherLabels[metric] : {}), ...set },
          range: sizeOf(metric, set, estate) ?? rangeOf(metric),
          ...(isFlag(metric) ? { means: "flag" as const } : {}),
        })),
      ),
      ...targets.map(target => ({
        ...common,
        metric: "up",
        labels: target,
        range: rangeOf("up"),
        means: "flag" as const,
      })),
    ];
  });
}
