import { together, waitingOf } from "../../checks/taken-together";
import type { Plan } from "../../plan";
import { membersOf } from "../../plan/datasets";
import { restoreOrder } from "../../plan/graph/restore-order";
import { liveSurvives } from "../../plan/graph/survival";
import { BadInput } from "../bad-input";
import type { Sought } from "../find/sought";
import type { Ended } from "./go";

/** What a disaster has taken, as it was typed. */
export interface Disaster {
  readonly domain?: string | undefined;
  /** Data of this host alone. */
  readonly host?: string | undefined;
  /** The last service that an earlier call has brought back. */
  readonly after?: string | undefined;
}

/**
 * All that one disaster has taken, in the plan's order: what is promised soonest first, and before each what it needs.
 * @throws {BadInput} for words that can't be meant
 */
export function takenInOrder(plan: Plan, { domain: typed, host, after }: Disaster): Sought[] {
  const { estate } = plan;
  const domain = together.find(each => each === typed);
  if (domain === undefined)
    throw new BadInput(
      `--domain: ${typed === undefined ? "it is missing" : `"${typed}" is no disaster that takes all at once`}, expected one of ${together.join(", ")}.`,
    );
  if (host !== undefined && estate.hosts[host] === undefined)
    throw new BadInput(
      `--host: "${host}" is no host, expected one of ${Object.keys(estate.hosts).join(", ")}.`,
    );
  const taken = plan.datasets.filter(
    dataset =>
      !dataset.unprotected &&
      !liveSurvives(dataset, domain, estate) &&
      (host === undefined || dataset.location.machine.name === host),
  );
  const hosts = new Set(
    taken.flatMap(({ location: { machine } }) => (machine.kind === "host" ? [machine.name] : [])),
  );
  if (hosts.size > 1)
    throw new BadInput(
      `The disaster "${domain}" may be of ${[...hosts].join(" or ")}. Nothing was changed. Next: the same with --host NAME.`,
    );
  const order = restoreOrder(waitingOf({ domain, place: "", datasets: taken }, plan).services).map(
    ({ service }) => service,
  );
  if (after !== undefined && !order.includes(after))
    throw new BadInput(`--after: "${after}" is none of what comes back, in this order: ${order.join(", ")}.`);
  return order
    .slice(after === undefined ? 0 : order.indexOf(after) + 1)
    .flatMap(service => taken.filter(dataset => dataset.service === service))
    .flatMap(membersOf)
    .map(dataset => ({ dataset }));
}

/** The last service of which, as of all before it, each step ended well or is a person's; undefined where that is none. */
export function lastBack(ended: readonly Ended[]): string | undefined {
  const serviceOf = ({ task }: Ended): string => task.chosen.version.service;
  const left = ended.findIndex(({ standing }) => standing !== "done" && standing !== "yours");
  const cut = ended[left];
  if (!cut) return ended.map(serviceOf).at(-1);
  return ended
    .slice(0, left)
    .map(serviceOf)
    .findLast(service => service !== serviceOf(cut));
}
