import { fastestCopy, type Fastest } from "../../plan/graph/fastest-copy";
import { Restore } from "../../checks/restore-floors";
import { groupsOf, waitingOf } from "../../checks/taken-together";
import { placeText } from "../../checks/wording";
import type { Plan } from "../../plan";
import { addTo } from "../../plan/add-to";
import { type Chain, type DrillRecord, secondsAt } from "../../plan/contracts/drill-record";
import { bytesOf, type Dataset } from "../../plan/datasets";
import type { Domain } from "../../plan/estate/services";
import { chainOf, type Copy } from "../../plan/graph/copies";
import { restoreOrder } from "../../plan/graph/restore-order";
import { drilledAs, type Driller } from "../../plan/graph/drilled";
import { liveSurvives } from "../../plan/graph/survival";
import { floorMs, type TransferFloor, transferFloor } from "../../plan/graph/transfer";
import { parseDuration } from "../../plan/units/duration";

/** How long a dataset takes from one copy, by that copy's newest proof. */
export interface MeasuredCopy {
  readonly dataset: string;
  /** Machine and path of the copy. */
  readonly from: string;
  readonly tier: string;
  /** When it was drilled. */
  readonly at: string;
  readonly drilledBytes: number;
  readonly drilledSeconds: number;
  /** What a server took in its drill, which gets these dumps when they are there. */
  readonly serverSeconds?: number;
  /** What comes back: by the estate, or what the copy had, whichever is more. */
  readonly fullBytes: number;
  /** By the links of the estate; absent where it names none, or no size. */
  readonly plannedMs?: number;
  /** Absent where what was drilled is too little to tell. */
  readonly measuredMs?: number;
}

/** What a service is promised after a disaster, and how long its bytes take. Times in ms. */
export interface PromisedTime {
  readonly service: string;
  readonly domain: Domain;
  readonly promisedMs: number;
  /** With nothing before it but what it needs, by the estate's links; Infinity where that isn't known. */
  readonly plannedMs: number;
  /** The same by what drills have measured; absent where nothing of it was measured. */
  readonly measuredMs?: number;
  /** When it is back of all that this disaster takes, in the order of their promises, over the links that they share. */
  readonly togetherMs?: number;
  readonly together: readonly string[];
  /** What of it was measured, and what is as planned since no drill has been at that copy. */
  readonly measured: readonly MeasuredCopy[];
  readonly unmeasured: readonly string[];
  /** What nobody can say of: of which the size, a link or a copy is missing, of its own and of what it needs. */
  readonly unknown: readonly string[];
  /** Copies of it that failed when they were drilled last. */
  readonly failed: readonly { readonly from: string; readonly at: string }[];
  readonly state: "holds" | "owes" | "unmeasured";
}

/** What drills have told of one copy. */
export interface Drilled {
  /** Its newest proof. */
  readonly proof?: DrillRecord;
  /** The newest drill, where that failed. */
  readonly failed?: DrillRecord;
}

/** Each promise of a time, against what drills have measured. @param drilled what is known of each copy, as `drilledBy` gives it */
export function promisedTimes(
  plan: Plan,
  drillers: readonly Driller[],
  drilled: ReadonlyMap<string, Drilled>,
): PromisedTime[] {
  const times = new Times(plan, drillers, drilled);
  const fastest: Fastest = (dataset, domain) => times.fastest(dataset, domain);
  const [planned, measured] = [new Restore(plan), new Restore(plan, fastest)];
  const [plannedTogether, together] = [togetherOf(plan), togetherOf(plan, fastest)];
  return Object.entries(plan.estate.services).flatMap(([service, { promise }]) => {
    const { rto, rpo } = promise ?? {};
    if (rto === undefined || rpo === undefined) return [];
    const promisedMs = parseDuration(rto);
    return Object.keys(rpo).flatMap((name): PromisedTime[] => {
      const domain = name as Domain;
      const { steps, ms } = measured.floorOf(service, domain);
      const unknown = times.unknownOf(service, domain);
      if (steps.length === 0 && unknown.length === 0) return [];
      const failed = steps.flatMap(step => times.failed(step.copy) ?? []);
      const copies = steps.map(step => ({ step, copy: times.of(step.dataset, step.copy) }));
      const known = copies.flatMap(({ copy }) => (copy?.measuredMs === undefined ? [] : [copy]));
      const rest = copies.filter(
        ({ step, copy }) => copy?.measuredMs === undefined && floorMs(step.floor) > 0,
      );
      const all = together.get(`${domain} ${service}`);
      // What others were measured to take of a link is this one's wait, too.
      const waits = all !== undefined && all.backMs !== plannedTogether.get(`${domain} ${service}`)?.backMs;
      const togetherMs = known.length > 0 || waits ? all?.backMs : undefined;
      const isTold = known.length > 0 && unknown.length === 0;
      const isLate = (known.length > 0 && ms > promisedMs) || (togetherMs ?? 0) > promisedMs;
      return [
        {
          ...{ service, domain, promisedMs, unknown, failed },
          plannedMs: unknown.length > 0 ? Infinity : planned.floorOf(service, domain).ms,
          ...(known.length > 0 && { measuredMs: ms }),
          ...(togetherMs !== undefined && { togetherMs }),
          ...{ together: all?.order ?? [], measured: known },
          unmeasured: rest.map(({ step }) => `${step.dataset.id} from ${placeText(step.copy.location)}`),
          state: isLate || failed.length > 0 ? "owes" : isTold ? "holds" : "unmeasured",
        },
      ];
    });
  });
}

/** A copy that failed when it was drilled last. */
export type FailedCopy = PromisedTime["failed"][number];

/** Each copy that failed when it was drilled last, whatever is promised of it. */
export function failedCopies(
  plan: Plan,
  drillers: readonly Driller[],
  drilled: ReadonlyMap<string, Drilled>,
): FailedCopy[] {
  const times = new Times(plan, drillers, drilled);
  // A copy holds several datasets.
  const failed = new Map(
    plan.copies.flatMap(copy => {
      const each = times.failed(copy);
      return each ? [[each.from, each] as const] : [];
    }),
  );
  return [...failed.values()];
}

// Two clocks that are right differ by less.
const skewMs = 600_000;

/** What was told by a clock that was ahead says nothing of when. */
export function hasCome({ at }: DrillRecord, nowMs: number): boolean {
  return Date.parse(at) <= nowMs + skewMs;
}

/** What is on record of each copy. Where a record was changed, or is missing, none of them is a proof. @param chain of one driller */
export function drilledBy(
  { job: { host }, drills }: Driller,
  { records, faults }: Pick<Chain, "records" | "faults">,
  nowMs: number,
): Map<string, Drilled> {
  const found = new Map<string, Drilled>();
  for (const record of records) {
    if (!hasCome(record, nowMs) || (record.result === "proved" && faults.length > 0)) continue;
    // A disk of another host has that one's records, which say nothing of this one's copies; nor says who writes beside dumps anything of others'.
    const isOwn = drills.tiers.some(
      ({ tier, called }) => tier === record.tier && (called ?? record.of) === record.of,
    );
    if (record.host !== host || !isOwn) continue;
    const key = `${host} ${record.tier}:${record.of}`;
    const { proof } = found.get(key) ?? {};
    found.set(
      key,
      record.result === "proved" ? { proof: record } : { ...(proof && { proof }), failed: record },
    );
  }
  return found;
}

/** What a program made, of which a copy is one. */
function madeOf(copy: Copy): Copy {
  return chainOf(copy).findLast(({ flow }) => flow.source.kind !== "tree") ?? copy;
}

/** When each service is back where all that a disaster takes come back over the same links, by "DOMAIN SERVICE". */
function togetherOf(
  plan: Plan,
  fastest?: Fastest,
): ReadonlyMap<string, { readonly backMs: number; readonly order: readonly string[] }> {
  const found = new Map<string, { backMs: number; order: string[] }>();
  for (const group of groupsOf(plan)) {
    const restored = restoreOrder(waitingOf(group, plan, fastest).services);
    const order = restored.map(({ service }) => service);
    for (const { service, backMs } of restored) {
      const key = `${group.domain} ${service}`;
      // A service on two hosts is in two groups.
      if (backMs > (found.get(key)?.backMs ?? -1)) found.set(key, { backMs, order });
    }
  }
  return found;
}

/** Times of copies, by the proofs that there are. */
class Times {
  /** Datasets that one drilled copy holds. */
  private readonly holds = new Map<string, Set<string>>();
  private readonly datasets = new Map<string, Dataset[]>();
  /** By service and disaster, each once: many need the same. */
  private readonly unknowns = new Map<string, readonly string[]>();

  constructor(
    private readonly plan: Plan,
    private readonly drillers: readonly Driller[],
    private readonly drilled: ReadonlyMap<string, Drilled>,
  ) {
    for (const dataset of plan.datasets)
      if (!dataset.unprotected) addTo(this.datasets, dataset.service, dataset);
    for (const copy of plan.copies) {
      const key = this.keyOf(copy);
      if (key !== undefined) this.holds.set(key, (this.holds.get(key) ?? new Set()).add(copy.dataset.id));
    }
  }

  /** The copy that the plan holds the promise by, with its measured time in place of the planned one. */
  fastest(dataset: Dataset, domain: Domain): ReturnType<Fastest> {
    const planned = fastestCopy(dataset, domain, this.plan);
    const measuredMs = planned && this.of(dataset, planned.copy, planned.floor)?.measuredMs;
    if (!planned || measuredMs === undefined) return planned;
    const { name } = planned.copy.location.machine;
    const floor = planned.floor ?? { latencyMs: 0, link: `${name} > ${name}` };
    return { copy: planned.copy, floor: { ...floor, bytesMs: measuredMs } };
  }

  of(dataset: Dataset, copy: Copy, planned = this.plannedOf(dataset, copy)): MeasuredCopy | undefined {
    const key = this.keyOf(copy);
    const proof = key === undefined ? undefined : this.drilled.get(key)?.proof;
    if (key === undefined || !proof) return undefined;
    const { restored, whole, seconds, at, tier } = proof;
    const isAlone = this.holds.get(key)?.size === 1;
    // Of dumps, a server had all that there was of them, whatever its data takes on a disk.
    const said = proof.dumps ? whole.bytes : bytesOf(dataset);
    const fullBytes = isAlone ? Math.max(said ?? 0, whole.bytes) : (said ?? whole.bytes);
    const fullSeconds = secondsAt(proof, fullBytes);
    const serverSeconds = this.serverSecondsOf(copy);
    return {
      ...{ dataset: dataset.id, from: placeText(copy.location), tier, at, fullBytes },
      ...{ drilledBytes: restored.bytes, drilledSeconds: seconds.restore },
      ...(planned && Number.isFinite(floorMs(planned)) && { plannedMs: floorMs(planned) }),
      ...(serverSeconds !== undefined && { serverSeconds }),
      ...(fullSeconds !== undefined && { measuredMs: (fullSeconds + (serverSeconds ?? 0)) * 1000 }),
    };
  }

  /** Of a copy of dumps: what the server takes that is given them once they are where they were made. */
  private serverSecondsOf(copy: Copy): number | undefined {
    const made = madeOf(copy);
    const proof = made === copy ? undefined : this.drilledOf(made)?.proof;
    return proof?.dumps && proof.seconds.restore;
  }

  failed(copy: Copy): FailedCopy | undefined {
    // Files that come back are none that a server takes.
    for (const each of [copy, madeOf(copy)]) {
      const failed = this.drilledOf(each)?.failed;
      if (failed) return { from: placeText(each.location), at: failed.at };
    }
    return undefined;
  }

  /** Of a service and all that it needs, what has to come back and nobody can say how long that takes. */
  unknownOf(service: string, domain: Domain, seen = new Set<string>()): string[] {
    if (seen.has(service)) return [];
    seen.add(service);
    const key = `${service} ${domain}`;
    const own =
      this.unknowns.get(key) ??
      (this.datasets.get(service) ?? []).flatMap(dataset => this.whyUnknown(dataset, domain) ?? []);
    this.unknowns.set(key, own);
    const needs = this.plan.estate.services[service]?.needs ?? [];
    return [...needs.flatMap(needed => this.unknownOf(needed, domain, seen)), ...own];
  }

  private whyUnknown(dataset: Dataset, domain: Domain): string | undefined {
    if (liveSurvives(dataset, domain, this.plan.estate)) return undefined;
    const fastest = this.fastest(dataset, domain);
    if (!fastest) return `of ${dataset.id} no copy is left after "${domain}"`;
    const { copy, floor } = fastest;
    if (!floor) return `no link leads from ${placeText(copy.location)} to ${dataset.id}`;
    return floorMs(floor) === Infinity ? `nobody says how large ${dataset.id} is` : undefined;
  }

  private plannedOf(dataset: Dataset, { location }: Copy): TransferFloor | undefined {
    const bytes = bytesOf(dataset);
    return bytes === undefined
      ? undefined
      : transferFloor(location, dataset.location, bytes, this.plan.estate);
  }

  private drilledOf(copy: Copy): Drilled | undefined {
    const key = this.keyOf(copy);
    return key === undefined ? undefined : this.drilled.get(key);
  }

  private keyOf(copy: Copy): string | undefined {
    for (const driller of this.drillers) {
      const drilled = drilledAs(driller, copy);
      if (drilled) return `${driller.job.host} ${drilled.tier}:${drilled.name}`;
    }
    return undefined;
  }
}
