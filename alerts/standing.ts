import type { Plan } from "../plan";
import { type HostedJob, isHosted, isOnlyPlanned, type Job } from "../plan/job";
import { annotationsOf } from "./annotations";
import { promisedCopies } from "./drill-times";
import { fullSoon, fullWithinDays, reckonedAfterMs } from "./full-soon";
import { promDuration } from "./rules";
import { ofCluster } from "./standing-cluster";
import { type Made, matchers, proofOf, type StandingRule } from "./standing-rule";

/** The alert of a unit that failed, whether or not its run could say so. */
export const unitFailed = "JobUnitFailed";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** A clock that is wrong by more makes ages, and the order of copies, wrong. */
export const mostSkewS = 60;

/**
 * Rules about what every job needs, and about what several of them promise together: the Pushgateway, drills that say of a copy that it takes too long, its units, a clock, room where it writes, a CronJob that isn't suspended and a pod that
 * starts. Each is made only where the estate lists the metric at an exporter (`monitoring.exporters`); what the Pushgateway says of
 * a push is there wherever jobs push.
 */
export function standingRules(plan: Plan): StandingRule[] {
  const jobs = plan.jobs.filter(job => !isOnlyPlanned(job));
  const [first] = jobs;
  if (!first) return [];
  const taken = new Set(plan.estate.monitoring.alerts.map(({ name }) => name));
  return [gatewayGone(jobs), ...drillsTooSlow(plan), ...ofHosts(plan), ...ofCluster(plan)]
    .map(made => standing(made, first, plan))
    .filter(({ rule }) => !taken.has(rule.alert));
}

function standing(
  { alert, expr, of = "estate", forMs, summary, look, proof }: Made,
  first: Job,
  plan: Plan,
): StandingRule {
  const { namespace } = plan.estate.monitoring;
  const heard = { severity: "warning", receiver: first.judged.receiver } as const;
  return {
    ...heard,
    rule: {
      ...{ alert, expr, for: promDuration(forMs) },
      labels: {
        ...heard,
        ...{ holdfast_job: of, namespace },
      },
      annotations: annotationsOf({ alert, summary, description: look, receiver: heard.receiver }, plan),
    },
    proof,
  };
}

/** What was there within two days and is gone. Where nothing was pushed yet, as after a first deployment, it is silent. */
function gatewayGone(jobs: readonly Job[]): Made {
  const [first] = jobs;
  const names = [...new Set(jobs.map(({ metricsJob }) => metricsJob))];
  const series = `push_time_seconds{job=~"${names.join("|")}"}`;
  return {
    alert: "PushgatewayGone",
    expr: `count(last_over_time(${series}[2d])) unless count(${series})`,
    forMs: 10 * minuteMs,
    summary: "Prometheus no longer gets what jobs have pushed: no failure of theirs would be heard",
    look: "Is the Pushgateway up, and is it scraped? In Prometheus: up, and Status > Targets. Jobs push again at their next end",
    proof: {
      series: `push_time_seconds{job="${first?.metricsJob ?? ""}",instance="${first?.host ?? ""}"}`,
      ...{ labels: {}, well: "1000x40", ill: "1000x5 _x40" },
    },
  };
}

/** By the rate that a drill has measured, whatever the estate's links say. */
function drillsTooSlow(plan: Plan): Made[] {
  const promised = promisedCopies(plan);
  const [first] = promised;
  if (!first) return [];
  const { job } = first.driller;
  const labels = {
    ...{ job: job.metricsJob, instance: job.host },
    ...{ tier: first.tier, service: first.names[0] ?? "" },
  };
  const late = promised.map(({ driller, wholeSeconds, tier, seconds, names }) => {
    const of = { job: driller.job.metricsJob, instance: driller.job.host, tier };
    const services = JSON.stringify(names.map(literal).join("|"));
    return `${wholeSeconds}{${matchers(of)},service=~${services}} > ${seconds}`;
  });
  return [
    {
      alert: "RestoreDrillOverRto",
      expr: late.join(" or "),
      forMs: 10 * minuteMs,
      summary:
        "All of {{ $labels.service }} ({{ $labels.tier }} of {{ $labels.instance }}) takes longer, at the rate of its last drill, than what rests on it is promised to be back in",
      look: "holdfast drill --report: promised, planned and measured times side by side, and what would keep the promise",
      proof: proofOf(first.wholeSeconds, labels, `${first.seconds}x30`, `${first.seconds + 1}x30`),
    },
  ];
}

/** A text as a regular expression has it. */
function literal(text: string): string {
  return text.replace(/[.+*?()|[\]{}^$\\]/g, "\\$&");
}

function ofHosts(plan: Plan): Made[] {
  const jobs = plan.jobs.filter(isHosted);
  return [
    ...metricsGone(jobs, plan),
    ...targetsOf("node_systemd_unit_state", jobs, plan).flatMap(targets => units(jobs, targets)),
    ...targetsOf("node_time_seconds", jobs, plan).map(clock),
    ...targetsOf("node_filesystem_avail_bytes", jobs, plan).flatMap(targets => room(targets, plan)),
  ];
}

/** What the rules of hosts look at. One of them is silent where its metric is gone, as it is while all is well. */
const ofHost = ["node_time_seconds", "node_systemd_unit_state"];

function metricsGone(jobs: readonly HostedJob[], plan: Plan): Made[] {
  const looked = ofHost.flatMap(metric =>
    targetsOf(metric, jobs, plan).flatMap(({ exporters, hosts }) =>
      hosts.map(host => ({ metric, host, of: { job: exporters[0] ?? "", instance: host }, exporters })),
    ),
  );
  const [first, ...others] = looked;
  if (!first) return [];
  return [
    {
      alert: "HostMetricsGone",
      expr: looked
        .map(
          ({ metric, host, exporters }) =>
            `absent(${metric}{job=~"${exporters.join("|")}",instance="${host}"})`,
        )
        .join(" or "),
      forMs: 15 * minuteMs,
      summary:
        "What node-exporter tells of {{ $labels.instance }} is gone, or a part of it: of failed units and a wrong clock there nobody would hear",
      look: "In Prometheus: Status > Targets. On that host: systemctl status prometheus-node-exporter, with its --collector.systemd",
      proof: {
        ...proofOf(first.metric, first.of, "0x40", "0x5 _x40"),
        labels: { instance: first.host },
        beside: others.map(({ metric, of }) => ({ series: `${metric}{${matchers(of)}}`, values: "0x60" })),
      },
    },
  ];
}

/** The exporters that have a metric of the jobs' hosts, and those hosts. */
interface Targets {
  readonly exporters: readonly string[];
  readonly hosts: readonly string[];
}

/** @returns one or none */
function targetsOf(metric: string, jobs: readonly HostedJob[], { estate }: Plan): Targets[] {
  const having = estate.monitoring.exporters.filter(({ metrics }) => metrics.includes(metric));
  const hosts = [...new Set(jobs.map(({ host }) => host))].filter(host =>
    having.some(({ instances }) => instances.includes(host)),
  );
  return hosts.length === 0 ? [] : [{ exporters: [...new Set(having.map(({ job }) => job))], hosts }];
}

function selected({ exporters, hosts }: Targets): string {
  return `job=~"${exporters.join("|")}",instance=~"${hosts.join("|")}"`;
}

/** Labels of one of the targets. */
function oneOf({ exporters: [job = ""], hosts: [instance = ""] }: Targets): Readonly<Record<string, string>> {
  return { job, instance };
}

function units(jobs: readonly HostedJob[], targets: Targets): Made[] {
  const names = (of: readonly HostedJob[]): string => [...new Set(of.map(({ name }) => name))].join("|");
  const proof = (unit: string, state: string, well: string, ill: string) =>
    proofOf("node_systemd_unit_state", { ...oneOf(targets), name: unit, state }, well, ill);
  const timed = jobs.filter(({ deployment }) => deployment.kind === "timer");
  const look = "On that host: systemctl status and journalctl -u of the unit; holdfast releases";
  return [
    {
      alert: unitFailed,
      expr: `node_systemd_unit_state{${selected(targets)},name=~"(${names(jobs)})[.](service|timer)",state="failed"} == 1`,
      forMs: 5 * minuteMs,
      // As the alerts of the job itself have it: by that it isn't sent beside what a run has told.
      of: '{{ reReplaceAll "[.](service|timer)$" "" $labels.name }}',
      summary: "{{ $labels.name }} on {{ $labels.instance }} has failed",
      look,
      proof: {
        ...proof(`${jobs[0]?.name ?? ""}.service`, "failed", "0x30", "1x30"),
        written: { holdfast_job: jobs[0]?.name ?? "" },
      },
    },
    ...timed.slice(0, 1).map(({ name }) => ({
      alert: "JobTimerStopped",
      expr: `node_systemd_unit_state{${selected(targets)},name=~"(${names(timed)})[.]timer",state="active"} == 0`,
      forMs: 15 * minuteMs,
      summary: "{{ $labels.name }} on {{ $labels.instance }} isn't active: its job starts no more",
      look,
      proof: proof(`${name}.timer`, "active", "1x30", "0x30"),
    })),
  ];
}

function clock(targets: Targets): Made {
  const series = `node_time_seconds{${selected(targets)}}`;
  return {
    alert: "HostClockWrong",
    expr: `abs(${series} - timestamp(${series})) > ${mostSkewS}`,
    forMs: 10 * minuteMs,
    summary: `The clock of {{ $labels.instance }} is wrong by more than ${mostSkewS} s: ages and the order of copies are too`,
    look: "On that host: timedatectl; chronyc tracking",
    proof: proofOf("node_time_seconds", oneOf(targets), "0+60x30", "120+60x30"),
  };
}

/** Of the disks for backups that the exporters are said to tell of. */
function room(targets: Targets, { estate }: Plan): Made[] {
  const told = new Set(
    estate.monitoring.exporters
      .filter(({ job }) => targets.exporters.includes(job))
      .flatMap(({ labels }) => labels["mountpoint"] ?? []),
  );
  const mounts = targets.hosts.flatMap(host => {
    const { filesystems = {}, disks = {} } = estate.hosts[host] ?? {};
    return Object.keys(filesystems).filter(
      mount => told.has(mount) && disks[filesystems[mount]?.disk ?? ""]?.role === "backup",
    );
  });
  const [mountpoint] = mounts;
  if (mountpoint === undefined) return [];
  const series = `node_filesystem_avail_bytes{${selected(targets)},mountpoint=~"${[...new Set(mounts)].join("|")}"}`;
  return [
    {
      alert: "BackupDiskFullSoon",
      expr: fullSoon(series),
      forMs: hourMs,
      summary: `{{ $labels.mountpoint }} of {{ $labels.instance }} is full within ${fullWithinDays} days, if it goes on as in the last days`,
      look: "On that host: df -h of the mount point; holdfast plan says what each job keeps there",
      proof: {
        ...proofOf(
          "node_filesystem_avail_bytes",
          { ...oneOf(targets), mountpoint },
          // Filled for the first time in half a day.
          "4000000000000-4000000000x720 1120000000000x6000",
          "10000000000-1000000x6000",
        ),
        afterMs: reckonedAfterMs,
      },
    },
  ];
}
