import type { Plan } from "../plan";
import { addTo } from "../plan/add-to";
import { bytesOf, type Dataset } from "../plan/datasets";
import type { Domain } from "../plan/estate/services";
import { loadsOf, type Waiting } from "../plan/graph/restore-order";
import { liveSurvives, siteOf } from "../plan/graph/survival";
import { floorMs, type TransferFloor } from "../plan/graph/transfer";
import { parseDuration } from "../plan/units/duration";
import { type Fastest, fastestCopy } from "../plan/graph/fastest-copy";

/** Datasets that one disaster takes at once. */
export interface Group {
  readonly domain: Domain;
  /** What burns, e.g. "home". */
  readonly place: string;
  readonly datasets: readonly Dataset[];
}

/** Disasters that take many at once: one of one dataset or one service takes no other's time. */
export const together: readonly Domain[] = ["live-disk", "host", "cluster", "site", "host-root", "secrets"];

/** Of each disaster of which somebody is promised a time, what goes at once. */
export function groupsOf(plan: Plan): Group[] {
  const promised = new Set(
    Object.values(plan.estate.services).flatMap(({ promise }) =>
      promise?.rto === undefined ? [] : Object.keys(promise.rpo),
    ),
  );
  return together.filter(domain => promised.has(domain)).flatMap(domain => takenBy(domain, plan));
}

/** What a disaster takes at once, of each place where it may strike. */
export function takenBy(domain: Domain, plan: Plan): Group[] {
  const groups = new Map<string, Dataset[]>();
  for (const dataset of plan.datasets) {
    if (dataset.unprotected || liveSurvives(dataset, domain, plan.estate)) continue;
    addTo(groups, placeOf(dataset, domain, plan), dataset);
  }
  return [...groups].map(([place, datasets]) => ({ domain, place, datasets }));
}

function placeOf({ location, cluster }: Dataset, domain: Domain, { estate }: Plan): string {
  switch (domain) {
    case "live-disk":
      return `${location.machine.name}${location.disk === undefined ? "" : `/${location.disk}`}`;
    case "cluster":
      return cluster ?? "";
    case "site":
      return siteOf(location, estate) ?? "";
    default:
      return location.machine.name;
  }
}

/** What each service of a group takes of the links. */
export function waitingOf(
  { domain, datasets }: Group,
  plan: Plan,
  fastestOf: Fastest = (dataset, domain) => fastestCopy(dataset, domain, plan),
): { services: Waiting[]; bytesByLink: Map<string, number> } {
  const floors = new Map<string, TransferFloor[]>();
  const bytesByLink = new Map<string, number>();
  for (const dataset of datasets) {
    const own = floors.get(dataset.service) ?? [];
    floors.set(dataset.service, own);
    const floor = fastestOf(dataset, domain)?.floor;
    // Without a link, a size or a copy, others say so.
    if (floor?.link === undefined || floorMs(floor) === Infinity) continue;
    own.push(floor);
    bytesByLink.set(floor.link, (bytesByLink.get(floor.link) ?? 0) + (bytesOf(dataset) ?? 0));
  }
  const services = [...floors].map(([service, own]): Waiting => {
    const { promise } = plan.estate.services[service] ?? {};
    const isDue = promise?.rto !== undefined && domain in promise.rpo;
    return {
      service,
      needs: neededOf(service, floors, plan),
      loads: loadsOf(own),
      dueMs: isDue ? parseDuration(promise.rto ?? "") : Infinity,
    };
  });
  return { services, bytesByLink };
}

/** What has to be back before a service, of those that were taken: also what something needs that wasn't, and stands between them. */
function neededOf(
  service: string,
  taken: { has(service: string): boolean },
  plan: Plan,
  seen = new Set([service]),
): string[] {
  const needs = plan.estate.services[service]?.needs ?? [];
  return needs.flatMap(need => {
    if (seen.has(need)) return [];
    seen.add(need);
    return taken.has(need) ? [need] : neededOf(need, taken, plan, seen);
  });
}
