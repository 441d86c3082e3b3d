import { addTo } from "../add-to";
import { bytesOf, type Dataset } from "../datasets";
import { type Domain } from "../estate/services";
import type { Location } from "../job";
import type { Plan } from "..";
import { type Copy, copiesByDataset } from "./copies";
import { type RestoreStep, restoreSteps } from "./restore-steps";
import { type Left, type RestoreTime, restoreTimes } from "./restore-time";
import { copySurvives, liveSurvives } from "./survival";
import { Timeline } from "./versions";

/** What a disaster at one instant leaves of a dataset. Instants are epoch ms. */
export interface LostDataset {
  readonly dataset: string;
  /** All of it, what a restore has to carry; absent where the estate doesn't say. */
  readonly bytes?: number;
  /** Why no copy of it is wanted, and until when. */
  readonly leftOut?: NonNullable<Dataset["unprotected"]>;
  /** The newest surviving copy; absent when there is none. */
  readonly copy?: {
    /** Jobs on its way, first job first. */
    readonly via: readonly string[];
    /** Machine and path, e.g. "pve:/mnt/backup/etcd-backup". */
    readonly where: string;
    /** When its data was read from the live dataset. */
    readonly readMs: number;
    readonly ageMs: number;
    /** Time that its bytes need at least; absent when the estate names no link for them. */
    readonly floorMs?: number;
    /** What brings it back, in turn. */
    readonly restore: readonly RestoreStep[];
  };
}

/** What a disaster at one instant takes from a service. */
export interface LostService {
  readonly service: string;
  readonly domain: Domain;
  readonly atMs: number;
  /** Age of the dataset that loses most, of those that aren't left out on purpose; absent when one of them is lost for good. */
  readonly lossMs: number | undefined;
  /** Harmed datasets, those that lose most first. */
  readonly datasets: readonly LostDataset[];
  /** Shortest time until it is back, the services that it needs restored before it; absent when that can't be told. */
  readonly rtoFloorMs?: number;
  /** Why there is no `rtoFloorMs`, e.g. 'no link between "nas" and "pfsense"'. */
  readonly rtoUnknown?: string;
}

/** What is lost when a disaster strikes at an instant: every service that it harms, in the estate's order. */
export function loseAt(plan: Plan, domain: Domain, atMs: number): LostService[] {
  const timeline = new Timeline(plan.jobs, { fromMs: atMs, toMs: atMs + 1 });
  const copies = copiesByDataset(plan.copies);
  const harmed = new Map<string, Left[]>();
  for (const dataset of plan.datasets) {
    if (liveSurvives(dataset, domain, plan.estate)) continue;
    const surviving = dataset.unprotected
      ? []
      : (copies.get(dataset) ?? []).filter(copy => copySurvives(copy, domain, plan.estate));
    const left = { dataset, ...newestOf(surviving, timeline, atMs) };
    addTo(harmed, dataset.service, left);
  }
  const times = restoreTimes(plan.estate, harmed);
  return [...harmed].map(([service, lefts]) => {
    const datasets = lefts
      .map(left => lostDataset(left, atMs, times.get(service)))
      .sort((a, b) => (b.copy?.ageMs ?? Infinity) - (a.copy?.ageMs ?? Infinity) || 0)
      .sort((a, b) => Number(a.leftOut !== undefined) - Number(b.leftOut !== undefined));
    const wanted = datasets.filter(({ leftOut }) => !leftOut);
    const time = times.get(service);
    return {
      service,
      domain,
      atMs,
      lossMs:
        wanted.length === 0 || wanted.some(({ copy }) => !copy)
          ? undefined
          : Math.max(...wanted.map(({ copy }) => copy?.ageMs ?? 0)),
      datasets,
      ...(time?.floorMs === undefined ? {} : { rtoFloorMs: time.floorMs }),
      ...(time?.unknown === undefined ? {} : { rtoUnknown: time.unknown }),
    };
  });
}

/** The copy with the newest complete version; of several, the one with the shortest way. */
function newestOf(copies: readonly Copy[], timeline: Timeline, atMs: number): Pick<Left, "copy" | "readMs"> {
  let newest: { copy: Copy; readMs: number } | undefined;
  for (const copy of [...copies].sort((a, b) => a.way.jobs.length - b.way.jobs.length)) {
    const { readMs, availableMs } = timeline.versionsOf(copy);
    const read = readMs[availableMs.findLastIndex(available => available <= atMs)];
    if (read !== undefined && read > (newest?.readMs ?? -Infinity)) newest = { copy, readMs: read };
  }
  return newest ?? {};
}

function lostDataset(
  { dataset, copy, readMs = 0 }: Left,
  atMs: number,
  time: RestoreTime | undefined,
): LostDataset {
  const bytes = bytesOf(dataset);
  const what = {
    dataset: dataset.id,
    ...(bytes === undefined ? {} : { bytes }),
    ...(dataset.unprotected ? { leftOut: dataset.unprotected } : {}),
  };
  if (!copy) return what;
  const floorMs = time?.byDataset.get(dataset);
  return {
    ...what,
    copy: {
      via: copy.way.jobs.map(job => job.called),
      where: placeText(copy.location),
      readMs,
      ageMs: atMs - readMs,
      ...(floorMs === undefined ? {} : { floorMs }),
      restore: restoreSteps(copy),
    },
  };
}

/** A place as rsync and people write it, e.g. "nas:/Backup/nfs/photos". */
export function placeText({ machine, path }: Location): string {
  return `${machine.name}:${path}`;
}
