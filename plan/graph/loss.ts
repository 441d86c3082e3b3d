import type { Dataset } from "../datasets";
import { type Domain, domains } from "../estate/services";
import type { Plan } from "..";
import { type Copy, chainOf } from "./copies";
import { copySurvives, liveSurvives } from "./survival";
import { chainKey, type Horizon, Timeline } from "./versions";

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
}

/** The estate's years, as one span. Whole UTC years: a shift of hours at both ends changes no worst case. */
export function horizonOf(years: readonly number[]): Horizon {
  return { fromMs: Date.UTC(Math.min(...years), 0, 1), toMs: Date.UTC(Math.max(...years) + 1, 0, 1) };
}

/**
 * Worst loss of every service in every disaster: the largest age, over every minute of the horizon, of the newest copy
 * that survives. Exact: between two versions' coming the age only grows, so only the last whole minute before each is
 * looked at. Datasets whose copies go the same ways share one computation.
 */
export function lossesOf(
  plan: Plan,
  timeline = new Timeline(plan.jobs, horizonOf(plan.estate.years)),
): Loss[] {
  const copies = copiesByDataset(plan.copies);
  const worstByWays = new Map<string, Worst>();
  const byService = new Map<string, Dataset[]>();
  for (const dataset of plan.datasets)
    if (!dataset.unprotected)
      byService.set(dataset.service, [...(byService.get(dataset.service) ?? []), dataset]);
  const lossOf = (dataset: Dataset, domain: Domain): Loss => {
    const { service, id } = dataset;
    if (liveSurvives(dataset, domain, plan.estate))
      return { service, domain, worstLossMs: 0, dataset: id, via: ["live"] };
    const survivors = (copies.get(dataset) ?? []).filter(copy => copySurvives(copy, domain, plan.estate));
    const ways = [...new Map(survivors.map(copy => [chainKey(copy), copy])).entries()].sort(([a], [b]) =>
      a < b ? -1 : 1,
    );
    const key = ways.map(([way]) => way).join(" | ");
    const worst =
      worstByWays.get(key) ??
      worstOf(
        ways.map(([, copy]) => copy),
        timeline,
      );
    worstByWays.set(key, worst);
    return { service, domain, dataset: id, ...worst };
  };
  return [...byService.values()].flatMap(datasets =>
    domains.map(domain => datasets.map(dataset => lossOf(dataset, domain)).reduce(greater)),
  );
}

type Worst = Pick<Loss, "worstLossMs" | "worstAtMs" | "via">;

/** Largest age of the newest of several copies, over every minute of the horizon. */
function worstOf(copies: readonly Copy[], timeline: Timeline): Worst {
  const { fromMs, toMs } = timeline.horizon;
  const arrivals = arrivalsOf(copies, timeline);
  let worst: Worst = { worstLossMs: undefined, via: [] };
  let newest: Arrival | undefined;
  for (const arrival of [...arrivals, { availableMs: toMs, readMs: -Infinity, copy: undefined }]) {
    const lastMinuteMs = Math.ceil(arrival.availableMs / minuteMs) * minuteMs - minuteMs;
    if (lastMinuteMs >= fromMs) {
      if (!newest) return { worstLossMs: undefined, via: [] };
      const lossMs = lastMinuteMs - newest.readMs;
      if (worst.worstLossMs === undefined || lossMs > worst.worstLossMs)
        worst = { worstLossMs: lossMs, worstAtMs: lastMinuteMs, via: viaOf(newest.copy) };
    }
    if (arrival.copy && (!newest || arrival.readMs > newest.readMs)) newest = arrival;
  }
  return worst;
}

interface Arrival {
  readonly availableMs: number;
  readonly readMs: number;
  readonly copy: Copy | undefined;
}

function arrivalsOf(copies: readonly Copy[], timeline: Timeline): Arrival[] {
  const arrivals: Arrival[] = [];
  for (const copy of copies) {
    const { readMs, availableMs } = timeline.versionsOf(copy);
    for (const [index, available] of availableMs.entries())
      if (available < timeline.horizon.toMs)
        arrivals.push({ availableMs: available, readMs: readMs[index] ?? 0, copy });
  }
  return arrivals.sort((a, b) => a.availableMs - b.availableMs);
}

function viaOf(copy: Copy | undefined): string[] {
  return copy ? chainOf(copy).map(({ job }) => job.name) : [];
}

function greater(a: Loss, b: Loss): Loss {
  return (b.worstLossMs ?? Infinity) > (a.worstLossMs ?? Infinity) ? b : a;
}

/** Copies of each dataset. */
export function copiesByDataset(copies: readonly Copy[]): Map<Dataset, Copy[]> {
  const found = new Map<Dataset, Copy[]>();
  for (const copy of copies) {
    const known = found.get(copy.dataset);
    if (known) known.push(copy);
    else found.set(copy.dataset, [copy]);
  }
  return found;
}
