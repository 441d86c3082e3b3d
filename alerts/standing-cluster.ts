import type { Plan } from "../plan";
import { type ClusterJob, isInCluster } from "../plan/job";
import { type Made, matchers, proofOf } from "./standing-rule";

/** The alert of a CronJob's run that didn't succeed, by what the cluster says of it. */
export const cronJobFailed = "CronJobRunFailed";

const suspend = "kube_cronjob_spec_suspend";
const lastSchedule = "kube_cronjob_status_last_schedule_time";
const lastSuccess = "kube_cronjob_status_last_successful_time";

/** By what of kube-state-metrics each alert is made. */
export const clusterSeries: Readonly<Record<string, readonly string[]>> = {
  CronJobSuspended: [suspend],
  CronJobGone: [suspend],
  CronJobScheduleDiffers: ["kube_cronjob_info"],
  [cronJobFailed]: [lastSchedule, lastSuccess],
  JobPodCannotStart: ["kube_pod_container_status_waiting_reason"],
};

/** Each of them once. */
export const allClusterSeries: readonly string[] = [...new Set(Object.values(clusterSeries).flat())];

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** What kube-state-metrics says of the jobs of a cluster. */
export function ofCluster(plan: Plan): Made[] {
  const jobs = plan.jobs.filter(isInCluster);
  const [first] = jobs;
  if (!first) return [];
  const { namespace, schedule, zone } = first.deployment.pod;
  const names = jobs.map(({ name }) => name).join("|");
  const namespaces = [...new Set(jobs.map(({ deployment }) => deployment.pod.namespace))].join("|");
  const has = (metric: string): boolean =>
    plan.estate.monitoring.exporters.some(({ metrics }) => metrics.includes(metric));
  const gone: Made = {
    alert: "CronJobGone",
    expr: jobs.map(job => `absent(${suspend}{${matchers(cronJobOf(job))}})`).join(" or "),
    forMs: hourMs,
    summary:
      "{{ $labels.cronjob }} in {{ $labels.namespace }} isn't there, or kube-state-metrics tells nothing of it",
    look: "kubectl get cronjob; is kube-state-metrics up, and is it scraped? pulumi up --refresh makes it again",
    proof: {
      ...proofOf(suspend, cronJobOf(first), "0x80", "0x5 _x80"),
      beside: jobs
        .slice(1)
        .map(job => ({ series: `${suspend}{${matchers(cronJobOf(job))}}`, values: "0x120" })),
    },
  };
  // An older kube-state-metrics has no label for the time zone.
  const schedules = jobs.map(job => {
    const { pod } = job.deployment;
    const of = matchers(cronJobOf(job));
    const zone = JSON.stringify(`|${pod.zone.replaceAll("+", "[+]")}`);
    return `kube_cronjob_info{${of},schedule!=${JSON.stringify(pod.schedule)}} or kube_cronjob_info{${of},timezone!~${zone}}`;
  });
  const rescheduled: Made = {
    alert: "CronJobScheduleDiffers",
    expr: schedules.join(" or "),
    forMs: 15 * minuteMs,
    summary:
      "{{ $labels.cronjob }} in {{ $labels.namespace }} starts at {{ $labels.schedule }} {{ $labels.timezone }}, which isn't what is declared",
    look: "holdfast status says both; pulumi up --refresh puts it right",
    proof: {
      ...proofOf(
        "kube_cronjob_info",
        { ...cronJobOf(first), schedule: "7 7 * * 7", timezone: zone },
        "_x40",
        "1x40",
      ),
      // What is as it is declared stays untold beside it.
      beside: [
        {
          series: `kube_cronjob_info{${matchers({ ...cronJobOf(first), schedule, timezone: zone })}}`,
          values: "1x40",
        },
      ],
    },
  };
  const suspended: Made = {
    alert: "CronJobSuspended",
    expr: `${suspend}{namespace=~"${namespaces}",cronjob=~"${names}"} == 1`,
    forMs: hourMs,
    summary: "{{ $labels.cronjob }} in {{ $labels.namespace }} is suspended: it starts no more",
    look: "kubectl patch cronjob, with spec.suspend false; pulumi up says nothing of it",
    proof: proofOf(suspend, cronJobOf(first), "0x80", "1x80"),
  };
  // Of a pod's name Kubernetes cuts all but the first 58 letters of what stands before its five by chance: of a long one, the hyphen too.
  const waiting: Made = {
    alert: "JobPodCannotStart",
    expr: `kube_pod_container_status_waiting_reason{namespace=~"${namespaces}",pod=~"(${names})(-ask)?-[0-9]+-?[a-z0-9]{5}",reason=~".*(Image|Config|Create|CrashLoop).*"} == 1`,
    forMs: 10 * minuteMs,
    summary: "A container of {{ $labels.pod }} in {{ $labels.namespace }} can't start: {{ $labels.reason }}",
    look: "kubectl describe pod: its events say what is missing",
    proof: proofOf(
      "kube_pod_container_status_waiting_reason",
      { namespace, pod: `${first.name}-29000000-abcde`, reason: "ImagePullBackOff" },
      "0x30",
      "1x30",
    ),
  };
  return [suspended, gone, rescheduled, unsuccessful(jobs, namespaces, names), waiting].filter(({ alert }) =>
    clusterSeries[alert]?.every(has),
  );
}

/** Labels of a job's CronJob, as kube-state-metrics has them. */
function cronJobOf({ name, deployment }: ClusterJob): Readonly<Record<string, string>> {
  return { namespace: deployment.pod.namespace, cronjob: name };
}

/** What was killed can't say so, and a run whose node is gone may never end: with it, the CronJob starts no other one. */
function unsuccessful(jobs: readonly ClusterJob[], namespaces: string, names: string): Made {
  const newest = (metric: string): string =>
    `max by (namespace, cronjob) (${metric}{namespace=~"${namespaces}",cronjob=~"${names}"})`;
  const [first] = jobs;
  const labels = { namespace: first?.deployment.pod.namespace ?? "", cronjob: first?.name ?? "" };
  const forMs = Math.max(...jobs.map(({ timeoutMs }) => timeoutMs)) + 5 * minuteMs;
  const minutes = Math.ceil(forMs / minuteMs) + 30;
  return {
    alert: cronJobFailed,
    // One that never succeeded has no time of a success.
    expr: `${newest(lastSchedule)} > (${newest(lastSuccess)} or 0 * ${newest(lastSchedule)})`,
    of: "{{ $labels.cronjob }}",
    forMs,
    summary:
      "The last run of {{ $labels.cronjob }} in {{ $labels.namespace }} hasn't succeeded: killed, out of memory, evicted, never scheduled, or its node is gone",
    look: "kubectl describe job and pod: how it ended, or where it waits. A pod that is Terminating on a node that is gone lets no other run begin: kubectl delete node, or pod --force",
    proof: {
      ...proofOf(lastSchedule, labels, `1000x${minutes}`, `1000x10 90000x${minutes}`),
      beside: [{ series: `${lastSuccess}{${matchers(labels)}}`, values: `1010x${minutes + 10}` }],
      written: { holdfast_job: first?.name ?? "" },
    },
  };
}
