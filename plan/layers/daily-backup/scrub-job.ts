import { nfsMirrorJobName } from "../../contracts/nfs-mirror";
import { dailyBackupJobName } from "../../contracts/daily-backup";
import {
  type BackupScrubConfig,
  backupScrubMetricNames,
  backupScrubMetrics,
  scrubJobName,
} from "../../contracts/backup-scrub";
import { vmImagesFolder, vmImagesJobName } from "../../contracts/vm-images";
import type { Estate } from "../../estate/schema";
import type { JobAlert, LayerJob } from "../../job";
import { parseDuration } from "../../units/duration";
import { runOf, timerTrigger } from "../common";
import { mountOf, timerOf, runnerConfig, stateFolder, stateFolders } from "../host-runner";
import { hostLocation } from "../places";
import { derivedAlert, firewallJobName } from "./firewall-job";
import type { DailyBackupSpec, ScrubSpec } from "./spec";

/** Reads the whole backup disk within a period, whoever wrote what lies there. It copies nothing. */
export function scrubJob(scrub: ScrubSpec, spec: DailyBackupSpec, estate: Estate): LayerJob {
  const trigger = timerTrigger(scrub.schedule, estate.zone);
  const run = runOf(
    { ...scrub, promise: scrub.promise ?? spec.promise, alert: scrub.alert ?? derivedAlert(spec) },
    trigger,
    estate,
  );
  const config = configOf(scrub, spec, estate, run.budgetMs);
  return {
    name: scrubJobName,
    runsOn: { kind: "host", name: spec.host },
    host: spec.host,
    trigger,
    ...run,
    flows: [],
    reads: [hostLocation(estate, spec.host, spec.target)],
    deletes: [],
    // What it mends.
    journal: { kind: "writes", below: spec.target },
    metricsJob: scrubJobName,
    metrics: backupScrubMetrics,
    alerts: alertsOf(spec, parseDuration(scrub.period)),
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
  budgetMs: number,
): BackupScrubConfig {
  const { host, target, firewalls } = spec;
  const mirrors = estate.layers["nfs-mirror"].filter(
    mirror => mirror.host === host && mirror.target === target,
  );
  const images = estate.layers["vm-images"].filter(other => other.host === host && other.target === target);
  const writers = [
    dailyBackupJobName,
    ...firewalls.map(({ name }) => firewallJobName(name)),
    ...mirrors.map(() => nfsMirrorJobName),
    ...images.map(() => vmImagesJobName),
  ];
  return {
    job: scrubJobName,
    ...runnerConfig(scrubJobName, host, budgetMs, estate),
    target: mountOf(estate, host, target),
    periodMs: parseDuration(scrub.period),
    generations: [...generationsOf(spec), ...images.map(() => ({ folder: vmImagesFolder, depth: 1 }))],
    sources: mirrors.map(({ source }) => source),
    writers: writers.map(job => `${stateFolder(job)}/run.lock`),
    accepted: scrub.accepted,
  };
}

/** A claim is told by its namespace and its name; of a firewall and of the host there is one. */
function generationsOf({ volumes, sqlite, configuration, firewalls }: DailyBackupSpec) {
  return [
    ...(volumes ? [{ folder: "pvc-data", depth: 2 }] : []),
    ...(volumes && sqlite ? [{ folder: "sqlite-backup", depth: 2 }] : []),
    ...(configuration ? [{ folder: "pve-config", depth: 0 }] : []),
    ...firewalls.map(({ name }) => ({ folder: name, depth: 0 })),
  ];
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
