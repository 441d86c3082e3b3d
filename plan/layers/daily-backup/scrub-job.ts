import {
  type BackupScrubConfig,
  backupScrubMetricNames,
  backupScrubMetrics,
  scrubJobName,
} from "../../contracts/backup-scrub";
import type { Estate } from "../../estate/schema";
import type { JobAlert, LayerJob } from "../../job";
import { parseDuration } from "../../units/duration";
import { runOf, timerTrigger } from "../common";
import { mountOf, timerOf, runnerConfig, stateFolder, stateFolders } from "../host-runner";
import { hostLocation } from "../places";
import type { PlannedRun } from "../layer";
import { derivedAlert } from "./firewall-job";
import { runsOf } from "./runs";
import type { DailyBackupSpec, ScrubSpec } from "./spec";
import { scrubPanels } from "./panels";

/** Reads the whole backup disk within a period, whoever wrote what lies there. It copies nothing. */
export function scrubJob(
  scrub: ScrubSpec,
  spec: DailyBackupSpec,
  estate: Estate,
  hostRuns: readonly PlannedRun[],
): LayerJob {
  const trigger = timerTrigger(scrub.schedule, estate.zone);
  const run = runOf(
    { ...scrub, promise: scrub.promise ?? spec.promise, alert: scrub.alert ?? derivedAlert(spec) },
    trigger,
    estate,
  );
  const config = configOf(scrub, spec, estate, hostRuns, run.budgetMs);
  return {
    name: scrubJobName,
    runsOn: { kind: "host", name: spec.host },
    host: spec.host,
    trigger,
    ...run,
    flows: [],
    reads: [hostLocation(estate, spec.host, spec.target)],
    readsWithinMs: parseDuration(scrub.period),
    deletes: [],
    // What it mends.
    journal: { kind: "writes", below: spec.target },
    metricsJob: scrubJobName,
    metrics: backupScrubMetrics,
    alerts: alertsOf(spec, parseDuration(scrub.period)),
    panels: scrubPanels,
    ...timerOf({
      job: scrubJobName,
      runner: scrubJobName,
      description: `Reading of ${spec.target} against its checksums`,
      trigger,
      timeoutMs: run.timeoutMs,
      mounts: [spec.target],
      background: true,
      // Its own catalogue, and the other writers' locks. What it mends has to be as it was; a good copy may be at its source.
      rights: {
        reads: config.sources,
        writes: [spec.target, stateFolders],
        files: "all",
        volumes: "none",
        parses: false,
      },
      credentials: [],
      config,
    }),
  };
}

function configOf(
  scrub: ScrubSpec,
  spec: DailyBackupSpec,
  estate: Estate,
  hostRuns: readonly PlannedRun[],
  budgetMs: number,
): BackupScrubConfig {
  const { host, target } = spec;
  const own = runsOf(spec);
  // The part's own come first, whichever layer is listed before it.
  const others = hostRuns.filter(({ job }) => !own.some(run => run.job === job));
  const writers = [...own, ...others].flatMap(({ job, keeps }) =>
    keeps?.target === target ? [{ job, ...keeps }] : [],
  );
  return {
    job: scrubJobName,
    ...runnerConfig(scrubJobName, host, budgetMs, estate),
    target: mountOf(estate, host, target),
    periodMs: parseDuration(scrub.period),
    generations: writers.flatMap(({ generations }) => generations),
    sources: writers.flatMap(({ mirrors }) => (mirrors === undefined ? [] : [mirrors])),
    writers: writers.map(({ job }) => `${stateFolder(job)}/run.lock`),
    accepted: scrub.accepted,
  };
}

function alertsOf({ host, target }: DailyBackupSpec, periodMs: number): JobAlert[] {
  return [
    {
      name: "BackupScrubRotten",
      metric: backupScrubMetricNames.rotten,
      fires: { kind: "above", than: 0 },
      summary: `{{ $value }} files on ${target} of ${host} don't hold what was recorded of them, and no good copy is known: journalctl -u ${scrubJobName} names them`,
    },
    {
      name: "BackupScrubBehind",
      metric: backupScrubMetricNames.oldestVerified,
      fires: { kind: "older", thanMs: periodMs },
      summary: `some of ${target} on ${host} was not read for {{ $value | humanizeDuration }}; each file is to be read within ${Math.round(periodMs / 1000)} s. Raise the scrub's budget, or its period`,
    },
  ];
}
