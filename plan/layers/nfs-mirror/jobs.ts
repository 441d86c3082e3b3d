import { parseSchedule } from "../../calendar";
import { type NfsMirrorConfig, nfsMirrorMetrics } from "../../contracts/nfs-mirror";
import type { Estate } from "../../estate/schema";
import type { Job, Metric, Trigger } from "../../job";
import { healthyAge, tightestStaleAfter } from "../../staleness";
import { type HostUnits, serviceText, timerText } from "../../systemd-units";
import { parseDuration } from "../../units/duration";
import type { ScheduleSpec } from "../common";
import type { NfsMirrorSpec } from "./spec";

/** The name that operators know; one job of it a host. */
const jobName = "nfs-mirror";

const minuteMs = 60_000;

/** One job for each mirror of the estate. */
export function nfsMirrorJobs(estate: Estate): Job[] {
  return estate.layers["nfs-mirror"].map(spec => nfsMirrorJob(spec, estate));
}

function nfsMirrorJob(spec: NfsMirrorSpec, estate: Estate): Job {
  const trigger = triggerOf(spec.schedule, estate.zone);
  const budgetMs = parseDuration(spec.budget);
  const visibleAfterMs = visibleAfter(estate);
  const tightestMs = tightestStaleAfter(healthyAge(trigger, budgetMs, visibleAfterMs, estate.years));
  const typed = spec.alert.staleAfter;
  const units: HostUnits = {
    job: jobName,
    description: `Mirror of ${spec.source} to ${spec.target}`,
    trigger,
    // Room for a runner that was told to stop at its budget: it ends rsync, writes its metrics and pushes them.
    timeoutMs: budgetMs + 5 * minuteMs,
    mounts: [spec.source, spec.target],
    service: ["Nice=10", "IOSchedulingClass=idle"],
  };
  return {
    name: jobName,
    layer: "nfs-mirror",
    host: spec.host,
    trigger,
    usualRunMs: parseDuration(spec.usualRun),
    budgetMs,
    timeoutMs: units.timeoutMs,
    reads: [{ host: spec.host, path: spec.source, excludes: spec.excludes }],
    writes: [
      {
        host: spec.host,
        disk: estate.hosts[spec.host]?.filesystems[spec.target]?.disk ?? "",
        path: spec.target,
      },
    ],
    deletes: [{ host: spec.host, path: spec.target, keeps: spec.keep.map(kept => kept.name) }],
    metricsJob: jobName,
    metrics,
    judged: {
      rpoMs: parseDuration(spec.promise.rpo),
      staleAfterMs: typed === undefined ? tightestMs : parseDuration(typed),
      staleDerived: typed === undefined,
      forMs: parseDuration(spec.alert.for),
      severity: spec.alert.severity,
      receiver: spec.alert.receiver,
      visibleAfterMs,
    },
    files: [
      { name: `${jobName}.service`, text: serviceText(units) },
      { name: `${jobName}.timer`, text: timerText(units) },
      { name: "config.json", text: `${JSON.stringify(configOf(spec, estate, budgetMs), undefined, 2)}\n` },
    ],
    units: [`${jobName}.service`, `${jobName}.timer`],
  };
}

const metrics: readonly Metric[] = [
  {
    name: nfsMirrorMetrics.lastRun,
    help: "End of the last run, epoch seconds",
    emitted: "any-end",
    meaning: "last-run",
  },
  {
    name: nfsMirrorMetrics.status,
    help: "0 after a success, the exit code after a failure",
    emitted: "any-end",
    meaning: "status",
  },
  {
    name: nfsMirrorMetrics.bytes,
    help: "Bytes that the last successful run transferred",
    emitted: "success",
    meaning: "bytes",
  },
  {
    name: nfsMirrorMetrics.lastSuccess,
    help: "End of the last successful run, epoch seconds",
    emitted: "success",
    meaning: "last-success",
  },
];

function triggerOf(spec: ScheduleSpec, estateZone: string): Trigger {
  return {
    calendar: spec.onCalendar,
    schedule: parseSchedule(spec.onCalendar, "systemd"),
    zone: spec.zone ?? estateZone,
    after: [],
    catchUp: spec.persistent,
    randomizedDelayMs: parseDuration(spec.randomizedDelay),
    accuracyMs: parseDuration(spec.accuracy),
  };
}

const push = { timeoutMs: 5_000, attempts: 3 };

/** From a run's end to a rule's next look: the last push attempt's end, a scrape, an evaluation. */
function visibleAfter(estate: Estate): number {
  const { scrapeInterval, evaluationInterval } = estate.monitoring;
  return push.timeoutMs * push.attempts + parseDuration(scrapeInterval) + parseDuration(evaluationInterval);
}

function configOf(spec: NfsMirrorSpec, estate: Estate, budgetMs: number): NfsMirrorConfig {
  const mount = (path: string) => ({
    path,
    fsUuid: estate.hosts[spec.host]?.filesystems[path]?.fsUuid ?? "",
  });
  return {
    job: jobName,
    host: spec.host,
    source: mount(spec.source),
    target: mount(spec.target),
    excludes: spec.excludes.map(exclude => exclude.name),
    keep: spec.keep.map(kept => kept.name),
    maxDeletions: spec.maxDeletions,
    budgetMs,
    stateDir: `/var/lib/holdfast/${jobName}`,
    textfile: `/var/lib/prometheus/node-exporter/${jobName}.prom`,
    pushgateway: { url: estate.monitoring.pushgateway, ...push },
  };
}
