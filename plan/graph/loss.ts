import { addTo } from "../add-to";
import type { Dataset } from "../datasets";
import { type Domain, domains } from "../estate/services";
import type { Plan } from "..";
import type { Way } from "./copies";
import { newestOver } from "./newest";
import { liveSurvives } from "./survival";
import { type Survivors, survivorsOf } from "./survivors";
import { type Alike, type Horizon, Timeline, type Versions } from "./versions";

export { type Survivors, survivorsOf } from "./survivors";

const minuteMs = 60_000;

/** The worst that a disaster can do to a service. */
export interface Loss {
  readonly service: string;
  readonly domain: Domain;
  /** Age of what is left at the worst minute, in ms; nothing when no copy survives at all. */
  readonly worstLossMs: number | undefined;
  /** That minute, as epoch ms; absent when nothing is lost or nothing is left. */
  readonly worstAtMs?: number;
  /** The dataset that loses most. */
  readonly dataset: string;
  /** Jobs on the way of the copy that is left; `["live"]` when the live data is unharmed. */
  readonly via: readonly string[];
  /** By so much more what nobody was told of may be missing there, in ms; absent where no job on the way copies what somebody noted. */
  readonly unheardMs?: number;
  /** So much of the loss passes until that copy counts, in ms; absent where it does at once. */
  readonly countsAfterMs?: number;
  /** The dataset is left out on purpose: no copy of it counts. Its service's other datasets have a loss of their own. */
  readonly leftOut?: true;
}

/** The estate's years, as one span. Whole UTC years: a shift of hours at both ends changes no worst case. */
export function horizonOf(years: readonly number[]): Horizon {
  return { fromMs: Date.UTC(Math.min(...years), 0, 1), toMs: Date.UTC(Math.max(...years) + 1, 0, 1) };
}

const timelines = new WeakMap<Plan, Timeline>();

/** Runs and versions over the estate's years. Made once for a plan. */
export function yearsOf(plan: Plan): Timeline {
  const timeline = timelines.get(plan) ?? new Timeline(plan.jobs, horizonOf(plan.estate.years));
  timelines.set(plan, timeline);
  return timeline;
}

/**
 * Worst loss of every service in every disaster: the largest age, over every minute of the horizon, of the newest copy
 * that survives. Exact: between two versions' coming the age only grows, so only the last whole minute before each is
 * looked at. Datasets whose copies go the same ways share one computation.
 */
export function lossesOf(plan: Plan, timeline = yearsOf(plan)): Loss[] {
  const known = new Map<readonly Way[], Worst>();
  const worstIn = (ways: readonly Way[]): Worst => {
    const worst = known.get(ways) ?? worstOf(ways, timeline);
    known.set(ways, worst);
    return worst;
  };
  const survivors = survivorsOf(plan);
  const leftOut = leftOutBy(plan);
  return Object.keys(plan.estate.services).flatMap(service => {
    const datasets = survivors.get(service);
    return [
      ...(datasets ? domains.map(domain => worstDataset(service, domain, datasets, worstIn)) : []),
      ...(leftOut.get(service) ?? []).flatMap(dataset => lossesOfLeftOut(dataset, plan)),
    ];
  });
}

/** Datasets of which no copy is wanted, by service. */
function leftOutBy(plan: Plan): Map<string, Dataset[]> {
  const found = new Map<string, Dataset[]>();
  for (const dataset of plan.datasets) if (dataset.unprotected) addTo(found, dataset.service, dataset);
  return found;
}

function lossesOfLeftOut(dataset: Dataset, plan: Plan): Loss[] {
  const { service, id } = dataset;
  return domains.map(domain => ({
    ...{ service, domain, dataset: id, leftOut: true },
    ...(liveSurvives(dataset, domain, plan.estate) ? unharmed : nothingLeft),
  }));
}

function worstDataset(
  service: string,
  domain: Domain,
  datasets: readonly Survivors[],
  worstIn: (ways: readonly Way[]) => Worst,
): Loss {
  let [dataset, worst] = [datasets[0]?.dataset.id ?? service, unharmed];
  for (const [index, survivors] of datasets.entries()) {
    const left = survivors.ways.get(domain) ?? [];
    const found = left === "live" ? unharmed : worstIn(left);
    if (index > 0 && (found.worstLossMs ?? Infinity) <= (worst.worstLossMs ?? Infinity)) continue;
    [dataset, worst] = [survivors.dataset.id, found];
  }
  return { service, domain, dataset, ...worst };
}

export type Worst = Pick<Loss, "worstLossMs" | "worstAtMs" | "via" | "unheardMs" | "countsAfterMs">;

const unharmed: Worst = { worstLossMs: 0, via: ["live"] };

/** Largest age of the newest of several copies, over every minute of a part of the horizon; nothing where none is left at some minute. */
export function worstWithin(
  ways: readonly Way[],
  timeline: Timeline,
  { fromMs, toMs }: Pick<Horizon, "fromMs" | "toMs">,
): number | undefined {
  const versions = ways.map(way => timeline.countedWithin(way, fromMs, toMs));
  return worstMinute(versions, fromMs, toMs)?.lossMs;
}

/** Largest age of the newest of several copies, over every minute of the horizon. */
export function worstOf(ways: readonly Way[], timeline: Timeline): Worst {
  const worst = worstMinuteOf(
    ways.map(way => timeline.countedOf(way)),
    timeline,
  );
  if (!worst) return nothingLeft;
  const { jobs = [], unheardMs = 0, countsAfterMs = 0 } = ways[worst.way] ?? {};
  return {
    worstLossMs: worst.lossMs,
    worstAtMs: worst.atMs,
    via: jobs.map(job => job.called),
    ...(unheardMs > 0 && { unheardMs }),
    ...(countsAfterMs > 0 && { countsAfterMs }),
  };
}

const alone = new WeakMap<Plan, Map<Way, number>>();

/** Largest age of one copy, over every minute of the estate's years, in ms; Infinity where there is none at some minute. */
export function worstAloneMs(way: Way, plan: Plan): number {
  const known = alone.get(plan) ?? new Map<Way, number>();
  alone.set(plan, known);
  const ms = known.get(way) ?? worstOf([way], yearsOf(plan)).worstLossMs ?? Infinity;
  known.set(way, ms);
  return ms;
}

const nothingLeft: Worst = { worstLossMs: undefined, via: [] };

/** The age of the newest copy at the worst minute, and which of the ways brought it. Nothing where none is left at some minute. */
interface WorstMinute {
  readonly lossMs: number;
  readonly atMs: number;
  readonly way: number;
}

const worstMinutes = new WeakMap<Alike, Map<string, WorstMinute | undefined>>();

/** Hosts that are alike share what follows from their versions, and so do moves that change others. */
function worstMinuteOf(
  versions: readonly Versions[],
  { alike, horizon: { fromMs, toMs } }: Timeline,
): WorstMinute | undefined {
  const known = worstMinutes.get(alike) ?? new Map<string, WorstMinute | undefined>();
  worstMinutes.set(alike, known);
  const key = versions.map(each => alike.idOf(each)).join();
  if (!known.has(key)) known.set(key, worstMinute(versions, fromMs, toMs));
  return known.get(key);
}

function worstMinute(versions: readonly Versions[], fromMs: number, toMs: number): WorstMinute | undefined {
  const newest = newestOver(versions, fromMs, toMs);
  let worst: WorstMinute | undefined;
  for (let next = 0; next <= newest.count; next++) {
    const untilMs = next < newest.count ? (newest.availableMs[next] ?? toMs) : toMs;
    const lastMinuteMs = Math.ceil(untilMs / minuteMs) * minuteMs - minuteMs;
    if (lastMinuteMs < fromMs) continue;
    if (next === 0) return undefined;
    const lossMs = lastMinuteMs - (newest.readMs[next - 1] ?? 0);
    if (!worst || lossMs > worst.lossMs)
      worst = { lossMs, atMs: lastMinuteMs, way: newest.way[next - 1] ?? 0 };
  }
  return worst;
}
