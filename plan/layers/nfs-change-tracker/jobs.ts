import {
  changeTrackerJobName,
  changeTrackerMetricNames,
  changeTrackerMetrics,
  type NfsChangeTrackerConfig,
} from "../../contracts/nfs-change-tracker";
import type { Estate } from "../../estate/schema";
import type { JobAlert, LayerJob } from "../../job";
import { parseDuration } from "../../units/duration";
import { runOf, timerTrigger } from "../common";
import { daemonOf, mountOf, runnerConfig } from "../host-runner";
import { mountAbove } from "../places";
import type { NfsChangeTrackerSpec } from "./spec";
import { journalIn, wantedOf } from "./wanted";
import { trackerPanels } from "./panels";

export function nfsChangeTrackerJob(spec: NfsChangeTrackerSpec, estate: Estate): LayerJob {
  const trigger = timerTrigger(spec.schedule, estate.zone);
  const run = runOf(spec, trigger, estate);
  const config = configOf(spec, estate, run.budgetMs);
  return {
    name: changeTrackerJobName,
    runsOn: { kind: "host", name: spec.host },
    host: spec.host,
    trigger,
    ...run,
    flows: [],
    deletes: [],
    journal: {
      kind: "watches",
      below: spec.log,
      folders: config.watches.map(({ root, journal }) => ({ path: root, journal })),
      reconcileMs: config.reconcileMs,
    },
    metricsJob: changeTrackerJobName,
    metrics: changeTrackerMetrics,
    alerts: [overflowing(spec)],
    panels: trackerPanels,
    ...daemonOf({
      job: changeTrackerJobName,
      runner: "nfs-change-tracker",
      description: "Changes in folders of this host",
      // A proof may take its budget, and a minute lies between two.
      watchdogMs: run.budgetMs + 2 * proveMs,
      mounts: [...new Set(config.watches.map(({ mount }) => mount.path))],
      background: false,
      rights: {
        reads: spec.watches,
        writes: [],
        ...{ files: "own", volumes: "none", parses: false, watches: true },
      },
      makes: [spec.log],
      credentials: [],
      config,
    }),
  };
}

/** Within this time of a change, its name is in the journal. */
const proveMs = 60_000;

function configOf(spec: NfsChangeTrackerSpec, estate: Estate, budgetMs: number): NfsChangeTrackerConfig {
  return {
    job: changeTrackerJobName,
    ...runnerConfig(changeTrackerJobName, spec.host, budgetMs, estate),
    watches: spec.watches.map(root => ({
      root,
      mount: mountOf(estate, spec.host, mountAbove(estate, spec.host, root)),
      ...wantedOf(root, spec, estate),
      journal: journalIn(spec, root),
    })),
    ...{ proveMs, reconcileMs: parseDuration(spec.reconcile), mostNames: 10_000 },
  };
}

/** Nothing is lost by it, but each time the next run off the site compares all. */
function overflowing({ host }: NfsChangeTrackerSpec): JobAlert {
  return {
    name: "NfsChangeTrackerOverflows",
    metric: changeTrackerMetricNames.overflows,
    fires: { kind: "above", than: 3 },
    summary: `${changeTrackerJobName} on ${host} was told {{ $value }} times within an hour that more had changed than the kernel keeps, so that all is compared. Raise fs.fanotify.max_queued_events there`,
  };
}
