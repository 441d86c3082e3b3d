import { Refusal } from "../runtime/errors";
import { type Claim, volumeMap } from "../runtime/kubernetes/volume-map";
import { listVolumes, type LogicalVolume } from "../runtime/lvm/listing";
import { liveVolumes, type OwnSnapshot, ownSnapshots } from "../runtime/lvm/snapshots";
import type { Phase } from "../runtime/phases";
import { quoted } from "../runtime/quoted";
import { type DailyBackup, nameOf, type VolumeTask } from "./daily-backup";
import { forget, readRecords, type VolumeRecord } from "./record";

/** Which volumes there are, whose they are, and the newest snapshot of each. Who has waited longest comes first. */
export const discover: Phase<DailyBackup> = {
  name: "discover",
  async run(run) {
    const { config, stop, log, notes, dryRun } = run;
    const { volumes } = config;
    if (!volumes) {
      run.tasks = [];
      return;
    }
    const listed = await listVolumes(volumes.vg, stop.signal);
    run.listed = listed;
    const live = liveVolumes(listed, volumes.pool, volumes.pattern);
    if (live.length === 0)
      throw new Refusal(
        `no volume of pool ${volumes.vg}/${volumes.pool} matches "${volumes.pattern}"`,
        `lvs ${volumes.vg}   (then correct the pattern in the estate)`,
      );
    const map = await volumeMap(config, stop.signal, log, notes);
    const records = readRecords(config.stateDir);
    if (!dryRun) forgetGone(config.stateDir, records, listed);
    const excluded = new Set(volumes.excludeNamespaces);
    const covered = live.filter(({ name }) => !excluded.has(map.get(name)?.namespace ?? ""));
    const tasks = tasksOf(covered, map, ownSnapshots(listed), records, notes);
    refuseUnknown(run, tasks);
    run.tasks = tasks.sort((a, b) => (a.record?.successMs ?? 0) - (b.record?.successMs ?? 0));
    judgeSnapshots(run, run.tasks);
    if (dryRun)
      for (const task of run.tasks) log.info(`would copy ${nameOf(task)} if it changed: ${stateOf(task)}`);
    log.info(
      `${covered.length} volumes to copy, ${live.length - covered.length} in excluded namespaces, ${run.outcomes.size} without a good snapshot`,
    );
  },
};

function refuseUnknown({ accepted, config }: DailyBackup, tasks: readonly VolumeTask[]): void {
  const names = new Set(tasks.map(nameOf));
  const unknown = [...accepted].find(name => !names.has(name));
  if (unknown !== undefined)
    throw new Refusal(
      `--accept ${quoted(unknown)} names no volume that is copied`,
      `${config.job} --dry-run   (it names each as NAMESPACE/CLAIM)`,
    );
}

function tasksOf(
  covered: readonly LogicalVolume[],
  map: ReadonlyMap<string, Claim>,
  snapshots: ReadonlyMap<string, readonly OwnSnapshot[]>,
  records: ReadonlyMap<string, VolumeRecord>,
  notes: string[],
): VolumeTask[] {
  const taken = new Set<string>();
  // A claim that was made anew may have left its former volume: the later one has the claim's folder.
  const latestFirst = [...covered].sort((a, b) => (b.thinId ?? 0) - (a.thinId ?? 0));
  return latestFirst.map(({ name }) => {
    const claim = map.get(name);
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
    };
  });
}

/**
 * A volume without a recent snapshot fails: an old one would be a copy of a state that nobody was promised, reported as
 * last night's. The job to look at is the one that makes snapshots.
 */
function judgeSnapshots(run: DailyBackup, tasks: readonly VolumeTask[]): void {
  const { volumes } = run.config;
  if (!volumes) return;
  const next = `systemctl status ${volumes.snapshotJob}; journalctl -u ${volumes.snapshotJob} -n 50`;
  const nowMs = run.startedAt.getTime();
  for (const { volume, snapshot } of tasks) {
    const ageMs = snapshot && nowMs - snapshot.madeMs;
    const reason =
      ageMs === undefined
        ? `${volumes.snapshotJob} has made no snapshot of it`
        : ageMs > volumes.maxSnapshotAgeMs
          ? `its newest snapshot is ${hours(ageMs)} old, more than ${hours(volumes.maxSnapshotAgeMs)}: ${volumes.snapshotJob} is what failed`
          : undefined;
    if (reason !== undefined) run.outcomes.set(volume, { kind: "failed", reason, next });
  }
}

function forgetGone(
  stateDir: string,
  records: ReadonlyMap<string, VolumeRecord>,
  listed: readonly LogicalVolume[],
): void {
  const there = new Set(listed.map(({ name }) => name));
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
