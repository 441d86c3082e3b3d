import { type Group, takenBy, together, waitingOf } from "../../checks/taken-together";
import type { Plan } from "../../plan";
import { addTo } from "../../plan/add-to";
import { type Dataset, membersOf } from "../../plan/datasets";
import { restoreOrder } from "../../plan/graph/restore-order";
import { BadInput } from "../bad-input";
import { hostOf } from "../host-of";
import type { Sought } from "../find/sought";
import type { Ended } from "./go";
import type { Needs } from "./tasks";

/** What a disaster has taken, as it was typed. */
export interface Disaster {
  readonly domain?: string | undefined;
  /** Where it struck, e.g. "pve/sdc"; where it can strike at one place alone it needn't be said. */
  readonly place?: string | undefined;
  /** Data of this host alone. */
  readonly host?: string | undefined;
  /** The last service that an earlier call has brought back. */
  readonly after?: string | undefined;
  /** Services that are left out: they are back, or are to come later. */
  readonly except?: readonly string[] | undefined;
  /** Services before that one of which steps were left to persons, and nobody has said that they are done. */
  readonly unconfirmed?: readonly string[] | undefined;
  /** Datasets of which an earlier call has found no copy, where all else of their services is back. */
  readonly missing?: readonly string[] | undefined;
}

/** All that one disaster has taken, in the plan's order: what is promised soonest first, and before each what it needs. */
export interface Taken extends Group {
  readonly sought: readonly Sought[];
  /** Datasets that it has taken of other machines than the one that was named. */
  readonly leftOut: readonly string[];
  /** All services that it has taken, in order: also those that are back. */
  readonly order: readonly string[];
  readonly needs: Needs;
}

/** @throws {BadInput} for words that can't be meant */
export function takenInOrder(plan: Plan, disaster: Disaster): Taken {
  const { host, after, except = [], unconfirmed = [], missing = [] } = disaster;
  const group = struckBy(plan, disaster);
  const isMeant = ({ location: { machine } }: Dataset): boolean =>
    host === undefined || machine.name === host;
  const datasets = group.datasets.filter(isMeant);
  const { services } = waitingOf({ ...group, datasets }, plan);
  const order = restoreOrder(services).map(({ service }) => service);
  const named = { after: after === undefined ? [] : [after], except, unconfirmed };
  for (const [flag, names] of Object.entries(named))
    for (const name of names)
      if (!order.includes(name))
        throw new BadInput(
          `--${flag}: "${name}" is none of what comes back, in this order: ${order.join(", ")}.`,
        );
  const first = after === undefined ? 0 : order.indexOf(after) + 1;
  const all = order
    .flatMap(service => datasets.filter(dataset => dataset.service === service))
    .flatMap(membersOf);
  for (const id of missing)
    if (!all.some(dataset => dataset.id === id))
      throw new BadInput(
        `--missing: "${id}" is none of what comes back: ${all.map(dataset => dataset.id).join(", ")}.`,
      );
  const isWanted = ({ id, service }: Dataset): boolean =>
    unconfirmed.includes(service) ||
    missing.includes(id) ||
    (order.indexOf(service) >= first && !except.includes(service));
  const sought = all.filter(isWanted).map(dataset => ({ dataset }));
  const leftOut = group.datasets.filter(dataset => !isMeant(dataset)).map(({ id }) => id);
  const needs = new Map(services.map(each => [each.service, each.needs]));
  return { ...group, datasets, sought, leftOut, order, needs };
}

function struckBy(plan: Plan, { domain: typed, place, host }: Disaster): Group {
  const domain = together.find(each => each === typed);
  if (domain === undefined)
    throw new BadInput(
      `--domain: ${typed === undefined ? "it is missing" : `"${typed}" is no disaster that takes all at once`}, expected one of ${together.join(", ")}.`,
    );
  if (host !== undefined) hostOf(plan.estate, host);
  const all = takenBy(domain, plan);
  const places = all.map(group => group.place);
  if (place !== undefined && !places.includes(place))
    throw new BadInput(
      `--place: "${place}" is no place where the disaster "${domain}" takes anything, expected ${either(places)}.`,
    );
  const groups = all.filter(
    group =>
      (place === undefined || group.place === place) &&
      (host === undefined || group.datasets.some(({ location: { machine } }) => machine.name === host)),
  );
  const [group, other] = groups;
  // What another disk or another house still has is newer than its copies.
  if (other)
    throw new BadInput(
      `The disaster "${domain}" may be of ${either(groups.map(each => each.place))}. Nothing was changed. Next: the same with --place NAME.`,
    );
  return group ?? { domain, place: place ?? "", datasets: [] };
}

function either(names: readonly string[]): string {
  return names.length === 0 ? "none" : names.join(" or ");
}

/** A dataset, and whose it is. */
export type Part = Pick<Dataset, "id" | "service">;

/** How far all came: what the same command goes on with. */
export interface Reached {
  /** The last of those in order that are all back; undefined where the first isn't. */
  readonly after: string | undefined;
  /** Others behind it that are back, or were left out. */
  readonly except: readonly string[];
  /** Of those that count as back, what was left to persons. */
  readonly unconfirmed: readonly string[];
  /** Datasets of those that count as back, of which no copy was there. */
  readonly missing: readonly string[];
}

/**
 * A service counts as back where each of its steps ended well or is left to a person.
 * @param before what was typed
 * @param missing what had no copy, by this call or an earlier one
 * @param isAsked whether somebody was asked: what they left isn't back
 */
export function reachedBy(
  ended: readonly Ended[],
  { order, missing }: { readonly order: readonly string[]; readonly missing: readonly Part[] },
  before: Disaster,
  isAsked: boolean,
): Reached {
  const own = new Map<string, Ended[]>();
  for (const each of ended) addTo(own, each.task.chosen.version.service, each);
  const first = before.after === undefined ? 0 : order.indexOf(before.after) + 1;
  const { except = [], unconfirmed = [] } = before;
  const passes = ({ standing }: Ended): boolean => standing === "done" || (standing === "yours" && !isAsked);
  const isBack = (service: string, index: number): boolean =>
    index < first || except.includes(service) || (own.get(service)?.every(passes) ?? false);
  const back = order.map(isBack);
  const end = back.indexOf(false);
  const through = end === -1 ? order.length : end;
  const isLeft = (service: string): boolean =>
    own.get(service)?.some(({ standing }) => standing !== "done") ?? unconfirmed.includes(service);
  const isMissing = ({ id, service }: Part): boolean => {
    const steps = ended.filter(({ task }) => task.chosen.version.dataset === id);
    return back[order.indexOf(service)] === true && !(steps.length > 0 && steps.every(passes));
  };
  return {
    after: order[through - 1],
    except: order.filter((_, index) => index > through && back[index]),
    unconfirmed: order.filter((service, index) => back[index] && isLeft(service)),
    missing: missing.filter(isMissing).map(({ id }) => id),
  };
}
