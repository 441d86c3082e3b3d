import { type Group, takenBy, together, waitingOf } from "../../checks/taken-together";
import type { Plan } from "../../plan";
import { type Dataset, membersOf } from "../../plan/datasets";
import { restoreOrder } from "../../plan/graph/restore-order";
import { BadInput } from "../bad-input";
import { hostOf } from "../host-of";
import type { Sought } from "../find/sought";
import type { Ended } from "./go";

/** What a disaster has taken, as it was typed. */
export interface Disaster {
  readonly domain?: string | undefined;
  /** Where it struck, e.g. "pve/sdc"; where it can strike at one place alone it needn't be said. */
  readonly place?: string | undefined;
  /** Data of this host alone. */
  readonly host?: string | undefined;
  /** The last service that an earlier call has brought back. */
  readonly after?: string | undefined;
}

/** All that one disaster has taken, in the plan's order: what is promised soonest first, and before each what it needs. */
export interface Taken extends Group {
  readonly sought: readonly Sought[];
  /** Datasets that it has taken of other machines than the one that was named. */
  readonly leftOut: readonly string[];
}

/** @throws {BadInput} for words that can't be meant */
export function takenInOrder(plan: Plan, disaster: Disaster): Taken {
  const { host, after } = disaster;
  const group = struckBy(plan, disaster);
  const isMeant = ({ location: { machine } }: Dataset): boolean =>
    host === undefined || machine.name === host;
  const datasets = group.datasets.filter(isMeant);
  const order = restoreOrder(waitingOf({ ...group, datasets }, plan).services).map(({ service }) => service);
  if (after !== undefined && !order.includes(after))
    throw new BadInput(`--after: "${after}" is none of what comes back, in this order: ${order.join(", ")}.`);
  const sought = order
    .slice(after === undefined ? 0 : order.indexOf(after) + 1)
    .flatMap(service => datasets.filter(dataset => dataset.service === service))
    .flatMap(membersOf)
    .map(dataset => ({ dataset }));
  const leftOut = group.datasets.filter(dataset => !isMeant(dataset)).map(({ id }) => id);
  return { ...group, datasets, sought, leftOut };
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

/**
 * The last service of which, as of all before it, each step ended well or is left to a person; undefined where that is none.
 * @param isAsked whether somebody was asked: what they left isn't back
 */
export function lastBack(ended: readonly Ended[], isAsked: boolean): string | undefined {
  const serviceOf = ({ task }: Ended): string => task.chosen.version.service;
  const left = ended.findIndex(({ standing }) => standing !== "done" && (isAsked || standing !== "yours"));
  const cut = ended[left];
  if (!cut) return ended.map(serviceOf).at(-1);
  return ended
    .slice(0, left)
    .map(serviceOf)
    .findLast(service => service !== serviceOf(cut));
}
