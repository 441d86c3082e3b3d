import { expired, type KeepPolicy } from "../../../plan/contracts/keep-policy";
import type { LogicalVolume } from "./listing";
import { ownSnapshots, scratchTag } from "./snapshots";

/** A snapshot of ours that exists. */
export interface ExistingSnapshot {
  readonly name: string;
  readonly origin: string;
  /** Epoch ms, from its name. */
  readonly madeMs: number;
  /** Of two snapshots, the later one has the greater number, whatever the clock said. */
  readonly order: number;
  /** Why it can't go for now. */
  readonly busy: string | undefined;
}

type ByOrigin = ReadonlyMap<string, readonly ExistingSnapshot[]>;

/** Snapshots that a restore, which has not ended, is made of; unknown when its record can't be read. */
export type Restored = ReadonlySet<string> | "unknown";

/** Our snapshots in a listing, by the volume that they were made of, in the order in which they were made. */
export function existingIn(
  volumes: readonly LogicalVolume[],
  restored: Restored,
): Map<string, ExistingSnapshot[]> {
  return new Map(
    [...ownSnapshots(volumes)].map(([origin, snapshots]) => [
      origin,
      snapshots.map(({ volume, madeMs }) => ({
        ...{ name: volume.name, origin, madeMs, order: volume.thinId ?? 0 },
        busy: whyBusy(volume, volumes, restored),
      })),
    ]),
  );
}

/** Why a snapshot can't go for now. */
function whyBusy(
  snapshot: LogicalVolume,
  volumes: readonly LogicalVolume[],
  restored: Restored,
): string | undefined {
  if (restored === "unknown") return "it isn't known whether a restore of it has ended";
  if (restored.has(snapshot.name)) return "a restore of it has not ended";
  if (snapshot.open) return "it is open";
  const user = volumes.find(({ origin, tags }) => origin === snapshot.name && tags.includes(scratchTag));
  return user && `${user.name} is being read`;
}

/** How snapshots are kept. */
export interface Keeping {
  readonly policy: KeepPolicy;
  /** IANA zone in which days and weeks are counted. */
  readonly zone: string;
  readonly nowMs: number;
}

/**
 * What may go when the pool gets full, in this order: what the policy no longer keeps, then all else, each the oldest
 * first over all volumes. The newest of a volume is never among it, nor what is in use.
 */
export function thinningOrder(existing: ByOrigin, keeping: Keeping): ExistingSnapshot[] {
  const gone = expiredIn(existing, keeping);
  return [...existing.values()]
    .flatMap(list => list.slice(0, -1))
    .filter(({ busy }) => busy === undefined)
    .sort((a, b) => Number(gone.has(b)) - Number(gone.has(a)) || a.order - b.order);
}

/** What the policy no longer keeps. */
export function expiredIn(existing: ByOrigin, keeping: Keeping): ReadonlySet<ExistingSnapshot> {
  return new Set([...existing.values()].flatMap(list => expiredOf(list, keeping)));
}

export interface Removals {
  /** In the order in which they were made, volume by volume. */
  readonly remove: readonly ExistingSnapshot[];
  /** Expired, and in use. */
  readonly busy: readonly ExistingSnapshot[];
  /** Expired, and left for the next runs. */
  readonly later: number;
  /** Dated in the future: the clock went back since. They are kept. */
  readonly future: readonly ExistingSnapshot[];
}

/**
 * One run removes no more of each volume than this: after a clock that leapt ahead, or a policy with a slip, there is a
 * day to notice it before all is gone. A night that was missed is caught up with all the same.
 */
export const mostPerVolume = 3;

/**
 * What expires now. The newest snapshot of a volume never does while the volume is covered. Of a volume that isn't (any
 * more) the newest goes too, when it is as old as any snapshot gets: it may be the last copy of a deleted volume.
 * @param covered volumes that have a new snapshot; of others that exist nothing is removed
 * @param waiting volumes that are covered and have no new snapshot
 * @param gone how many expired ones of a volume the run has removed already
 */
export function planRemovals(
  existing: ByOrigin,
  covered: ReadonlySet<string>,
  waiting: ReadonlySet<string>,
  keeping: Keeping,
  gone: ReadonlyMap<string, number> = new Map(),
): Removals {
  const remove: ExistingSnapshot[] = [];
  const busy: ExistingSnapshot[] = [];
  const future: ExistingSnapshot[] = [];
  let later = 0;
  for (const [origin, list] of existing) {
    future.push(...list.filter(({ madeMs }) => madeMs > keeping.nowMs + clockSlackMs));
    if (waiting.has(origin)) continue;
    const due = [...expiredOf(list, keeping), ...(covered.has(origin) ? [] : lastCopy(list, keeping))];
    const free = due.filter(snapshot => snapshot.busy === undefined);
    const most = Math.max(0, mostPerVolume - (gone.get(origin) ?? 0));
    remove.push(...free.slice(0, most));
    later += Math.max(0, free.length - most);
    busy.push(...due.filter(snapshot => snapshot.busy !== undefined));
  }
  return { remove, busy, later, future };
}

/** Names go up by a second where one is taken, so a snapshot of this very minute isn't from the future. */
const clockSlackMs = 60_000;

function expiredOf(list: readonly ExistingSnapshot[], { policy, zone, nowMs }: Keeping): ExistingSnapshot[] {
  return expired(list, ({ madeMs }) => madeMs, policy, nowMs, zone).filter(({ madeMs }) => madeMs <= nowMs);
}

function lastCopy(list: readonly ExistingSnapshot[], { policy, nowMs }: Keeping): ExistingSnapshot[] {
  const newest = list.at(-1);
  return newest && nowMs - newest.madeMs >= longestKeptMs(policy) ? [newest] : [];
}

const dayMs = 86_400_000;
const tierMs = { run: dayMs, hour: dayMs / 24, day: dayMs, week: 7 * dayMs, month: 31 * dayMs } as const;

/** How old a snapshot gets at most under a policy; a run counts as a day. */
export function longestKeptMs(policy: KeepPolicy): number {
  if (policy.kind === "age") return policy.ms;
  return Math.max(...policy.tiers.map(({ every, count }) => count * tierMs[every]));
}
