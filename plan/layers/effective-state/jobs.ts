import { deadManJobName } from "../../contracts/dead-man";
import {
  differsMetric,
  type EffectiveStateConfig,
  effectiveStateJobName,
  effectiveStateMetricNames,
  effectiveStateMetrics,
} from "../../contracts/effective-state";
import { clusterAccessRules } from "../../contracts/cluster-access";
import { actingOptions } from "../../contracts/runner";
import type { InForce } from "../../contracts/in-force";
import type { Estate } from "../../estate/schema";
import type { JobAlert, LayerJob } from "../../job";
import { runOf, timerTrigger } from "../common";
import {
  credentialsFolder,
  runnerConfig,
  textfile,
  textfileFolder,
  timerOf,
  unitsInForce,
} from "../host-runner";
import { effectiveStatePanels } from "./panels";
import type { EffectiveStateSpec } from "./spec";

const settleMs = 30_000;

/** Reads back what other layers say is in force after a deployment, and what the estate says of the host itself. */
export function effectiveStateJob(
  spec: EffectiveStateSpec,
  estate: Estate,
  before: readonly LayerJob[],
): LayerJob {
  const { host } = spec;
  const trigger = timerTrigger(spec.schedule, estate.zone);
  const run = runOf(spec, trigger, estate);
  const mounts = mountsOf(estate, host);
  const beside = before.filter(job => job.host === host);
  // Of itself and of what calls a dead man's receiver, whose configs depend on this one, the plan's sums can't be said here.
  const besides = [
    ...(Object.hasOwn(estate.monitoring.deadMan?.hosts ?? {}, host) ? [{ job: deadManJobName }] : []),
    { job: effectiveStateJobName, trigger },
  ];
  const declared: InForce[] = [
    ...beside.flatMap(({ deployment }) => ("inForce" in deployment ? deployment.inForce : [])),
    ...besides.flatMap(({ job, ...timer }): InForce[] => [
      { kind: "release", job },
      ...unitsInForce([`${job}.service`, `${job}.timer`], "trigger" in timer ? timer.trigger : undefined),
    ]),
    ...mounts,
    ...certificatesOf(estate, beside),
    ...rightsOf(estate, beside),
    ...textfilesOf(estate, host),
  ];
  const config: EffectiveStateConfig = {
    job: effectiveStateJobName,
    ...runnerConfig(effectiveStateJobName, host, run.budgetMs, estate),
    ...{ declared, settleMs },
    differsTextfile: textfile(`${effectiveStateJobName}-differs`),
  };
  return {
    name: effectiveStateJobName,
    runsOn: { kind: "host", name: host },
    host,
    trigger,
    ...run,
    flows: [],
    deletes: [],
    tellsDifferences: true,
    metricsJob: effectiveStateJobName,
    metrics: [...effectiveStateMetrics, differsMetric],
    alerts: [differs(host)],
    panels: effectiveStatePanels,
    ...timerOf({
      job: effectiveStateJobName,
      runner: effectiveStateJobName,
      description: "A look at what is in force on this host, against what was deployed",
      trigger,
      timeoutMs: run.timeoutMs,
      mounts: [],
      background: true,
      rights: {
        reads: mounts.map(({ path }) => path),
        ...{ writes: [], files: "own", volumes: "none", parses: false },
      },
      credentials: [],
      config,
    }),
  };
}

/** Each file system of the host; a backup disk is also written to, and its copies don't act on the host. */
function mountsOf({ hosts }: Estate, host: string): Extract<InForce, { kind: "mount" }>[] {
  const { filesystems = {}, disks = {} } = hosts[host] ?? {};
  return Object.entries(filesystems).map(([path, { disk, fsUuid }]) => ({
    ...{ kind: "mount", path, fsUuid },
    options: disks[disk]?.role === "backup" ? ["rw", ...actingOptions] : [],
  }));
}

/** Of the clusters that jobs of a host ask, and of the Pushgateway, each once. */
function certificatesOf({ clusters, monitoring }: Estate, jobs: readonly LayerJob[]): InForce[] {
  const asked = jobs.flatMap(({ credentials }) =>
    credentials.flatMap(({ from }) =>
      from.kind === "cluster-access" ? (clusters[from.cluster]?.api ?? []) : [],
    ),
  );
  const urls = [...new Set([...asked, monitoring.pushgateway])].filter(url => url.startsWith("https:"));
  return urls.map(url => ({ kind: "certificate", url }));
}

/** Of each account by which a job of the host asks a cluster. */
function rightsOf({ monitoring }: Estate, jobs: readonly LayerJob[]): InForce[] {
  return jobs.flatMap(({ name, credentials }) =>
    credentials.flatMap(({ name: file, from }): InForce[] =>
      from.kind === "cluster-access"
        ? [
            {
              ...{ kind: "rights", job: name, kubeconfig: `${credentialsFolder(name)}/${file}` },
              namespace: monitoring.namespace,
              rules: clusterAccessRules[from.rights].map(({ apiGroups, resources, verbs }) => ({
                apiGroups: [...apiGroups],
                resources: [...resources],
                verbs: [...verbs],
              })),
            },
          ]
        : [],
    ),
  );
}

/** Where the estate has metrics of the host's own from an exporter, which are node-exporter's. */
function textfilesOf({ monitoring }: Estate, host: string): InForce[] {
  const exports = monitoring.exporters.some(
    ({ instances, metrics }) =>
      instances.includes(host) && metrics.some(metric => metric.startsWith("node_")),
  );
  return exports ? [{ kind: "textfiles", folder: textfileFolder }] : [];
}

function differs(host: string): JobAlert {
  return {
    name: "EffectiveStateDiffers",
    metric: effectiveStateMetricNames.differs,
    fires: { kind: "above", than: 0 },
    summary: `{{ $labels.subject }} on ${host} isn't as it is declared, by the {{ $labels.kind }} that is in force; effective-state --dry-run there says what is declared and what there is`,
  };
}
