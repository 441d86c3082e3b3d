import type { LogicalVolume } from "../../runtime/lvm/listing";
import { keptTag } from "../../runtime/lvm/snapshots";
import { asideName, keptName, type RestoreRecord } from "../../runtime/lvm/restore-record";

/** The volumes of a restore, found in a listing whatever their names are by now. */
export interface Places {
  readonly old: LogicalVolume | undefined;
  readonly snapshot: LogicalVolume | undefined;
  /** The restored volume: in the old one's place, or taken away again. */
  readonly fresh: LogicalVolume | undefined;
  /** A volume in the old one's place that is neither: somebody else made it. */
  readonly stranger: LogicalVolume | undefined;
}

/** A command of LVM, and what it is for. */
export interface Act {
  readonly argv: readonly [string, ...string[]];
  readonly why: string;
}

const originTag = (volume: string): string => `holdfast.origin=${volume}`;

export function placesOf(record: RestoreRecord, volumes: readonly LogicalVolume[]): Places {
  const { volume, freshUuid } = record;
  const old = volumes.find(({ uuid }) => uuid === record.old.uuid);
  const snapshot = volumes.find(({ uuid }) => uuid === record.snapshot.uuid);
  const there = volumes.find(({ name }) => name === volume);
  const mayBeFresh = there && there !== old && there.origin !== "" && there.origin === snapshot?.name;
  const fresh =
    volumes.find(({ uuid }) => uuid === freshUuid) ??
    (mayBeFresh ? there : volumes.find(({ name }) => name === asideName(record)));
  return {
    old,
    snapshot,
    fresh,
    stranger: there === old || there === fresh ? undefined : there,
  };
}

/** Whether the restored volume is where the old one was. */
export function isSwapped(record: RestoreRecord, { fresh }: Places): boolean {
  return fresh?.name === record.volume;
}

/** What keeps the old volume under a name of its own; nothing when that is done. Tags first: under its new name it never looks like a live volume. */
export function keepActs(vg: string, record: RestoreRecord, { old }: Places): Act[] {
  if (old?.name !== record.volume) return [];
  const kept = keptName(record);
  return [
    ...tagActs(vg, record, old),
    { argv: ["lvrename", "-qq", vg, record.volume, kept], why: `keeps the volume as it is now, as ${kept}` },
  ];
}

/** What puts a writable snapshot of the snapshot in the old volume's place; nothing when that is done. */
export function putActs(vg: string, record: RestoreRecord, places: Places): Act[] {
  const { volume, old, snapshot } = record;
  const fresh = isSwapped(record, places) ? places.fresh : undefined;
  const tags = old.tags.filter(tag => !tag.startsWith("holdfast.")).flatMap(tag => ["--addtag", tag]);
  const create: Act = {
    argv: [
      ...(["lvcreate", "-qq", "--snapshot", "--setactivationskip", "n", "--permission", "rw"] as const),
      ...["--name", volume, ...tags, `${vg}/${snapshot.name}`],
    ],
    why: `puts a writable snapshot of ${snapshot.name} in its place`,
  };
  const size = (fresh ?? places.snapshot)?.sizeBytes ?? old.sizeBytes;
  const extend: Act = {
    argv: ["lvextend", "-qq", "--size", `${old.sizeBytes}b`, `${vg}/${volume}`],
    why: `the volume had grown since the snapshot, from ${size} to ${old.sizeBytes} bytes`,
  };
  const activate: Act = {
    argv: ["lvchange", "-qq", "--activate", "y", "--ignoreactivationskip", `${vg}/${volume}`],
    why: "makes its device",
  };
  return [
    ...(fresh ? [] : [create]),
    ...(size < old.sizeBytes ? [extend] : []),
    ...(fresh && !fresh.active ? [activate] : []),
  ];
}

/** What gives the old volume its name back; nothing when that is done. The restored one is moved aside, not removed. */
export function takeBackActs(vg: string, record: RestoreRecord, places: Places): Act[] {
  const { volume } = record;
  const { old, fresh } = places;
  const acts: Act[] = [];
  if (fresh && isSwapped(record, places)) {
    const aside = asideName(record);
    acts.push(...tagActs(vg, record, fresh), {
      argv: ["lvrename", "-qq", vg, volume, aside],
      why: `moves the restored volume aside, as ${aside}`,
    });
  }
  if (old && old.name !== volume)
    acts.push({ argv: ["lvrename", "-qq", vg, old.name, volume], why: "gives the old volume its name back" });
  const ours = [keptTag, originTag(volume)].filter(tag => old?.tags.includes(tag));
  if (old && ours.length > 0)
    acts.push({
      argv: ["lvchange", "-qq", ...ours.flatMap(tag => ["--deltag", tag]), `${vg}/${volume}`],
      why: "makes it a live volume again",
    });
  return acts;
}

/** What removes the restored volume after a rollback, when nothing can have written to it. Its data is the snapshot's, which stays. */
export function clearActs(vg: string, record: RestoreRecord, { fresh, snapshot }: Places): Act[] {
  if (record.used || !snapshot || !fresh || fresh.open || fresh.name !== asideName(record)) return [];
  return [
    {
      argv: ["lvremove", "-qq", "--yes", `${vg}/${fresh.name}`],
      why: `removes ${fresh.name}, which nothing has used`,
    },
  ];
}

function tagActs(vg: string, { volume }: RestoreRecord, { name, tags }: LogicalVolume): Act[] {
  const missing = [keptTag, originTag(volume)].filter(tag => !tags.includes(tag));
  if (missing.length === 0) return [];
  return [
    {
      argv: ["lvchange", "-qq", ...missing.flatMap(tag => ["--addtag", tag]), `${vg}/${name}`],
      why: "tags it: neither the snapshot job nor its prune touches it",
    },
  ];
}
