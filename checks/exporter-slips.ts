import type { Plan } from "../plan";
import { nearest, slipOf } from "../plan/contracts/near";

/** Something that an exporter is said to have, and the estate's host hasn't. */
export interface ExporterSlip {
  /** The exporter's job label. */
  readonly exporter: string;
  readonly what: "job" | "instance" | "mountpoint" | "metric" | "label";
  readonly wrong: string;
  readonly meant: readonly string[];
  /** Hosts that don't have it. */
  readonly hosts: readonly string[];
}

/** Families of the node exporter's metrics that are known as a whole. */
const nodeMetrics = [
  ...["size", "avail", "free"].map(part => `node_filesystem_${part}_bytes`),
  ...["files", "files_free", "readonly", "device_error"].map(part => `node_filesystem_${part}`),
  ...["load1", "load5", "load15", "time_seconds", "boot_time_seconds", "systemd_unit_state"].map(
    part => `node_${part}`,
  ),
  ...["MemTotal", "MemFree", "MemAvailable", "Buffers", "Cached", "SwapTotal", "SwapFree"].map(
    part => `node_memory_${part}_bytes`,
  ),
  "node_cpu_seconds_total",
  "node_md_disks",
  "node_md_state",
  "node_hwmon_temp_celsius",
];
/** Metrics of kube-state-metrics that the estate's alerts are made of, and their next of kin. */
const kubeMetrics = [
  ...[
    "info",
    "spec_suspend",
    "status_active",
    "status_last_schedule_time",
    "status_last_successful_time",
  ].map(part => `kube_cronjob_${part}`),
  ...["status_failed", "status_succeeded", "status_start_time"].map(part => `kube_job_${part}`),
  ...["waiting_reason", "waiting", "terminated_reason", "restarts_total"].map(
    part => `kube_pod_container_status_${part}`,
  ),
  ...["kube_persistentvolumeclaim_status_phase", "kube_node_status_condition", "kube_pod_status_phase"],
];
/** What exporters are usually called. */
const usualJobs = ["kube-state-metrics", "node-exporter", "pve-exporter"].flatMap(job => [
  job,
  job.replaceAll("-", "_"),
]);
const nodeLabels = ["mountpoint", "device", "fstype"];
/** More letters than these may differ between two real names. */
const fewLetters = 2;

const known = new WeakMap<Plan, readonly ExporterSlip[]>();

/** What exporters of the estate's hosts are said to have, and can't. A target of another name may be anything. */
export function exporterSlips(plan: Plan): readonly ExporterSlip[] {
  const found =
    known.get(plan) ?? plan.estate.monitoring.exporters.flatMap(exporter => slipsOf(exporter, plan));
  known.set(plan, found);
  return found;
}

type Exporter = Plan["estate"]["monitoring"]["exporters"][number];

function slipsOf({ job, instances, metrics, labels }: Exporter, { estate }: Plan): ExporterSlip[] {
  const hostNames = Object.keys(estate.hosts);
  const machines = [
    estate.hosts,
    estate.destinations,
    estate.firewalls,
    estate.clusters,
    estate.services,
  ].flatMap(Object.keys);
  const hosts = instances.flatMap(instance => hostOf(instance, estate) ?? []);
  const strangers = instances.filter(
    instance => !hostOf(instance, estate) && !machines.includes(bare(instance)),
  );
  const slip = (what: ExporterSlip["what"], wrong: string, meant: readonly string[]): ExporterSlip => ({
    exporter: job,
    what,
    wrong,
    meant,
    hosts,
  });
  const misspelt = strangers.flatMap(instance => {
    const meant = nearest(bare(instance), hostNames).filter(host => !isNumberedAlike(host, bare(instance)));
    // What no host is called nearly may be anything, if it isn't a letter away from a machine or a service.
    // Of three letters, another one makes another word: nas, nfs, nut.
    const isShort = bare(instance).length < 4;
    const other = meant.length > 0 || isShort ? undefined : slipOf(bare(instance), machines);
    const names = other === undefined ? meant : [other];
    return names.length > 0 ? [slip("instance", instance, names)] : [];
  });
  const like = (wrong: string, right: readonly string[]): string[] =>
    right.includes(wrong)
      ? []
      : nearest(wrong, right).filter(name => Math.abs(name.length - wrong.length) <= fewLetters);
  const wrongMetrics = metrics.flatMap(metric => {
    const family = metric.startsWith("ku") ? kubeMetrics : metric.startsWith("node") ? nodeMetrics : [];
    const meant = closest(metric, like(metric, family));
    return meant.length > 0 ? [slip("metric", metric, meant)] : [];
  });
  const meantJob = jobMeant(job, estate.monitoring);
  const wrongJob = meantJob === undefined ? [] : [slip("job", job, [meantJob])];
  const wrongLabels = Object.keys(labels).flatMap(label => {
    const meant = like(label, nodeLabels);
    return meant.length > 0 ? [slip("label", label, meant)] : [];
  });
  const mounts = hosts.flatMap(host => Object.keys(estate.hosts[host]?.filesystems ?? {}));
  const wrongMounts = (hosts.length === 0 ? [] : (labels["mountpoint"] ?? []))
    .filter(mount => !mounts.includes(mount))
    .map(mount => slip("mountpoint", mount, nearest(mount, mounts)));
  return [...wrongJob, ...misspelt, ...wrongLabels, ...wrongMetrics, ...wrongMounts];
}

/** What an exporter is called but for a letter: as they usually are, or as another one that alerts name or that is there twice. */
function jobMeant(job: string, { exporters, alerts }: Plan["estate"]["monitoring"]): string | undefined {
  const others = exporters.map(exporter => exporter.job);
  const isSaid = (name: string): boolean =>
    usualJobs.includes(name) ||
    others.indexOf(name) !== others.lastIndexOf(name) ||
    alerts.some(({ expr }) => expr.split(/["|()]/).includes(name));
  if (isSaid(job)) return undefined;
  return slipOf(job, [...usualJobs, ...others.filter(isSaid)]);
}

/** The host that a target is on, by its name or address, with a port or without. */
function hostOf(instance: string, { hosts }: Plan["estate"]): string | undefined {
  const name = bare(instance);
  return Object.keys(hosts).find(host => host === name || hosts[host]?.address === name);
}

function bare(instance: string): string {
  return instance.replace(/:\d+$/, "");
}

/** Names such as pve and pve2, which are two machines. */
function isNumberedAlike(a: string, b: string): boolean {
  return a.replace(/\d+/g, "") === b.replace(/\d+/g, "");
}

/** Those that differ by few letters at the same places; a third of a long name may be another metric's. */
function closest(wrong: string, names: readonly string[]): string[] {
  return names.filter(name => {
    let [start, end] = [0, 0];
    while (start < wrong.length && wrong[start] === name[start]) start++;
    while (end < wrong.length - start && wrong.at(-1 - end) === name.at(-1 - end)) end++;
    return Math.max(wrong.length, name.length) - start - end <= fewLetters;
  });
}
