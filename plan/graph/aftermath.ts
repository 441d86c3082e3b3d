import { addTo } from "../add-to";
import type { Dataset } from "../datasets";
import type { Domain } from "../estate/services";
import type { Plan } from "..";
import { type Copy, copiesByDataset } from "./copies";
import { worstOf, yearsOf } from "./loss";
import { type Left, restoreTimes } from "./restore-time";
import { copySurvives, liveSurvives } from "./survival";

/** A copy that is left, and what is lost by taking it. */
export interface LeftCopy {
  readonly copy: Copy;
  /** Its age at the worst minute of the estate's years, in ms; absent where there is a minute at which it isn't there at all. */
  readonly worstLossMs?: number;
}

/** What a disaster leaves of a dataset, whenever it strikes. */
export interface DatasetAfter {
  readonly dataset: Dataset;
  /** The live data is gone or wrong. */
  readonly isHarmed: boolean;
  /** What is lost at worst, whichever of those left is taken then, in ms; absent where there is a minute without any. */
  readonly worstLossMs?: number;
  /** What it comes back from, those that lose least at worst first; of two that lose the same, the one with the shorter way. */
  readonly left: readonly LeftCopy[];
  /** Copies that are gone with it. */
  readonly gone: readonly Copy[];
}

/** Its datasets that are harmed, or of which copies are gone. */
export interface ServiceAfter {
  readonly service: string;
  readonly datasets: readonly DatasetAfter[];
  /** Least time until it is back, what it needs first included, in ms; absent when it can't be told. */
  readonly rtoFloorMs?: number;
  /** Why it can't be told. */
  readonly rtoUnknown?: string;
}

/**
 * What a disaster leaves, whenever it strikes: machines first, on which all else runs, then services in the estate's order, and
 * each behind what it needs.
 */
export function aftermathOf(plan: Plan, domain: Domain): ServiceAfter[] {
  const copies = copiesByDataset(plan.copies);
  const all = plan.datasets
    .map(dataset =>
      datasetAfter(dataset, dataset.unprotected ? [] : (copies.get(dataset) ?? []), domain, plan),
    )
    .filter(({ isHarmed, gone }) => isHarmed || gone.length > 0);
  const byService = new Map<string, DatasetAfter[]>();
  const harmed = new Map<string, Left[]>();
  for (const after of all) {
    const { dataset, isHarmed, left } = after;
    addTo(byService, dataset.service, after);
    if (isHarmed) addTo(harmed, dataset.service, { dataset, ...(left[0] && { copy: left[0].copy }) });
  }
  const times = restoreTimes(plan.estate, harmed);
  const machines = [...byService].filter(([, datasets]) =>
    datasets.some(({ dataset }) => isMachine(dataset)),
  );
  const order = [...new Set([...machines.map(([service]) => service), ...byService.keys()])];
  return neededFirst(order, plan).map(service => {
    const time = times.get(service);
    return {
      service,
      datasets: byService.get(service) ?? [],
      ...(time?.floorMs === undefined ? {} : { rtoFloorMs: time.floorMs }),
      ...(time?.unknown === undefined ? {} : { rtoUnknown: time.unknown }),
    };
  });
}

/** What others run on. */
export function isMachine({ kind }: Dataset): boolean {
  return kind === "configuration" || kind === "device" || kind === "vm";
}

function datasetAfter(dataset: Dataset, copies: readonly Copy[], domain: Domain, plan: Plan): DatasetAfter {
  const survives = (copy: Copy): boolean => copySurvives(copy, domain, plan.estate);
  const left = copies.filter(survives);
  const { worstLossMs } = worstOf(
    left.map(({ way }) => way),
    yearsOf(plan),
  );
  return {
    dataset,
    isHarmed: !liveSurvives(dataset, domain, plan.estate),
    ...(worstLossMs === undefined ? {} : { worstLossMs }),
    left: byLoss(left, plan),
    gone: copies.filter(copy => !survives(copy)),
  };
}

/** Copies of one dataset with what each loses at worst, those that lose least first. */
export function byLoss(copies: readonly Copy[], plan: Plan): LeftCopy[] {
  return copies
    .map(copy => {
      const { worstLossMs } = worstOf([copy.way], yearsOf(plan));
      return { copy, ...(worstLossMs === undefined ? {} : { worstLossMs }) };
    })
    .sort(
      (one, other) =>
        (one.worstLossMs ?? Infinity) - (other.worstLossMs ?? Infinity) ||
        one.copy.way.jobs.length - other.copy.way.jobs.length,
    );
}

function neededFirst(services: readonly string[], { estate }: Plan): string[] {
  const waiting = new Set(services);
  const order: string[] = [];
  const take = (service: string): void => {
    if (!waiting.delete(service)) return;
    for (const needed of estate.services[service]?.needs ?? []) take(needed);
    order.push(service);
  };
  services.forEach(take);
  return order;
}
