import { scrubJobName } from "../../contracts/backup-scrub";
import {
  type DailyBackupConfig,
  dailyBackupMetrics,
  dailyBackupJobName,
  volumeMetrics,
} from "../../contracts/daily-backup";
import type { Estate } from "../../estate/schema";
import type { Credential, LayerJob, Trigger } from "../../job";
import { generationPolicyOf, keepPolicyOf, retentionOf } from "../../retention";
import { parseDuration } from "../../units/duration";
import { runOf, timerTrigger } from "../common";
import {
  clusterAccess,
  credentialsFolder,
  kubeconfig,
  mountOf,
  timerOf,
  runnerConfig,
  secretCredential,
  stateFolder,
  textfile,
} from "../host-runner";
import { clusterOf } from "../lvm-pvc-snapshot/jobs";
import { volumeAlerts } from "./alerts";
import { configurationPaths, deletionsOf, flowsOf, maxSnapshotAgeMs, snapshotsOf } from "./flows";
import type { DailyBackupSpec } from "./spec";
import { dailyPanels, volumePanels } from "./panels";

export function dailyBackupJob(spec: DailyBackupSpec, estate: Estate): LayerJob {
  const trigger = timerTrigger(spec.schedule, estate.zone);
  const run = runOf(spec, trigger, estate);
  const flows = flowsOf(spec, estate);
  const snapshots = snapshotsOf(spec, estate);
  const access = snapshots ? clusterAccess(clusterOf(snapshots, estate), estate) : [];
  return {
    name: dailyBackupJobName,
    runsOn: { kind: "host", name: spec.host },
    host: spec.host,
    trigger,
    ...run,
    flows,
    owned: spec.configuration ? [{ kind: "configuration", of: spec.host }] : [],
    deletes: deletionsOf(flows),
    journal: { kind: "writes", below: spec.target },
    metricsJob: dailyBackupJobName,
    metrics: spec.volumes ? [...dailyBackupMetrics, ...volumeMetrics] : dailyBackupMetrics,
    alerts: spec.volumes
      ? volumeAlerts(spec.host, run.judged, parseDuration(spec.volumes.contentPeriod))
      : [],
    panels: spec.volumes ? [...dailyPanels, ...volumePanels] : dailyPanels,
    ...timerOf({
      job: dailyBackupJobName,
      runner: dailyBackupJobName,
      description: `Copies of volumes and configuration to ${spec.target}`,
      trigger,
      timeoutMs: run.timeoutMs,
      mounts: [spec.target],
      background: true,
      // The host's configuration lies anywhere, such as in /root/.ssh; its disks and volume groups are asked what they are.
      // It takes the snapshot job's lock before it removes what that job has left.
      rights: {
        reads: ["/"],
        writes: [spec.target, ...(spec.volumes ? [stateFolder(spec.volumes.from)] : [])],
        ...{ files: "all", volumes: "mounted", parses: spec.sqlite !== undefined },
      },
      credentials: [...access, ...(spec.volumes?.luksSecrets ?? []).map(secretCredential)],
      config: configOf(spec, estate, trigger, run.budgetMs, access),
    }),
  };
}

function configOf(
  spec: DailyBackupSpec,
  estate: Estate,
  trigger: Trigger,
  budgetMs: number,
  access: readonly Credential[],
): DailyBackupConfig {
  const volumes = volumesOf(spec, estate, budgetMs);
  const paths = configurationPaths(spec.host, estate);
  return {
    job: dailyBackupJobName,
    ...runnerConfig(dailyBackupJobName, spec.host, budgetMs, estate),
    zone: trigger.zone,
    target: mountOf(estate, spec.host, spec.target),
    ...(volumes ? { volumes } : {}),
    ...(volumes && spec.sqlite ? { sqlite: generationPolicyOf(spec.sqlite.keep) } : {}),
    ...(spec.configuration && paths.length > 0
      ? { configuration: { ...generationPolicyOf(spec.configuration.keep), paths } }
      : {}),
    ...(spec.scrub ? { sumsDir: stateFolder(scrubJobName) } : {}),
    credentialsDir: credentialsFolder(dailyBackupJobName),
    ...(access.length > 0 ? { kubeconfig } : {}),
    volumesTextfile: textfile(`${dailyBackupJobName}-volumes`),
  };
}

function volumesOf(spec: DailyBackupSpec, estate: Estate, budgetMs: number): DailyBackupConfig["volumes"] {
  const snapshots = snapshotsOf(spec, estate);
  if (!spec.volumes || !snapshots) return undefined;
  const {
    from,
    excludeNamespaces,
    keep,
    more,
    luksSecrets,
    volumeBudget,
    contentPeriod,
    collapse,
    accepted,
  } = spec.volumes;
  return {
    vg: estate.hosts[spec.host]?.pools[snapshots.pool]?.vg ?? "",
    pool: snapshots.pool,
    pattern: snapshots.pattern,
    // What has no snapshots can't be copied from them: it would be reported each night.
    excludeNamespaces: [
      ...new Set([...snapshots.excludeNamespaces, ...excludeNamespaces].map(exclude => exclude.name)),
    ],
    snapshotJob: from,
    snapshots: {
      stateDir: stateFolder(from),
      keep: keepPolicyOf(retentionOf(snapshots.keep)),
      zone: snapshots.schedule.zone ?? estate.zone,
    },
    maxSnapshotAgeMs: maxSnapshotAgeMs(spec, estate),
    keep: generationPolicyOf(keep),
    more: more.map(further => ({ namespaces: further.namespaces, ...generationPolicyOf(further.keep) })),
    volumeBudgetMs: volumeBudget === undefined ? Math.floor(budgetMs / 3) : parseDuration(volumeBudget),
    contentPeriodMs: parseDuration(contentPeriod),
    collapse,
    accepted,
    luksKeys: luksSecrets,
  };
}
