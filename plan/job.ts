import type { Schedule } from "./calendar";

/** Bytes that somebody needs, at the place where they live. */
export interface Dataset {
  readonly host: string;
  readonly path: string;
  /** Entries below `path` that the job passes over, and why. */
  readonly excludes: readonly { readonly name: string; readonly reason: string }[];
}

/** A dataset at a place, made by a job. */
export interface Copy {
  readonly host: string;
  readonly disk: string;
  readonly path: string;
}

/** A tree from which a job deletes, and the entries in it that belong to others. */
export interface Deletion {
  readonly host: string;
  readonly path: string;
  readonly keeps: readonly string[];
}

export interface Metric {
  readonly name: string;
  readonly help: string;
  /** `success`: written by a run that succeeded; `any-end`: by each end, also a killed one. */
  readonly emitted: "success" | "any-end";
  readonly meaning: "last-success" | "last-run" | "status" | "bytes";
}

export interface Trigger {
  /** The calendar as the estate has it; a view prints this, never a re-rendered one. */
  readonly calendar: string;
  readonly schedule: Schedule;
  /** IANA zone in which `calendar` is read. */
  readonly zone: string;
  readonly after: readonly string[];
  /** A missed run is made up once the host is back (systemd's Persistent=). */
  readonly catchUp: boolean;
  readonly randomizedDelayMs: number;
  readonly accuracyMs: number;
}

/** How a run is judged; every threshold in an alert comes from here. */
export interface Judgement {
  /** Largest loss that is promised while all is well and after one missed run is noticed, in ms. */
  readonly rpoMs: number;
  /** Age of the last success at which the alert's condition becomes true, in ms. */
  readonly staleAfterMs: number;
  /** True when the plan derived `staleAfterMs` and nobody typed it. */
  readonly staleDerived: boolean;
  /** How long a condition holds before the alert fires (`for:`), in ms. */
  readonly forMs: number;
  readonly severity: "warning" | "critical";
  readonly receiver: string;
  /** From the end of a run until a rule sees its metric: push, scrape and evaluation, in ms. */
  readonly visibleAfterMs: number;
}

/** What runs, and all that the other views need to know of it. Times in ms, sizes in bytes. */
export interface Job {
  readonly name: string;
  readonly layer: "nfs-mirror";
  readonly host: string;
  readonly trigger: Trigger;
  readonly usualRunMs: number;
  /** The job stops itself then and reports a failure. */
  readonly budgetMs: number;
  /** The unit's own time-out: later than the budget, so the job can still report. */
  readonly timeoutMs: number;
  readonly reads: readonly Dataset[];
  readonly writes: readonly Copy[];
  readonly deletes: readonly Deletion[];
  /** Pushgateway job label of its metrics. */
  readonly metricsJob: string;
  readonly metrics: readonly Metric[];
  readonly judged: Judgement;
  /** Files of the host release, in the order in which a reader wants them. The bundle is added by whoever deploys. */
  readonly files: readonly { readonly name: string; readonly text: string }[];
  /** Which of `files` are systemd units. */
  readonly units: readonly string[];
}

/** The metric with a given meaning. @throws {Error} when the job emits none: a layer's fault, not an operator's */
export function metricOf(job: Job, meaning: Metric["meaning"]): Metric {
  const metric = job.metrics.find(candidate => candidate.meaning === meaning);
  if (!metric) throw new Error(`job ${job.name} emits no metric that means "${meaning}"`);
  return metric;
}
