import { isAhead } from "../runtime/clock";
import { Refusal } from "../runtime/errors";
import { type Claim, type KnownVolumes, volumeMap } from "../runtime/kubernetes/volume-map";
import { absenceOf, type MissingVolume, readCovered, writeCovered } from "../runtime/lvm/covered";
import { readForgotten } from "../runtime/lvm/forgotten";
import { listVolumes, type LogicalVolume } from "../runtime/lvm/listing";
import {
  goOnText,
  lookForRestores,
  unfinishedText,
  type UnfinishedRestores,
} from "../runtime/lvm/restore-record";
import { globMatcher, liveVolumes, type OwnSnapshot, ownSnapshots } from "../runtime/lvm/snapshots";
import type { Phase } from "../runtime/phases";
import { shell } from "../runtime/shell";
import { refuseUnaccepted } from "./acceptable";
import { type DailyBackup, nameOf, type VolumeTask } from "./daily-backup";
import { forget, readRecords, type VolumeRecord } from "./record";
import { readRestores, restoreFault } from "./volume-restores";

/** Which volumes there are, whose they are, and the newest snapshot of each. */
export const discover: Phase<DailyBackup> = {
  name: "discover",
  async run(run) {
    const { config, stop, log, notes, dryRun } = run;
    const { volumes } = config;
    if (!volumes) {
      refuseUnaccepted(run, []);
      run.tasks = [];
      return;
    }
    const unfinished = lookForRestores(volumes.snapshots.stateDir);
    for (const record of unfinished.restores)
      notes.push(`${unfinishedText(record)}. Next: ${goOnText(record)}`);
    run.unfinished = unfinished;
    const listed = await listVolumes(volumes.vg, stop.signal);
    run.listed = listed;
    const live = liveVolumes(listed, volumes.pool, volumes.pattern);
    const known = await volumeMap(config, stop.signal, log, notes);
    const { map } = known;
    const records = readRecords(config.stateDir);
    const excluded = new Set(volumes.excludeNamespaces);
    const covered = live.filter(({ name }) => !excluded.has(map.get(name)?.namespace ?? ""));
    const missing = missingVolumes(run, listed, known, records, unfinished);
    if (live.length === 0 && missing.length === 0)
      throw new Refusal(
        `no volume of pool ${volumes.vg}/${volumes.pool} matches "${volumes.pattern}"`,
        shell`lvs ${volumes.vg}   (then correct the pattern in the estate)`,
      );
    const tasks = tasksOf(covered, missing, map, ownSnapshots(listed), records, notes);
    refuseUnaccepted(run, tasks);
    if (!dryRun) {
      writeCovered(config.stateDir, new Map(tasks.map(({ volume, claim }) => [volume, claim])));
      forgetGone(config.stateDir, records, listed, missing);
    }
    run.tasks = tasks;
    judgeSnapshots(run, tasks);
    if (dryRun)
      for (const task of run.tasks)
        if (!task.claim?.isBlock) log.info(`would copy ${nameOf(task)} if it changed: ${stateOf(task)}`);
    log.info(
      `${covered.length} volumes to copy, ${live.length - covered.length} in excluded namespaces, ${run.outcomes.size} without a good snapshot`,
    );
    leaveBlockVolumes(run, run.tasks);
  },
};

/** Volumes that were covered, and that are neither there nor said to be gone. */
function missingVolumes(
  { config, log, notes }: DailyBackup,
  listed: readonly LogicalVolume[],
  { map, isCurrent }: KnownVolumes,
  records: ReadonlyMap<string, VolumeRecord>,
  { restores }: UnfinishedRestores,
): readonly MissingVolume[] {
  const { volumes, stateDir } = config;
  if (!volumes) return [];
  const { vg, pool, pattern, excludeNamespaces, snapshots } = volumes;
  const matches = globMatcher(pattern);
  const excluded = new Set(excludeNamespaces);
  const { missing, gone } = absenceOf({
    ...{ vg, snapshots: ownSnapshots(listed), map, isCurrent, restores },
    covered: new Map([...claimsOf(records), ...readCovered(stateDir)]),
    live: new Set(liveVolumes(listed, pool, pattern).map(({ name }) => name)),
    forgotten: new Set(readForgotten(snapshots.stateDir).keys()),
    isCovered: (volume, claim) => matches(volume) && !excluded.has(claim?.namespace ?? ""),
  });
  for (const { volume, reason, next } of missing) log.warn(`${volume}: ${reason}. Next: ${next}`);
  if (gone.length > 0)
    notes.push(`these volumes are gone, as they are meant to be; their copies stay: ${gone.join(", ")}`);
  return missing;
}

/** Volumes that have copies were covered, whatever an earlier version kept of it. */
function claimsOf(records: ReadonlyMap<string, VolumeRecord>): [string, Claim | undefined][] {
  return [...records].map(([volume, { namespace, claim }]) => [
    volume,
    claim === "" ? undefined : { namespace, name: claim },
  ]);
}

function tasksOf(
  covered: readonly LogicalVolume[],
  missing: readonly MissingVolume[],
  map: ReadonlyMap<string, Claim>,
  snapshots: ReadonlyMap<string, readonly OwnSnapshot[]>,
  records: ReadonlyMap<string, VolumeRecord>,
  notes: string[],
): VolumeTask[] {
  const taken = new Set<string>();
  // A claim that was made anew may have left its former volume: the later one has the claim's folder. Not one that the
  // cluster calls released, though a restore from a snapshot has made it the latest by the pool's count.
  const isReleased = ({ name }: LogicalVolume): number => Number(map.get(name)?.isReleased ?? false);
  const latestFirst = [...covered].sort(
    (a, b) => isReleased(a) - isReleased(b) || (b.thinId ?? 0) - (a.thinId ?? 0),
  );
  const absent = new Map(missing.map(volume => [volume.volume, volume]));
  return [...latestFirst.map(({ name }) => name), ...absent.keys()].map(name => {
    const lost = absent.get(name);
    const claim = map.get(name) ?? lost?.claim;
    const wanted = claim && `${claim.namespace}/${claim.name}`;
    const shared = wanted !== undefined && taken.has(wanted);
    if (shared) notes.push(`${wanted} has more than one volume: ${name} is copied to unknown/${name}`);
    const path = wanted === undefined || shared ? `unknown/${name}` : wanted;
    taken.add(path);
    const record = records.get(name);
    return {
      volume: name,
      ...(claim && !shared && { claim }),
      path,
      snapshot: snapshots.get(name)?.at(-1),
      record: record?.path === path ? record : undefined,
      ...(lost && { missing: lost }),
    };
  });
}

/**
 * A volume without a recent snapshot fails: an old one would be a copy of a state that nobody was promised, reported as
 * last night's. The job to look at is the one that makes snapshots. Nor is one of a time copied at which a restore had not ended.
 */
function judgeSnapshots(run: DailyBackup, tasks: readonly VolumeTask[]): void {
  const restores = readRestores(run.config.stateDir);
  for (const task of tasks) {
    const { volume, snapshot, missing } = task;
    const fault = faultOf(run, snapshot) ?? restoreFault(run, task, restores.get(volume), run.listed ?? []);
    if (fault === undefined) continue;
    const { reason, next } = missing ?? fault;
    run.outcomes.set(volume, { kind: "failed", reason, next });
  }
}

interface Fault {
  readonly reason: string;
  readonly next: string;
}

function faultOf(
  { config: { volumes }, startedAt }: DailyBackup,
  snapshot: OwnSnapshot | undefined,
): Fault | undefined {
  if (!volumes) return undefined;
  const { snapshotJob: job, maxSnapshotAgeMs } = volumes;
  const next = shell`systemctl status ${job}; journalctl -u ${job} -n 50`;
  if (!snapshot) return { reason: `${job} has made no snapshot of it`, next };
  const nowMs = startedAt.getTime();
  if (isAhead(snapshot.madeMs, nowMs))
    return {
      reason: `its newest snapshot is of a day that hasn't come (${snapshot.volume.name}): nobody knows how old it is`,
      next: shell`timedatectl   (set it right, then: systemctl start ${job})`,
    };
  const ageMs = nowMs - snapshot.madeMs;
  if (ageMs <= maxSnapshotAgeMs) return undefined;
  return {
    reason: `its newest snapshot is ${hours(ageMs)} old, more than ${hours(maxSnapshotAgeMs)}: ${job} is what failed`,
    next,
  };
}

/**
 * A raw block volume holds what its pods put there, and nothing says that it is a file system: what looks like one was not
 * made by the cluster, and is neither checked nor mounted here. Its snapshots are its copies.
 */
function leaveBlockVolumes({ outcomes, notes }: DailyBackup, tasks: readonly VolumeTask[]): void {
  const left = tasks.filter(({ claim, volume }) => claim?.isBlock && !outcomes.has(volume));
  for (const { volume } of left) outcomes.set(volume, { kind: "snapshots-only" });
  if (left.length > 0)
    notes.push(
      `raw block volumes (volumeMode: Block) are not opened, snapshots are all that is kept of them: ${left.map(nameOf).join(", ")}`,
    );
}

function forgetGone(
  stateDir: string,
  records: ReadonlyMap<string, VolumeRecord>,
  listed: readonly LogicalVolume[],
  missing: readonly MissingVolume[],
): void {
  const there = new Set([...listed.map(({ name }) => name), ...missing.map(({ volume }) => volume)]);
  for (const volume of records.keys()) if (!there.has(volume)) forget(stateDir, volume);
}

function hours(ms: number): string {
  return `${(ms / 3_600_000).toFixed(1)} h`;
}

/** For a dry run. */
function stateOf({ snapshot, record }: VolumeTask): string {
  const last = record?.successMs
    ? `last copied at ${new Date(record.successMs).toISOString()}`
    : "never copied";
  return `${last}, newest snapshot ${snapshot?.volume.name ?? "none"}`;
}
