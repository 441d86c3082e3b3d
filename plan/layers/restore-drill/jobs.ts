import { scrubJobName } from "../../contracts/backup-scrub";
import { drillRecordsName, drillRecordsOnDisk, drillStateName } from "../../contracts/drill-record";
import {
  restoreDrillJobName,
  restoreDrillMetricNames,
  drilledMetrics,
  restoreDrillMetrics,
  type RestoreDrillConfig,
} from "../../contracts/restore-drill";
import { sentAs } from "../../contracts/sent-as";
import type { Estate } from "../../estate/schema";
import type { Drills, JobAlert, LayerJob } from "../../job";
import { parseDuration } from "../../units/duration";
import { parseSize } from "../../units/size";
import { runOf, timerTrigger } from "../common";
import { mountOf, runnerConfig, stateFolder, stateFolders, textfile, timerOf } from "../host-runner";
import { hostLocation, mountAbove } from "../places";
import type { RestoreDrillSpec } from "./spec";
import { drillPanels } from "./panels";
import { firewallTiersOf, offsiteTiersOf, tiersOf } from "./tiers";

/** Reads copies and proves them; what it makes is gone when it ends. */
export function restoreDrillJob(
  spec: RestoreDrillSpec,
  estate: Estate,
  before: readonly LayerJob[],
): LayerJob {
  const { host, target, scratch } = spec;
  const trigger = timerTrigger(spec.schedule, estate.zone);
  const run = runOf(spec, trigger, estate);
  const tiers = [
    ...tiersOf(spec, estate),
    ...firewallTiersOf(spec, before),
    ...offsiteTiersOf(spec, estate, before),
  ];
  return {
    name: restoreDrillJobName,
    runsOn: { kind: "host", name: host },
    host,
    trigger,
    ...run,
    flows: [],
    reads: [hostLocation(estate, host, target)],
    deletes: [],
    drills: {
      tiers: tiers.flatMap(drilledIn),
      records: [`${stateFolder(restoreDrillJobName)}/${drillRecordsName}`, `${target}/${drillRecordsOnDisk}`],
      state: `${stateFolder(restoreDrillJobName)}/${drillStateName}`,
      wholeSeconds: restoreDrillMetricNames.copyWhole,
    },
    metricsJob: restoreDrillJobName,
    metrics: [...restoreDrillMetrics, ...drilledMetrics],
    alerts: [behind(spec)],
    panels: drillPanels,
    ...timerOf({
      job: restoreDrillJobName,
      runner: restoreDrillJobName,
      description: `Restores of what lies on ${target} into ${scratch}`,
      trigger,
      timeoutMs: run.timeoutMs,
      mounts: [target, mountAbove(estate, host, scratch)],
      background: true,
      // The records lie on the backup disk too. What it starts takes the lock of the job that made the copy, and writes to its state.
      rights: {
        reads: [],
        writes: [target, scratch, stateFolders],
        files: "all",
        volumes: "none",
        // A firewall's program reads its tar as a user without rights.
        parses: tiers.some(({ kind }) => kind === "firewall"),
      },
      makes: [scratch],
      credentials: [],
      config: configOf(spec, estate, run.budgetMs, tiers),
    }),
  };
}

function drilledIn(tier: RestoreDrillConfig["tiers"][number]): Drills["tiers"] {
  const { tier: name, job } = tier;
  if (tier.kind !== "offsite") return [{ tier: name, job, below: tier.below, sentAs: sentAs(tier) }];
  return tier.legs.map(({ to }) => ({ tier: name, job, below: to.slice(to.indexOf(":") + 1), isSent: true }));
}

function configOf(
  spec: RestoreDrillSpec,
  estate: Estate,
  budgetMs: number,
  tiers: RestoreDrillConfig["tiers"],
): RestoreDrillConfig {
  const { host, target, scratch } = spec;
  const isScrubbed = estate.layers["daily-backup"].some(
    part => part.host === host && part.target === target && part.scrub !== undefined,
  );
  return {
    job: restoreDrillJobName,
    ...runnerConfig(restoreDrillJobName, host, budgetMs, estate),
    target: mountOf(estate, host, target),
    scratch: { folder: scratch, on: mountOf(estate, host, mountAbove(estate, host, scratch)) },
    periodMs: parseDuration(spec.period),
    mostBytes: parseSize(spec.most),
    leaveFreeBytes: parseSize(spec.leaveFree),
    tiers,
    ...(isScrubbed && { sumsDir: stateFolder(scrubJobName) }),
    copiesTextfile: textfile(`${restoreDrillJobName}-copies`),
  };
}

function behind({ host, target, period }: RestoreDrillSpec): JobAlert {
  const periodMs = parseDuration(period);
  return {
    name: "RestoreDrillBehind",
    metric: restoreDrillMetricNames.oldestProved,
    fires: { kind: "older", thanMs: periodMs },
    summary: `of some copy of ${host}, on ${target} or off site, no restore was proved for {{ $value | humanizeDuration }}; each is to be proved within ${Math.round(periodMs / 1000)} s. restore-drill list says which, and systemctl status ${restoreDrillJobName} what was passed over and why`,
  };
}
