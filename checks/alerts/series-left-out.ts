import { allClusterSeries as all, clusterSeries } from "../../alerts/standing-cluster";
import { isInCluster } from "../../plan/job";
import { defineCheck } from "../check";
import type { ExampleEstate } from "../../plan/estate/example";
import { edit } from "../example-edits";
import { example, kubeStateMetrics, mended } from "../examples";
import { exporterSlips } from "../exporter-slips";
import { counted, listed } from "../wording";

export const seriesLeftOut = defineCheck({
  code: "alerts/series-left-out",
  severity: "warning",
  title: "An exporter isn't said to have all of what alerts on CronJobs are made of, or none is",
  why: "Such an alert is made only where an exporter is said to have its series. One that was left out, or is spelt otherwise, takes the alert with it, and nothing else says that it is gone: a run that was killed before it could push its failure is heard of by no other.",
  run: plan => {
    const jobs = plan.jobs.filter(isInCluster);
    const { exporters } = plan.estate.monitoring;
    const having = exporters.find(({ metrics }) => metrics.some(metric => all.includes(metric)));
    const slips = new Set(exporterSlips(plan).flatMap(({ meant }) => meant));
    const missing = all.filter(
      metric => !slips.has(metric) && !exporters.some(({ metrics }) => metrics.includes(metric)),
    );
    if (jobs.length === 0 || missing.length === 0) return [];
    if (!having)
      return [
        {
          subject: "kube-state-metrics",
          message: `No exporter is said to have what kube-state-metrics tells of CronJobs: ${listed(Object.keys(clusterSeries))} of ${counted(jobs.length, "CronJob")} ${jobs.length === 1 ? "isn't" : "aren't"} made.`,
          fix: `Add to monitoring.exporters: { job: "kube-state-metrics", instances: ["kube-state-metrics"], metrics: [${missing.map(metric => `"${metric}"`).join(", ")}] }, as Prometheus calls its target.`,
          evidence: { missing, alerts: Object.keys(clusterSeries) },
        },
      ];
    const gone = Object.entries(clusterSeries)
      .filter(([, series]) => series.some(metric => missing.includes(metric)))
      .map(([alert]) => alert);
    return [
      {
        subject: having.job,
        message: `Exporter ${having.job} isn't said to have ${listed(missing.map(metric => `"${metric}"`))}: ${listed(gone)} of ${counted(jobs.length, "CronJob")} ${gone.length === 1 ? "isn't" : "aren't"} made.`,
        fix: `Add ${missing.map(metric => `"${metric}"`).join(", ")} to its metrics in monitoring.exporters; kube-state-metrics has ${missing.length === 1 ? "it" : "them"} unless its own flags leave ${missing.length === 1 ? "it" : "them"} out.`,
        evidence: { missing, alerts: gone },
      },
    ];
  },
  examples: {
    bad: [
      mended(
        example("a dump that a pod makes, and no exporter that tells of it", estate =>
          tellOfCronJobs(estate, undefined),
        ),
        {
          says: "Add to monitoring.exporters",
          edit: ({ monitoring }) => monitoring.exporters?.push(kubeStateMetrics(all)),
        },
      ),
      mended(
        example("kube-state-metrics without a success's time", estate =>
          tellOfCronJobs(
            estate,
            all.filter(metric => metric !== "kube_cronjob_status_last_successful_time"),
          ),
        ),
        {
          says: 'Add "kube_cronjob_status_last_successful_time" to its metrics',
          edit: ({ monitoring }) => edit(monitoring.exporters?.at(-1), kubeStateMetrics(all)),
        },
      ),
    ],
    good: [
      example("no CronJob, and no exporter that tells of any"),
      example("an exporter that tells all", estate => tellOfCronJobs(estate, all)),
    ],
  },
});

/** A dump that a pod makes, and an exporter that tells of it. */
function tellOfCronJobs(
  { clusters, layers, monitoring, secrets }: ExampleEstate,
  metrics: readonly string[] | undefined,
): void {
  const digest = `sha256:${"0123456789abcdef".repeat(4)}`;
  edit(clusters?.k8s, { runnerImage: `docker.io/library/node:24-bookworm-slim@${digest}` });
  const dump = Object.values(layers)
    .flat()
    .find(part => "dataset" in part && part.dataset === "vault");
  edit(dump, {
    namespace: "dbaas",
    dump: {
      ...{ engine: "vault", image: `docker.io/hashicorp/vault:1.14.1@${digest}`, secret: "vault-backup" },
      server: { host: "vault.dbaas.svc.cluster.local", namespace: "dbaas" },
    },
  } as object);
  if (secrets) secrets["vault-backup"] = { keptIn: ["vault", "break-glass"] };
  if (metrics) monitoring.exporters?.push(kubeStateMetrics(metrics));
}
