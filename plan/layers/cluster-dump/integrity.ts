import {
  integrityFlag,
  integrityPrefix,
  type SqliteIntegrityConfig,
  sqliteIntegrityMetrics,
} from "../../contracts/sqlite-integrity";
import type { Estate } from "../../estate/schema";
import type { Deployment, LayerJob } from "../../job";
import { podPaths } from "../../pod";
import { cronTrigger, pushgatewayOf, runOf } from "../common";
import { startWithinMs } from "./pod";
import type { Beside } from "./engines/engine";
import type { ClusterDumpSpec } from "./spec";
import { integrityPanels } from "./panels";

/**
 * The job that looks more often than a dump is made, of a dump that asks for it.
 * @param dump the dump's own: its pod is on the application's node, and has its image, its volume and its folder
 */
export function integrityJobs(spec: ClusterDumpSpec, dump: LayerJob, estate: Estate): LayerJob[] {
  const integrity = spec.dump && "integrity" in spec.dump ? spec.dump.integrity : undefined;
  if (!integrity) return [];
  const { name } = integrity;
  const trigger = cronTrigger(integrity.schedule, estate.zone);
  const run = runOf(integrity, trigger, estate);
  const prefix = integrityPrefix(spec.dataset);
  const flag = integrityFlag(prefix);
  const { runsOn, host } = dump;
  return [
    {
      ...{ name, runsOn, host, namespace: spec.namespace, trigger, ...run },
      ...{ flows: [], deletes: [], credentials: [] },
      looksBeside: spec.name,
      metricsJob: name,
      metrics: [...sqliteIntegrityMetrics(prefix), flag],
      alerts: [
        {
          name: alertName(spec.dataset),
          metric: flag.name,
          fires: { kind: "below", than: 1 },
          summary: `a SQLite database of ${spec.dataset} isn't sound, as ${name} has found; its dumps of before are: stop what writes to it, and restore it from ${spec.name}`,
        },
      ],
      panels: integrityPanels(flag.name),
      deployment: deploymentOf(dump, integrity, prefix, run, trigger, estate),
    },
  ];
}

/** "vaultwarden" gives "VaultwardenIntegrityFail", which is what the reference calls it. */
function alertName(dataset: string): string {
  const words = dataset.split(/[^a-z0-9]+/).map(word => word.slice(0, 1).toUpperCase() + word.slice(1));
  return `${words.join("")}IntegrityFail`;
}

function deploymentOf(
  dump: LayerJob,
  { name }: Beside,
  metrics: string,
  { budgetMs, timeoutMs }: { readonly budgetMs: number; readonly timeoutMs: number },
  trigger: LayerJob["trigger"],
  estate: Estate,
): Deployment {
  const { deployment, host } = dump;
  if (deployment.kind !== "cronjob") return deployment;
  const { pod } = deployment;
  const { image, scratch, environment, files } = pod.client;
  const stateDir = `${podPaths.target}/.holdfast/${name}`;
  const config: SqliteIntegrityConfig = {
    ...{
      job: name,
      host,
      namespace: pod.namespace,
      budgetMs,
      stateDir,
      textfile: `${stateDir}/metrics.prom`,
    },
    pushgateway: pushgatewayOf(estate, podPaths.pushCredentials),
    ...{ exchange: podPaths.exchange, clientWithinMs: Math.floor(budgetMs / 2), metrics },
  };
  return {
    kind: "cronjob",
    runner: "sqlite-integrity",
    pod: {
      ...pod,
      ...{ schedule: trigger.calendar, zone: trigger.zone, timeoutMs },
      startWithinMs: startWithinMs(trigger, estate),
      client: {
        ...{ image, scratch, environment, script: "sqlite-integrity", includes: ["sqlite", "exchange"] },
        ...(files && { files }),
      },
      config: `${JSON.stringify(config, undefined, 2)}\n`,
    },
  };
}
