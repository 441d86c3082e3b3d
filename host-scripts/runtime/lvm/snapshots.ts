import type { LogicalVolume } from "./listing";

/**
 * Tag of a snapshot that is ours (lvm(8), "Tags"). A snapshot without it, whatever its name, is somebody else's: it is neither counted nor
 * removed. It has no more than that: a volume group's metadata holds all of this for each of hundreds of snapshots, in half a megabyte.
 */
export const ownerTag = "holdfast.lvm-pvc-snapshot";
const originPrefix = "holdfast.origin=";

/**
 * Tag of a snapshot that a restore made of what a volume had: neither counted nor copied nor thinned out as one of the job's own, since
 * it holds what somebody wanted to be rid of. It can be restored as those can, and goes when its time is over.
 */
export const beforeTag = "holdfast.before-restore";
const untilPrefix = "holdfast.until=";
/** A week-end, and a week in which somebody may notice. */
const beforeKeptMs = 14 * 86_400_000;

/** Tag of a volume that a restore put out of its place: what was there before it, or what it brought and was taken back. */
export const keptTag = "holdfast.kept";

/** Tag of a throw-away snapshot, by which one is read; what a killed run left of them goes. */
export const scratchTag = "holdfast.scratch";

/** One of our snapshots. */
export interface OwnSnapshot {
  readonly volume: LogicalVolume;
  /** Name of the volume that it was made of. */
  readonly origin: string;
  /** When it was made, as epoch ms; from its name, by the clock of that moment. */
  readonly madeMs: number;
}

/** Tags of a snapshot that is made before a restore at this instant. */
export function beforeRestoreTags(origin: string, madeMs: number): string[] {
  return [beforeTag, `${untilPrefix}${stamp(madeMs + beforeKeptMs)}`, `${originPrefix}${origin}`];
}

/** What a volume had before a restore, as long as it is kept. */
export interface BeforeRestore extends OwnSnapshot {
  /** When it goes, epoch ms. */
  readonly untilMs: number;
}

/** Instant in the names of snapshots and runs, in UTC: "20260526T000003Z". Sorts in time. */
export function stamp(instantMs: number): string {
  return new Date(instantMs).toISOString().replace(/[-:]|\.\d{3}/g, "");
}

/** Instant of a stamp as epoch ms; NaN for what is none. */
export function stampMs(text: string): number {
  return Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));
}

/** "vm-9999-pvc-…_snap_20260526T000003Z": names that operators know, and that sort. */
export function snapshotName(origin: string, instantMs: number): string {
  return `${origin}_snap_${stamp(instantMs)}`;
}

/** Like `snapshotName`, and not taken: a clock that went back, or a second run in one second, would make the same again. */
export function freeSnapshotName(
  origin: string,
  instantMs: number,
  taken: (name: string) => boolean,
): { readonly name: string; readonly madeMs: number } {
  for (let madeMs = instantMs - (instantMs % 1000); ; madeMs += 1000) {
    const name = snapshotName(origin, madeMs);
    if (!taken(name)) return { name, madeMs };
  }
}

const named = /^(.+)_snap_(\d{8}T\d{6}Z)$/;

/** Our snapshots in a listing, by the name of their origin, oldest first. */
export function ownSnapshots(volumes: readonly LogicalVolume[]): Map<string, OwnSnapshot[]> {
  const found = new Map<string, OwnSnapshot[]>();
  for (const volume of volumes) {
    const snapshot = ownSnapshot(volume);
    if (!snapshot) continue;
    found.set(snapshot.origin, [...(found.get(snapshot.origin) ?? []), snapshot]);
  }
  // By the pool's ids, not by clocks: one that went back would make the newest look like the oldest.
  for (const snapshots of found.values())
    snapshots.sort((a, b) => (a.volume.thinId ?? 0) - (b.volume.thinId ?? 0));
  return found;
}

/** What restores have kept of volumes, the oldest first. */
export function beforeRestores(volumes: readonly LogicalVolume[]): BeforeRestore[] {
  return volumes
    .flatMap((volume): BeforeRestore[] => {
      const snapshot = taggedSnapshot(volume, beforeTag);
      const until = volume.tags.find(tag => tag.startsWith(untilPrefix))?.slice(untilPrefix.length);
      return snapshot && until !== undefined ? [{ ...snapshot, untilMs: stampMs(until) }] : [];
    })
    .sort((a, b) => (a.volume.thinId ?? 0) - (b.volume.thinId ?? 0));
}

/** Volumes that restores of one have put aside, which no run removes. */
export function keptOf(volumes: readonly LogicalVolume[], origin: string): LogicalVolume[] {
  return volumes.filter(({ tags }) => tags.includes(keptTag) && tags.includes(originPrefix + origin));
}

/** What restores have kept anything of, by name. */
export function keptOrigins(volumes: readonly LogicalVolume[]): string[] {
  return volumes
    .filter(({ tags }) => tags.includes(keptTag))
    .flatMap(({ tags }) => tags.filter(tag => tag.startsWith(originPrefix)))
    .map(tag => tag.slice(originPrefix.length));
}

function ownSnapshot(volume: LogicalVolume): OwnSnapshot | undefined {
  return taggedSnapshot(volume, ownerTag);
}

function taggedSnapshot(volume: LogicalVolume, tag: string): OwnSnapshot | undefined {
  if (!volume.tags.includes(tag)) return undefined;
  // By its own name, as a restore gives its origin's to another volume.
  const [, origin, made] = named.exec(volume.name) ?? [];
  return origin === undefined || made === undefined ? undefined : { volume, origin, madeMs: stampMs(made) };
}

/**
 * Live volumes of a pool that match a glob: all but our own snapshots and those of other tools that are called after
 * their origin. What is in doubt is a live volume.
 */
export function liveVolumes(
  volumes: readonly LogicalVolume[],
  pool: string,
  pattern: string,
): LogicalVolume[] {
  const matches = globMatcher(pattern);
  return volumes.filter(
    volume =>
      volume.pool === pool &&
      matches(volume.name) &&
      !volume.tags.some(tag => tag.startsWith("holdfast.")) &&
      !(volume.origin !== "" && volume.name.startsWith(`${volume.origin}_snap_`)),
  );
}

/** `*` stands for any text, `?` for one character; all else for itself. */
export function globMatcher(pattern: string): (name: string) => boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  const expression = new RegExp(`^${source}$`);
  return name => expression.test(name);
}
