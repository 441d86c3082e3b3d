import {
  type LvmPvcSnapshotConfig,
  lvmPvcSnapshotMetrics,
  snapshotMetricNames,
  unfinishedRestoreMetric,
  snapshotJobName,
} from "../../contracts/lvm-pvc-snapshot";
import { leastRecordsFreePercent } from "../../contracts/lvm-records";
import type { Estate } from "../../estate/schema";
import type { LayerJob, JobAlert, Machine, Trigger } from "../../job";
import { keepPolicyOf, retentionOf } from "../../retention";
import { blanks, phrase, type Step } from "../../way-back";
import { runOf, timerTrigger } from "../common";
import {
  clusterAccess,
  credentialsFolder,
  kubeconfig,
  timerOf,
  restoreAccess,
  restoreKubeconfig,
  runnerConfig,
  textfile,
} from "../host-runner";
import { poolLocation } from "../places";
import type { LvmPvcSnapshotSpec } from "./spec";
import { snapshotPanels } from "./panels";

/** The cluster whose claims the volumes are: the one that is named, or the only one there is. */
export function clusterOf(spec: LvmPvcSnapshotSpec, estate: Estate): string | undefined {
  const [only, ...others] = Object.keys(estate.clusters);
  return spec.cluster ?? (others.length === 0 ? only : undefined);
}

export function lvmPvcSnapshotJob(spec: LvmPvcSnapshotSpec, estate: Estate): LayerJob {
  const trigger = timerTrigger(spec.schedule, estate.zone);
  const run = runOf(spec, trigger, estate);
  const snapshots = poolLocation(estate, spec.host, spec.pool, "snapshots");
  const access = clusterAccess(clusterOf(spec, estate), estate);
  return {
    name: snapshotJobName,
    runsOn: snapshots.machine,
    host: spec.host,
    trigger,
    ...run,
    flows: [
      {
        source: {
          kind: "volumes",
          host: spec.host,
          pool: spec.pool,
          excludeNamespaces: spec.excludeNamespaces,
        },
        target: snapshots,
        retention: retentionOf(spec.keep),
        metadata: "kept",
        outOfHostsReach: false,
        verified: true,
        secrets: [],
        wayBack: { steps: [swapped(snapshots.machine, access.length > 0)], called: [blanks.claim] },
      },
    ],
    deletes: [{ location: snapshots, keeps: [], scope: "own-generations" }],
    removesEarly: removalsOf(spec),
    provedBy: "a volume that is put back to its snapshot",
    metricsJob: snapshotJobName,
    metrics: [...lvmPvcSnapshotMetrics, unfinishedRestoreMetric],
    alerts: [...poolAlerts(spec), recordsLow(spec, estate), restoreUnfinished(spec)],
    panels: snapshotPanels,
    ...timerOf({
      job: snapshotJobName,
      runner: snapshotJobName,
      description: `Snapshots of the volumes in pool ${spec.pool}`,
      trigger,
      timeoutMs: run.timeoutMs,
      mounts: [],
      // Seconds of work that people wait for: while a snapshot is made, its volume's writes stand still.
      background: false,
      rights: { reads: [], writes: [], files: "own", volumes: "changed", parses: false },
      credentials: [...access, ...restoreAccess(clusterOf(spec, estate), estate)],
      config: configOf(spec, trigger, estate, run.budgetMs),
    }),
  };
}

/** @param knowsClaims whether the host can ask which volume a claim has */
function swapped(where: Machine, knowsClaims: boolean): Step {
  const outcome = {
    changes: phrase`the volume of ${blanks.claim} has what its newest snapshot has, or the one that is named; it is kept as it was under a dated name, and its workload is down for that`,
    verifies: "it ends with 0, and its workload is ready again",
  };
  return knowsClaims
    ? {
        ...{ kind: "command", where, argv: [snapshotJobName, "restore", [blanks.claim]], ...outcome },
        undo: phrase`lvm-pvc-snapshot restore ${blanks.claim} --rollback`,
      }
    : {
        ...{ kind: "manual", where, ...outcome },
        text: phrase`lvm-pvc-snapshot list, which knows no claims here; then, with the volume that is ${blanks.claim}: lvm-pvc-snapshot restore VOLUME`,
        undo: "lvm-pvc-snapshot restore VOLUME --rollback",
      };
}

function configOf(
  spec: LvmPvcSnapshotSpec,
  trigger: Trigger,
  estate: Estate,
  budgetMs: number,
): LvmPvcSnapshotConfig {
  const access = clusterAccess(clusterOf(spec, estate), estate);
  return {
    job: snapshotJobName,
    ...runnerConfig(snapshotJobName, spec.host, budgetMs, estate),
    zone: trigger.zone,
    vg: volumeGroupOf(spec, estate),
    pool: spec.pool,
    pattern: spec.pattern,
    excludeNamespaces: spec.excludeNamespaces.map(exclude => exclude.name),
    keep: keepPolicyOf(retentionOf(spec.keep)),
    guard: spec.guard,
    credentialsDir: credentialsFolder(snapshotJobName),
    ...(access.length > 0 ? { kubeconfig, restoreKubeconfig } : {}),
    restoresTextfile: textfile(`${snapshotJobName}-restores`),
  };
}

/** What the pool and its metadata are called among the plan's stores. */
function removalsOf({
  host,
  pool,
  guard: { thinOut },
}: LvmPvcSnapshotSpec): NonNullable<LayerJob["removesEarly"]> {
  const store = `${host}/${pool}`;
  return [
    { store, fromPercent: thinOut.dataPercent, setting: "guard.thinOut.dataPercent" },
    {
      store: `${store} metadata`,
      fromPercent: thinOut.metadataPercent,
      setting: "guard.thinOut.metadataPercent",
    },
  ];
}

/** Longer than any restore takes that is still at work, each of whose waits is bounded. */
const longestRestoreMs = 3_600_000;

/** Its workload is scaled to nothing and its volume may have no name, while every other series looks healthy. */
function restoreUnfinished({ host }: LvmPvcSnapshotSpec): JobAlert {
  return {
    name: "LVMRestoreUnfinished",
    metric: unfinishedRestoreMetric.name,
    fires: { kind: "older", thanMs: longestRestoreMs },
    summary:
      "a restore of {{ $labels.volume }} from {{ $labels.snapshot }} on " +
      host +
      " began {{ $value | humanizeDuration }} ago and has not ended, its workload may be scaled to nothing: lvm-pvc-snapshot list says how to go on",
  };
}

/** Told where old snapshots begin to go before their time: still long before a guest's write fails. */
function poolAlerts({ host, pool, guard: { thinOut } }: LvmPvcSnapshotSpec): JobAlert[] {
  const low = (name: string, metric: string, of: string, percent: number): JobAlert => ({
    name,
    metric,
    fires: { kind: "below", than: 100 - percent },
    summary: `thin pool ${pool} of ${host} has {{ $value }} % of its ${of} free; below ${100 - percent} % old snapshots go before their time`,
  });
  const soon = (name: string, metric: string, of: string): JobAlert => ({
    name,
    metric,
    fires: { kind: "full-soon" },
    summary: `thin pool ${pool} of ${host} has no ${of} left within two weeks, if it goes on as in the last days: then each write of its guests fails`,
  });
  return [
    low("LVMThinPoolLow", snapshotMetricNames.poolFree, "space", thinOut.dataPercent),
    low("LVMThinPoolMetadataLow", snapshotMetricNames.metadataFree, "metadata", thinOut.metadataPercent),
    soon("LVMThinPoolFullSoon", snapshotMetricNames.poolFree, "space"),
    soon("LVMThinPoolMetadataFullSoon", snapshotMetricNames.metadataFree, "metadata"),
  ];
}

/** No graph of the pool shows it, and then no guest and no claim gets a volume; the check capacity/vg-metadata has the same floor. */
function recordsLow(spec: LvmPvcSnapshotSpec, estate: Estate): JobAlert {
  const vg = volumeGroupOf(spec, estate);
  return {
    name: "LVMVolumeGroupMetadataLow",
    metric: snapshotMetricNames.recordsFree,
    fires: { kind: "below", than: leastRecordsFreePercent },
    summary: `volume group ${vg} of ${spec.host} has {{ $value }} % free of the place in which LVM records its volumes; when it is full, LVM makes no volume any more, whatever space the pool has`,
  };
}

function volumeGroupOf({ host, pool }: LvmPvcSnapshotSpec, estate: Estate): string {
  return estate.hosts[host]?.pools[pool]?.vg ?? "";
}
