import { fullWithinDays } from "../../alerts/full-soon";
import type { Estate, Plan } from "../../plan";
import { isUnsaid, poolUsableShare, storesOf } from "../../plan/capacity";
import { shellWord } from "../../plan/contracts/shell-word";
import { isBelow } from "../../plan/layers/places";
import { soon } from "../ask-jobs";
import { iso, type StoreState } from "./state";

const dayMs = 86_400_000;
const fullWithinMs = fullWithinDays * dayMs;
const fullPoolPercent = 100 * poolUsableShare;

/** A place of the plan that fills, and what a host calls it. */
interface Place {
  /** Its name among the plan's stores. */
  readonly planned: string;
  /** Mount point, or VG/POOL. */
  readonly store: string;
  readonly kind: "filesystem" | "pool";
}

function placesOf({ hosts }: Estate, host: string): Place[] {
  const { filesystems = {}, pools = {} } = hosts[host] ?? {};
  return [
    ...Object.keys(filesystems).map((mount): Place => ({
      planned: `${host}:${mount}`,
      store: mount,
      kind: "filesystem",
    })),
    ...Object.entries(pools).map(([pool, { vg }]): Place => ({
      planned: `${host}/${pool}`,
      store: `${vg}/${pool}`,
      kind: "pool",
    })),
  ];
}

/** Shell text that asks a host how full its file systems and pools are. */
export function storeCommand(estate: Estate, host: string): string {
  const places = placesOf(estate, host);
  const mounts = places.filter(({ kind }) => kind === "filesystem").map(({ store }) => shellWord(store));
  const pools = places.filter(({ kind }) => kind === "pool").map(({ store }) => shellWord(store));
  return [
    ":",
    ...mounts.map(
      mount =>
        `${soon} df --block-size=1 --output=size,avail,target ${mount} 2>/dev/null | sed '1d; s/^ */filesystem /'`,
    ),
    ...mounts.map(
      mount =>
        `${soon} findmnt --noheadings --output UUID --mountpoint ${mount} 2>/dev/null | tail -n 1 | while read -r uuid; do echo "uuid $uuid "${mount}; done`,
    ),
    // access(2) says so to root, too, once an error of the disk has made it read-only.
    ...mounts.map(mount => `[ ! -e ${mount} ] || [ -w ${mount} ] || echo "read-only "${mount}`),
    ...pools.map(
      pool =>
        `${soon} lvs --noheadings --nosuffix --units b --options lv_size,data_percent,metadata_percent,vg_name,lv_name ${pool} 2>/dev/null | sed 's/^ */pool /'`,
    ),
  ].join("; ");
}

/** Stores of a host that wasn't reached. */
export function storesUnasked({ estate }: Plan, host: string): StoreState[] {
  return placesOf(estate, host).map(({ store }) => ({ ...blank(host, store), state: "unknown", says: [] }));
}

/** @param lines what the host said to `storeCommand` @param named words by which a command gets the same estate */
export function storesNow(
  plan: Plan,
  host: string,
  lines: readonly string[],
  { named, nowMs }: { named: readonly string[]; nowMs: number },
): StoreState[] {
  const keeps = `${["holdfast plan", ...named.map(shellWord)].join(" ")} says what each job keeps there`;
  return placesOf(plan.estate, host).map(place => {
    const filling = fillingOf(place, lines);
    if (filling === undefined)
      return { ...blank(host, place.store), state: "owes", says: [missing(host, place)] };
    const fullMs = fullAfterMs(plan, place.planned, filling.usableBytes);
    const says = [
      ...another(plan, host, place, lines),
      ...readOnly(plan, host, place, lines),
      ...tooFull(host, place, filling, keeps),
      ...soonFull(fullMs, keeps),
    ];
    return {
      ...blank(host, place.store),
      ...{ sizeBytes: filling.sizeBytes, freeBytes: filling.freeBytes },
      metadataPercent: filling.metadataPercent,
      state: says.length > 0 ? "owes" : "well",
      fullOn: fullMs === undefined ? null : (iso(nowMs + fullMs)?.slice(0, 10) ?? null),
      says,
    };
  });
}

interface Filling {
  readonly sizeBytes: number;
  readonly freeBytes: number;
  /** Of what is free, what may be used. */
  readonly usableBytes: number;
  readonly dataPercent: number;
  readonly metadataPercent: number | null;
}

function fillingOf({ kind, store }: Place, lines: readonly string[]): Filling | undefined {
  if (kind === "filesystem") {
    const [, size, free] =
      lines.map(line => /^filesystem (\d+) +(\d+) (.*)$/.exec(line)).find(match => match?.[3] === store) ??
      [];
    if (size === undefined) return undefined;
    const [sizeBytes, freeBytes] = [Number(size), Number(free)];
    return {
      ...{ sizeBytes, freeBytes, usableBytes: freeBytes, metadataPercent: null },
      dataPercent: 100 * (1 - freeBytes / sizeBytes),
    };
  }
  const [, size, data, metadata] =
    lines
      .map(line => /^pool (\d+) +([\d.]+) +([\d.]+) +(\S+) +(\S+) *$/.exec(line))
      .find(match => match && `${match[4]}/${match[5]}` === store) ?? [];
  if (size === undefined) return undefined;
  const [sizeBytes, dataPercent] = [Number(size), Number(data)];
  const usedBytes = Math.round((sizeBytes * dataPercent) / 100);
  return {
    ...{ sizeBytes, dataPercent, freeBytes: sizeBytes - usedBytes },
    usableBytes: Math.max(0, sizeBytes * poolUsableShare - usedBytes),
    metadataPercent: Number(metadata),
  };
}

function missing(host: string, { kind, store }: Place): string {
  return kind === "filesystem"
    ? `isn't mounted, or doesn't answer. Next: on ${host}, findmnt ${shellWord(store)}; systemctl --failed; dmesg --level err,warn | tail`
    : `isn't there, is no thin pool, or doesn't answer. Next: on ${host}, lvs -a; dmesg --level err,warn | tail`;
}

/** Of which nobody has said that it may be there; where the host doesn't say which one it is, nothing is told. */
function another({ estate }: Plan, host: string, { store }: Place, lines: readonly string[]): string[] {
  const declared = estate.hosts[host]?.filesystems[store]?.fsUuid;
  const [, found] =
    lines.map(line => /^uuid (\S*) (.*)$/.exec(line)).find(match => match?.[2] === store) ?? [];
  if (declared === undefined || found === undefined || found === declared) return [];
  return [
    `declared the file system ${declared}, and ${found === "" ? "one without a UUID" : found} is mounted. Next: on ${host}, findmnt ${shellWord(store)}; blkid`,
  ];
}

/** What no job writes to may be meant so. */
function readOnly({ jobs }: Plan, host: string, { store }: Place, lines: readonly string[]): string[] {
  const isWritten = jobs.some(({ flows }) =>
    flows.some(
      ({ target: { machine, path } }) =>
        machine.kind === "host" && machine.name === host && isBelow(path, store),
    ),
  );
  if (!isWritten || !lines.includes(`read-only ${store}`)) return [];
  return [
    `is read-only, and takes no copy. Next: on ${host}, findmnt ${shellWord(store)}; dmesg --level err,warn | tail`,
  ];
}

function tooFull(
  host: string,
  { kind }: Place,
  { freeBytes, dataPercent, metadataPercent }: Filling,
  keeps: string,
): string[] {
  if (kind === "filesystem") return freeBytes === 0 ? [`is full. Next: ${keeps}`] : [];
  const next = `a full one stops every volume in it. Next: on ${host}, lvs`;
  return [
    ...(dataPercent >= fullPoolPercent ? [`${dataPercent} % of it are in use: ${next}`] : []),
    ...((metadataPercent ?? 0) >= fullPoolPercent
      ? [`${metadataPercent} % of its metadata are in use: ${next}`]
      : []),
  ];
}

function soonFull(fullMs: number | undefined, keeps: string): string[] {
  if (fullMs === undefined || fullMs >= fullWithinMs) return [];
  return [`lasts ${Math.floor(fullMs / dayMs)} days more, if it grows as the estate says. Next: ${keeps}`];
}

/** How long what is free lasts, by what the estate says that all in it grows; undefined where it doesn't say, or nothing grows. */
function fullAfterMs(plan: Plan, planned: string, usableBytes: number): number | undefined {
  const store = storesOf(plan).find(({ name }) => name === planned);
  if (store === undefined || isUnsaid(store) || store.growthPerDayBytes <= 0) return undefined;
  return (usableBytes / store.growthPerDayBytes) * dayMs;
}

function blank(on: string, store: string): Omit<StoreState, "state" | "says"> {
  return { on, store, sizeBytes: null, freeBytes: null, metadataPercent: null, fullOn: null };
}
