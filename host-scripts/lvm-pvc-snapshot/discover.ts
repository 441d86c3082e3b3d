import { Refusal } from "../runtime/errors";
import { type Claim, type KnownVolumes, type VolumeMap, volumeMap } from "../runtime/kubernetes/volume-map";
import { LvmFailed } from "../runtime/lvm/command";
import { type MissingVolume, writeCovered } from "../runtime/lvm/covered";
import { readForgotten, writeForgotten } from "../runtime/lvm/forgotten";
import { listVolumes, type LogicalVolume } from "../runtime/lvm/listing";
import {
  goOnText,
  lookForRestores,
  unfinishedText,
  type UnfinishedRestores,
} from "../runtime/lvm/restore-record";
import { liveVolumes } from "../runtime/lvm/snapshots";
import type { Phase } from "../runtime/phases";
import { shell } from "../runtime/shell";
import { lookForMissing } from "./absence";
import type { SnapshotRun } from "./context";

/** One listing of the volume group, and whose volumes they are. Refuses when there is nothing to protect. Reads only. */
export const discover: Phase<SnapshotRun> = {
  name: "discover",
  async run(run) {
    const { config, stop, log, notes } = run;
    const unfinished = lookForRestores(config.stateDir);
    for (const record of unfinished.restores)
      notes.push(`${unfinishedText(record)}. Next: ${goOnText(record)}`);
    const volumes = await listGroup(config.vg, stop.signal);
    notePool(run, volumes);
    const matching = matchingVolumes(run, volumes);
    const known = await volumeMap(config, stop.signal, log, notes);
    const { map } = known;
    const excluded = new Set(config.excludeNamespaces);
    const covered = matching.filter(({ name }) => !excluded.has(map.get(name)?.namespace ?? ""));
    const missing = missingVolumes(run, volumes, known, unfinished);
    if (matching.length === 0 && missing.length === 0) throw noneMatches(config, volumes);
    if (covered.length === 0 && missing.length === 0)
      throw new Refusal(
        `all ${matching.length} volumes that match "${config.pattern}" are in excluded namespaces (${config.excludeNamespaces.join(", ")})`,
        "kubectl get persistentvolumes   (then correct excludeNamespaces or pattern in the estate)",
      );
    const unknown = covered.filter(({ name }) => !map.has(name));
    if (map.size > 0 && unknown.length > 0)
      notes.push(`${unknown.length} volumes belong to no claim and are covered: ${firstNames(unknown)}`);
    if (!run.dryRun) keepCovered(config.stateDir, covered, missing, map);
    run.found = { volumes, map, covered, missing, unfinished };
    log.info(
      `${covered.length} volumes to protect, ${matching.length - covered.length} in excluded namespaces`,
    );
  },
};

/** Volumes that were covered and are not there. */
function missingVolumes(
  run: SnapshotRun,
  volumes: readonly LogicalVolume[],
  known: KnownVolumes,
  { restores }: UnfinishedRestores,
): readonly MissingVolume[] {
  const { config, log, notes } = run;
  const { missing, gone } = lookForMissing(config, volumes, known, restores);
  for (const { volume, reason, next } of missing) log.warn(`${volume}: ${reason}. Next: ${next}`);
  if (gone.length > 0)
    notes.push(
      `${gone.length} volumes are gone, as they are meant to be; their last snapshots are kept for a while: ${firstNames(gone.map(name => ({ name })))}`,
    );
  return missing;
}

/** What is covered from now on is known on disk. */
function keepCovered(
  stateDir: string,
  covered: readonly LogicalVolume[],
  missing: readonly MissingVolume[],
  map: VolumeMap,
): void {
  writeCovered(
    stateDir,
    new Map([
      ...missing.map(({ volume, claim }): [string, Claim | undefined] => [volume, claim]),
      ...covered.map(({ name }): [string, Claim | undefined] => [name, map.get(name)]),
    ]),
  );
  rememberBack(stateDir, new Set(covered.map(({ name }) => name)));
}

/** A volume that is there again counts as any other, whatever was said of the one before. */
function rememberBack(stateDir: string, there: ReadonlySet<string>): void {
  const forgotten = readForgotten(stateDir);
  const back = [...forgotten.keys()].filter(volume => there.has(volume));
  for (const volume of back) forgotten.delete(volume);
  if (back.length > 0) writeForgotten(stateDir, forgotten);
}

/** A run that is refused tells how full the pool is, too. */
function notePool(run: SnapshotRun, volumes: readonly LogicalVolume[]): void {
  const { dataPercent, metadataPercent, transactionId } =
    volumes.find(({ name }) => name === run.config.pool) ?? {};
  if (dataPercent === undefined || metadataPercent === undefined || transactionId === undefined) return;
  run.poolStatus = { dataPercent, metadataPercent, transactionId, fault: undefined };
}

/** @throws {Refusal} when there is no such volume group */
async function listGroup(vg: string, stop: AbortSignal): Promise<LogicalVolume[]> {
  try {
    return await listVolumes(vg, stop);
  } catch (error) {
    if (!(error instanceof LvmFailed) || !/volume group .*not found/i.test(error.reason)) throw error;
    throw new Refusal(`there is no volume group "${vg}"`, "vgs; vgscan");
  }
}

/** @throws {Refusal} when the pool is missing */
function matchingVolumes({ config }: SnapshotRun, volumes: readonly LogicalVolume[]): LogicalVolume[] {
  const { vg, pool, pattern } = config;
  const found = volumes.find(({ name }) => name === pool);
  if (found === undefined)
    throw new Refusal(`there is no pool "${pool}" in volume group "${vg}"`, shell`lvs -a ${vg}`);
  if (found.transactionId === undefined)
    throw new Refusal(`${vg}/${pool} is no thin pool`, shell`lvs -o name,segtype ${vg}`);
  return liveVolumes(volumes, pool, pattern);
}

/** A slip in the pattern must not be a silent success. */
function noneMatches(
  { vg, pool, pattern }: SnapshotRun["config"],
  volumes: readonly LogicalVolume[],
): Refusal {
  const others = volumes.filter(volume => volume.pool === pool);
  return new Refusal(
    `no volume of pool ${vg}/${pool} matches "${pattern}"; it has ${others.length} volumes${others.length > 0 ? `, such as ${firstNames(others)}` : ""}`,
    shell`lvs ${vg}   (then correct the pattern in the estate)`,
  );
}

/** The first few names, for a message. */
export function firstNames(things: readonly { readonly name: string }[], most = 3): string {
  const names = things.slice(0, most).map(({ name }) => name);
  return things.length > most ? `${names.join(", ")} and ${things.length - most} more` : names.join(", ");
}
