import { drillRecordsName, drillStateName, dumpsTier } from "../../contracts/drill-record";
import { type DumpDrillConfig, dumpDrillMetrics } from "../../contracts/dump-drill";
import type { Estate } from "../../estate/schema";
import type { Deployment, Drills, LayerJob } from "../../job";
import { podPaths } from "../../pod";
import { cronTrigger, pushgatewayOf, runOf } from "../common";
import { engines } from "./engines";
import { drillPanels } from "./panels";
import { reachedPushgateway, startWithinMs } from "./pod";
import type { ClusterDumpSpec } from "./spec";

/**
 * The job that restores the newest dumps into an empty server, of a dump that asks for it.
 * @param dump the dump's own: its pod has that one's image and folder, and neither its server nor its secret
 */
export function drillJobs(spec: ClusterDumpSpec, dump: LayerJob, estate: Estate): LayerJob[] {
  if (!spec.dump || !("drill" in spec.dump) || !spec.dump.drill) return [];
  const { engine, drill } = spec.dump;
  const { name, schedule } = drill;
  const trigger = cronTrigger(schedule, estate.zone);
  const run = runOf(drill, trigger, estate);
  const { runsOn, host } = dump;
  const deployment = (): Deployment => {
    if (dump.deployment.kind !== "cronjob") return dump.deployment;
    const { pod } = dump.deployment;
    const { scripts } = engines[engine];
    const { exchange, scratch, target } = podPaths;
    const stateDir = `${target}/.holdfast/${name}`;
    const config: DumpDrillConfig = {
      ...{ job: name, host, budgetMs: run.budgetMs, stateDir, textfile: `${stateDir}/metrics.prom` },
      pushgateway: pushgatewayOf(estate, podPaths.pushCredentials),
      ...{ dump: dump.name, exchange, target, clientWithinMs: Math.floor(run.budgetMs / 2) },
      seen: { ...spec.target, namespace: spec.namespace },
    };
    return {
      kind: "cronjob",
      runner: "dump-drill",
      pod: {
        ...pod,
        ...{ schedule: trigger.calendar, zone: trigger.zone, timeoutMs: run.timeoutMs },
        startWithinMs: startWithinMs(trigger, estate),
        client: {
          ...{ image: pod.client.image, scratch: true, script: `${scripts}-restore` },
          includes: [scripts, `${scripts}-own`, "own-server", "exchange"],
          environment: { HOME: exchange, EXCHANGE: exchange, SCRATCH: scratch, OWN_SERVER: "yes" },
        },
        config: `${JSON.stringify(config, undefined, 2)}\n`,
        ...{ secret: undefined, reaches: reachedPushgateway(estate) },
      },
    };
  };
  return [
    {
      ...{ name, runsOn, host, namespace: spec.namespace, trigger, ...run },
      ...{ flows: [], deletes: [], credentials: [], alerts: [] },
      provesDumpsOf: dump.name,
      ...(dump.deployment.kind === "cronjob" && {
        drills: drillsOf(spec.target, name, dump.name, dump.deployment.pod.uid),
      }),
      metricsJob: name,
      metrics: dumpDrillMetrics,
      panels: drillPanels,
      deployment: deployment(),
    },
  ];
}

/** What it restores, and where its records lie: beside the dumps, where whatever takes those along takes them too. */
function drillsOf(
  { host, path }: ClusterDumpSpec["target"],
  name: string,
  dump: string,
  uid: number,
): Drills {
  const folder = `${path}/.holdfast/${name}`;
  return {
    tiers: [{ tier: dumpsTier, job: dump, below: path, called: dump }],
    records: [`${folder}/${drillRecordsName}`],
    state: `${folder}/${drillStateName}`,
    kept: { host, below: path, uid },
  };
}
