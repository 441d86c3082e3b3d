import type { Plan } from "../plan";
import type { Dataset } from "../plan/datasets";
import type { Copy } from "../plan/graph/copies";
import { copySurvives, liveSurvives, siteOf } from "../plan/graph/survival";
import type { Flow, Job, Location } from "../plan/job";
import { reachBackMs } from "./history";
import { type Hidden, hiddenBy } from "./hidden";
import { partOf } from "./part";
import { copiesIn } from "../plan/graph/copies-in";

/**
 * Rules of protection, in the order in which they are told. A dataset is told of the first that it breaks: mending that
 * one mends the later ones or changes what they say.
 */
export type Shortfall =
  | "partly-covered"
  | "exclude-hides-data"
  | "no-copy"
  | "single-medium"
  | "no-route-off-site"
  | "unreachable-from-host-root"
  | "three-two-one"
  | "mirror-without-history";

/** A dataset that somebody needs, its copies, and the first rule that it breaks. */
export interface Protection {
  readonly dataset: Dataset;
  /** Copies of the whole dataset: one of a part isn't counted. */
  readonly copies: readonly Copy[];
  readonly shortfall?: Shortfall;
  /** The flow that carries a part, with `partly-covered`. */
  readonly part?: { readonly job: Job; readonly flow: Flow; readonly of: Location };
  /** The entry that leaves it out, with `exclude-hides-data`. */
  readonly hidden?: Hidden;
}

const known = new WeakMap<Plan, readonly Protection[]>();

/** Every dataset but the `unprotected` ones. Computed once for a plan: half a dozen checks ask. */
export function protectionsOf(plan: Plan): readonly Protection[] {
  const found = known.get(plan);
  if (found) return found;
  const copies = copiesIn(plan);
  const protections = plan.datasets
    .filter(dataset => !dataset.unprotected)
    .map(dataset => protectionOf(dataset, copies.get(dataset) ?? [], plan));
  known.set(plan, protections);
  return protections;
}

/** Those that break one rule first. */
export function fallingShort(plan: Plan, shortfall: Shortfall): readonly Protection[] {
  return protectionsOf(plan).filter(protection => protection.shortfall === shortfall);
}

/** Datasets that break a rule. */
export function fallsShort(plan: Plan): ReadonlySet<Dataset> {
  return new Set(
    protectionsOf(plan)
      .filter(({ shortfall }) => shortfall !== undefined)
      .map(({ dataset }) => dataset),
  );
}

/** One disk of a machine, or a whole machine where it is one failure domain. */
export function deviceOf({ machine, disk }: Location): string {
  return `${machine.kind}:${machine.name}${disk === undefined ? "" : `/${disk}`}`;
}

function protectionOf(dataset: Dataset, all: readonly Copy[], plan: Plan): Protection {
  const copies = all.filter(isWhole);
  const rule = firstBroken(dataset, copies, plan);
  if (rule === undefined) return { dataset, copies };
  if (rule === "no-copy" || rule === "single-medium" || rule === "no-route-off-site") {
    const part = partOf(dataset, all, plan.jobs);
    if (part) return { dataset, copies, shortfall: "partly-covered", part };
    const hidden = hiddenBy(
      dataset,
      all,
      plan.jobs,
      healed => firstBroken(dataset, healed.filter(isWhole), plan) !== rule,
    );
    if (hidden) return { dataset, copies, shortfall: "exclude-hides-data", hidden };
  }
  return { dataset, copies, shortfall: rule };
}

function firstBroken(dataset: Dataset, copies: readonly Copy[], plan: Plan): Shortfall | undefined {
  const { estate } = plan;
  if (copies.length === 0) return "no-copy";
  const live = deviceOf(dataset.location);
  if (copies.every(copy => deviceOf(copy.location) === live)) return "single-medium";
  const site = siteOf(dataset.location, estate);
  if (copies.every(copy => siteOf(copy.location, estate) === site)) return "no-route-off-site";
  if (
    !liveSurvives(dataset, "host-root", estate) &&
    !copies.some(copy => copySurvives(copy, "host-root", estate))
  )
    return "unreachable-from-host-root";
  if (copies.length < 2) return "three-two-one";
  if (copies.every(copy => reachBackMs(copy, estate.years) === 0)) return "mirror-without-history";
  return undefined;
}

/** False where a reader takes just named entries of the very folder that the dataset is. */
function isWhole(copy: Copy): boolean {
  const { source } = copy.flow;
  const at = copy.from?.location ?? copy.dataset.location;
  if (source.kind === "tree" && source.only && source.location.path === at.path) return false;
  return copy.from === undefined || isWhole(copy.from);
}
