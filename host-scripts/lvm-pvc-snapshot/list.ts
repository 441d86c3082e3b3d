import type { LvmPvcSnapshotConfig } from "../../plan/contracts/lvm-pvc-snapshot";
import type { Version } from "../../plan/contracts/versions";
import { Refusal } from "../runtime/errors";
import type { Log } from "../runtime/log";
import { volumeMap } from "../runtime/kubernetes/volume-map";
import { listVolumes, type LogicalVolume } from "../runtime/lvm/listing";
import { type MissingVolume, readCovered } from "../runtime/lvm/covered";
import { goOnText, lookForRestores, type RestoreRecord, unfinishedText } from "../runtime/lvm/restore-record";
import { beforeRestores, keptOf, keptOrigins, liveVolumes, ownSnapshots } from "../runtime/lvm/snapshots";
import { printable } from "../runtime/quoted";
import { shell } from "../runtime/shell";
import { within } from "../runtime/within";
import { lookForMissing } from "./absence";
import { ageText } from "./prune";

/** A cluster that doesn't answer at once isn't waited for: somebody is waiting for the list. */
const clusterMs = 5000;

/** A volume and what there is of it. */
export interface ListedVolume {
  readonly volume: string;
  readonly namespace?: string;
  readonly claim?: string;
  /** `false`: the volume is gone, its snapshots are what is left. */
  readonly exists: boolean;
  /** What is wrong with it, and what to type next. */
  readonly attention?: Attention | undefined;
  readonly sizeBytes?: number;
  readonly dataPercent?: number;
  /** The newest first. */
  readonly snapshots: readonly ListedSnapshot[];
  /** Volumes that restores of this one have put aside: they take room of the pool until somebody removes them. */
  readonly kept: readonly KeptVolume[];
}

export interface KeptVolume {
  readonly name: string;
  readonly sizeBytes: number;
  readonly dataPercent?: number;
  /** What removes it; none while the restore has not ended. */
  readonly remove?: string;
}

/** Why somebody has to do something about a volume. */
export interface Attention {
  readonly reason: string;
  readonly next: string;
}

export interface ListedSnapshot {
  readonly name: string;
  /** ISO 8601, UTC; absent for a snapshot that isn't ours. */
  readonly made?: string;
  readonly sizeBytes: number;
  /** How much of it is written to; LVM knows it of active volumes only. */
  readonly dataPercent?: number;
  readonly open: boolean;
  /** Made by this job; any other is never removed by it, but for one that a restore made before it. */
  readonly ours: boolean;
  /** Of one that a restore made before it: when it goes, ISO 8601, UTC. */
  readonly until?: string;
}

export interface ListRequest {
  /** Name of a volume, or "NAMESPACE/CLAIM"; all of them unless given. */
  readonly only?: string;
  /** Each snapshot as a version, in the place of all else. */
  readonly versions?: boolean;
  readonly json: boolean;
}

/**
 * Prints each volume's snapshots. Changes nothing and takes no lock.
 * @throws {Refusal} when there is nothing of the one that was asked for
 */
export async function list(
  config: LvmPvcSnapshotConfig,
  { only, versions = false, json }: ListRequest,
  log: Log,
  stop: AbortSignal,
): Promise<void> {
  const notes: string[] = [];
  const soon = within(stop, clusterMs);
  const { restores, fault } = lookForRestores(config.stateDir);
  if (fault) log.warn(`${fault.failed}. Next: ${fault.next}`);
  const volumes = await listVolumes(config.vg, stop);
  const known = await volumeMap(config, soon, log, notes);
  const { missing } = lookForMissing(config, volumes, known, restores);
  const covered = readCovered(config.stateDir);
  const all = listed(config, volumes, missing, restores).map(row => {
    // Of a volume that is gone the cluster may know nothing any more.
    const claim = known.map.get(row.volume) ?? covered.get(row.volume);
    return claim ? { ...row, namespace: claim.namespace, claim: claim.name } : row;
  });
  if (versions) {
    const nobodys = all.filter(({ claim, snapshots }) => claim === undefined && snapshots.length > 0);
    const unseen = `of ${nobodys.length} volumes it isn't known whose they are, first ${nobodys[0]?.volume}. Next: lvm-pvc-snapshot list`;
    log.result({
      ...{ job: config.job, status: 0, versions: all.flatMap(versionsOf) },
      // Of one that the cluster itself knows no claim of, nobody can ask.
      ...(nobodys.length > 0 && !known.isCurrent && { unseen }),
    });
    return;
  }
  const rows = only === undefined ? all : all.filter(row => isCalled(row, only));
  if (only !== undefined && rows.length === 0)
    throw new Refusal(
      `there is no volume ${only}, nor a snapshot of one, and no claim of that name is known here`,
      "lvm-pvc-snapshot list",
    );
  const pool = volumes.find(({ name }) => name === config.pool);
  const usage = { dataPercent: pool?.dataPercent, metadataPercent: pool?.metadataPercent };
  if (json)
    log.result({
      job: config.job,
      status: 0,
      pool: `${config.vg}/${config.pool}`,
      ...usage,
      volumes: rows,
      notes,
    });
  else {
    const restore = only === undefined ? "" : restoreText(rows);
    process.stdout.write(
      printable(`${textOf(rows, Date.now())}\n${restore}${footer(config, rows, usage)}\n`),
    );
  }
}

/** Those that a restore takes. What nobody knows the claim of is called as its volume is. */
function versionsOf({ volume, namespace, claim, snapshots, attention }: ListedVolume): Version[] {
  return snapshots
    .filter(({ made }) => made !== undefined)
    .map(({ name, made, until }) => ({
      of: claim === undefined ? volume : `${namespace}/${claim}`,
      ...(made !== undefined && { at: made }),
      lacks: [
        ...(until === undefined ? [] : [`made before a restore, goes after ${until.slice(0, 10)}`]),
        ...(attention ? [`${attention.reason}. Next: ${attention.next}`] : []),
      ],
      pick: [name],
    }));
}

function isCalled({ volume, namespace, claim }: ListedVolume, text: string): boolean {
  return volume === text || (claim !== undefined && `${namespace}/${claim}` === text);
}

/** What to type next of a volume whose newest snapshot can be restored. */
function restoreText(rows: readonly ListedVolume[]): string {
  return rows
    .map(({ volume, exists, attention, snapshots }) => {
      const newest = snapshots.find(({ ours }) => ours);
      if (!exists || attention || !newest) return "";
      const command = shell`lvm-pvc-snapshot restore ${volume} ${newest.name}`;
      return `\nTo restore the newest (or another one of these): ${command}\n`;
    })
    .join("");
}

/** @returns volumes that match, and those that only snapshots are left of, or that are missing; excluded ones are among them */
export function listed(
  { vg, pool, pattern }: Pick<LvmPvcSnapshotConfig, "vg" | "pool" | "pattern">,
  volumes: readonly LogicalVolume[],
  missing: readonly MissingVolume[],
  restores: readonly RestoreRecord[],
): ListedVolume[] {
  const own = ownSnapshots(volumes);
  const live = liveVolumes(volumes, pool, pattern);
  const names = new Set(live.map(({ name }) => name));
  const unfinished = new Set(restores.map(({ volume }) => volume));
  const kept = (origin: string): KeptVolume[] =>
    keptOf(volumes, origin).map(volume => ({
      ...{ name: volume.name, sizeBytes: volume.sizeBytes, ...percentOf(volume) },
      ...(unfinished.has(origin) ? {} : { remove: shell`lvremove ${`${vg}/${volume.name}`}` }),
    }));
  const ofLive = live.map((volume): ListedVolume => ({
    volume: volume.name,
    exists: true,
    sizeBytes: volume.sizeBytes,
    ...percentOf(volume),
    snapshots: [
      ...ownOf(own.get(volume.name) ?? []),
      ...beforeOf(volumes, volume.name),
      ...volumes
        .filter(
          ({ origin, tags }) => origin === volume.name && !tags.some(tag => tag.startsWith("holdfast.")),
        )
        .filter(({ name }) => !names.has(name))
        .map(foreign => ({ ...snapshotOf(foreign), ours: false })),
    ],
    kept: kept(volume.name),
  }));
  const known = [...own.keys(), ...keptOrigins(volumes), ...missing.map(({ volume }) => volume)];
  const gone = new Set(known.filter(it => !names.has(it)));
  const ofGone = [...gone].map((volume): ListedVolume => ({
    ...{ volume, exists: false },
    snapshots: [...ownOf(own.get(volume) ?? []), ...beforeOf(volumes, volume)],
    kept: kept(volume),
  }));
  const attention = new Map<string, Attention>([
    ...missing.map(({ volume, reason, next }): [string, Attention] => [volume, { reason, next }]),
    ...restores.map((record): [string, Attention] => [
      record.volume,
      { reason: unfinishedText(record), next: goOnText(record) },
    ]),
  ]);
  return [...ofLive, ...ofGone]
    .map(row => ({ ...row, ...(attention.has(row.volume) && { attention: attention.get(row.volume) }) }))
    .sort((a, b) => (a.volume < b.volume ? -1 : 1));
}

function ownOf(snapshots: readonly { volume: LogicalVolume; madeMs: number }[]): ListedSnapshot[] {
  return [...snapshots].reverse().map(({ volume, madeMs }) => ({
    ...snapshotOf(volume),
    made: new Date(madeMs).toISOString(),
    ours: true,
  }));
}

function beforeOf(volumes: readonly LogicalVolume[], of: string): ListedSnapshot[] {
  return beforeRestores(volumes)
    .filter(({ origin }) => origin === of)
    .reverse()
    .map(({ volume, madeMs, untilMs }) => ({
      ...snapshotOf(volume),
      made: new Date(madeMs).toISOString(),
      ...{ ours: false, until: new Date(untilMs).toISOString() },
    }));
}

function snapshotOf(volume: LogicalVolume): Omit<ListedSnapshot, "ours"> {
  return { name: volume.name, sizeBytes: volume.sizeBytes, ...percentOf(volume), open: volume.open };
}

function percentOf({ dataPercent }: LogicalVolume): { dataPercent?: number } {
  return dataPercent === undefined ? {} : { dataPercent };
}

/** For a person: a volume a paragraph, its newest snapshot on top. */
export function textOf(rows: readonly ListedVolume[], nowMs: number): string {
  return rows
    .map(row =>
      [heading(row), ...row.snapshots.map(each => line(each, nowMs)), ...row.kept.map(keptLine)].join("\n"),
    )
    .join("\n\n");
}

function heading({
  volume,
  namespace,
  claim,
  exists,
  attention,
  sizeBytes = 0,
  dataPercent,
  snapshots,
}: ListedVolume): string {
  const whose = claim === undefined ? "claim unknown" : `${namespace}/${claim}`;
  const state = exists ? sizeText(sizeBytes) + usedText(dataPercent) : "the volume is gone";
  const told = attention ? `\n  ${attention.reason}\n  Next: ${attention.next}` : "";
  return `${whose}   ${volume}   ${state}${told}${snapshots.length === 0 ? "\n  no snapshot" : ""}`;
}

function line(
  { name, made, sizeBytes, dataPercent, open, ours, until }: ListedSnapshot,
  nowMs: number,
): string {
  const when = made === undefined ? "" : `${made.slice(0, 19).replace("T", " ")} UTC  `;
  const age = made === undefined ? "" : `${ageText(nowMs - Date.parse(made)).padStart(6)} old  `;
  const whose =
    until === undefined ? "not ours, left alone" : `made before a restore, goes after ${until.slice(0, 10)}`;
  const words = [...(open ? ["open"] : []), ...(ours ? [] : [whose])];
  return `  ${name}  ${when}${age}${sizeText(sizeBytes)}${usedText(dataPercent)}${words.map(word => `  ${word}`).join("")}`;
}

function keptLine({ name, sizeBytes, dataPercent, remove }: KeptVolume): string {
  const how = remove === undefined ? "a restore that has not ended needs it" : `to remove it: ${remove}`;
  return `  ${name}  ${sizeText(sizeBytes)}${usedText(dataPercent)}  kept by a restore; ${how}`;
}

function footer(
  { vg, pool }: LvmPvcSnapshotConfig,
  rows: readonly ListedVolume[],
  usage: { dataPercent: number | undefined; metadataPercent: number | undefined },
): string {
  const count = rows.reduce((sum, { snapshots }) => sum + snapshots.filter(({ ours }) => ours).length, 0);
  const used = `${usage.dataPercent ?? "?"} % of data and ${usage.metadataPercent ?? "?"} % of metadata in use`;
  return `\n${count} snapshots of ${rows.length} volumes; pool ${vg}/${pool}: ${used}`;
}

function usedText(percent: number | undefined): string {
  return percent === undefined ? "" : `, ${percent.toFixed(0)} % used`;
}

const mib = 2 ** 20;

function sizeText(bytes: number): string {
  return bytes >= 1024 * mib ? `${(bytes / (1024 * mib)).toFixed(1)} GiB` : `${(bytes / mib).toFixed(0)} MiB`;
}
