import type { Plan } from "../../plan";
import type { Copy } from "../../plan/graph/copies";
import { type Drilled, drilledAs, type Driller, drillersOf } from "../../plan/graph/drilled";
import { BadInput } from "../bad-input";
import { againCommand } from "../../plan/contracts/ask-command";
import { isHosted } from "../../plan/job";
import { hostOf } from "../host-of";
import { soughtBy } from "../find/sought";

/** What one host's program is asked to drill. */
export interface Task {
  readonly host: string;
  /** Its program, and what people call it. */
  readonly program: string;
  readonly called: string;
  /** "TIER", or "TIER:NAME" as its program knows it. */
  readonly only: readonly string[];
  /** What that is by the estate, as far as it tells. */
  readonly expected: readonly Drilled[];
}

export interface Wish {
  /** A service, dataset or claim; all that there is unless given. */
  readonly what?: string | undefined;
  readonly tier?: string | undefined;
  readonly host?: string | undefined;
}

/** The same, and at least one. @throws {BadInput} */
export function drillersThere(plan: Plan, host?: string): Driller[] {
  const drillers = drillersOf(plan, host);
  if (drillers.length > 0) return drillers;
  throw new BadInput(
    `No job of ${host ?? "this estate"} restores copies for proof. Next: docs/drill.md says what the estate takes`,
  );
}

/** What each host is asked for. @throws {BadInput} for what nobody drills, with what is drilled */
export function tasksOf(plan: Plan, wish: Wish): Task[] {
  const { what, tier, host } = wish;
  if (host !== undefined) hostOf(plan.estate, host);
  const drillers = drillersThere(plan, host).filter(({ job }) => isHosted(job));
  const tiers = [...new Set(drillers.flatMap(({ drills }) => drills.tiers.map(each => each.tier)))];
  if (tier !== undefined && !tiers.includes(tier))
    throw new BadInput(
      `--tier: "${tier}" is no kind of copies that is drilled, expected ${tiers.join(" or ")}.`,
    );
  const isMeant = (each: { readonly tier: string }): boolean => tier === undefined || each.tier === tier;
  const isOf = what === undefined ? undefined : meantBy(plan, what);
  const tasks = drillers.flatMap(driller => {
    const { job, drills } = driller;
    const expected = copiesDrilled(plan, driller, ({ dataset }) => isOf?.(dataset.id) ?? true).filter(
      isMeant,
    );
    const only = isOf ? expected : drills.tiers.filter(isMeant);
    const { host, name: program, called } = job;
    const words = [...new Set(only.map(each => ("name" in each ? `${each.tier}:${each.name}` : each.tier)))];
    return words.length > 0 ? [{ host, program, called, only: words, expected }] : [];
  });
  const [now] = inClusterOf(plan, isOf);
  if (tasks.length === 0 && now)
    throw new BadInput(
      `Of this, what is drilled is drilled in its cluster alone: ${now.dataset} by ${now.job}. Next: ${now.now}`,
    );
  if (tasks.length === 0)
    throw new BadInput(
      `Nothing of "${what}" is drilled${tier === undefined ? "" : ` in the tier ${tier}`}: ${drillers.map(({ job, drills }) => `${job.called} drills ${drills.tiers.map(each => `${each.tier} of ${each.job}`).join(" and ")}`).join("; ")}. The claims of volumes that the estate only counts are drilled with --all.`,
    );
  return tasks;
}

/** What a job of a cluster restores for proof, whose pod nobody else asks for it. */
export interface InCluster {
  readonly dataset: string;
  readonly job: string;
  /** What has it done now. */
  readonly now: string;
}

/** @param isOf of datasets' ids; of all unless given */
export function inClusterOf(plan: Plan, isOf: (id: string) => boolean = () => true): InCluster[] {
  return drillersOf(plan).flatMap(driller => {
    const { name, namespace, called: job } = driller.job;
    if (isHosted(driller.job) || namespace === undefined) return [];
    const found = plan.copies.filter(copy => isOf(copy.dataset.id) && drilledAs(driller, copy));
    const now = againCommand(namespace, name);
    return [...new Set(found.map(({ dataset }) => dataset.id))].map(dataset => ({ dataset, job, now }));
  });
}

/** What is drilled of those copies, as far as the estate tells: the claims of volumes that it only counts are the cluster's to say. */
export function copiesDrilled({ copies }: Plan, driller: Driller, isOf: (copy: Copy) => boolean): Drilled[] {
  const found = copies.filter(isOf).flatMap(copy => drilledAs(driller, copy) ?? []);
  return [...new Map(found.map(each => [`${each.tier}:${each.name}`, each])).values()];
}

/** Which datasets are meant, by their ids. @throws {BadInput} for a path in one */
export function meantBy(plan: Plan, what: string): (id: string) => boolean {
  const sought = soughtBy(plan, what, undefined);
  const part = sought.find(({ below }) => below !== undefined);
  if (part)
    throw new BadInput(
      `"${what}" is a path in ${part.dataset.id}, and a drill brings back all of it. Next: holdfast drill ${part.dataset.id}; for the path alone: holdfast restore, --dry-run`,
    );
  const ids = new Set(sought.map(({ dataset }) => dataset.id));
  return id => ids.has(id);
}
