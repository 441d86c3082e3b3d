import type { Dataset } from "../datasets";
import { type Domain, domains } from "../estate/services";
import type { Estate } from "../estate/schema";
import type { Flow } from "../job";
import type { Plan } from "..";
import { type Copy, copiesByDataset, type Way } from "./copies";
import { copySurvives, liveSurvives } from "./survival";

/** What is left of a dataset in each disaster: the live data, or the ways on which its surviving copies came, shortest first. */
export interface Survivors {
  readonly dataset: Dataset;
  /** The same ways are the same array, so that it can be a key. */
  readonly ways: ReadonlyMap<Domain, "live" | readonly Way[]>;
}

const known = new WeakMap<Plan, ReadonlyMap<string, readonly Survivors[]>>();

/** What is left of each protected dataset, by service. Computed once for a plan. */
export function survivorsOf(plan: Plan): ReadonlyMap<string, readonly Survivors[]> {
  const found = known.get(plan) ?? computed(plan);
  known.set(plan, found);
  return found;
}

function computed(plan: Plan): Map<string, Survivors[]> {
  const copies = copiesByDataset(plan.copies);
  const fates = new Fates(plan.estate);
  const alike = new Alike();
  const byService = new Map<string, Survivors[]>();
  for (const dataset of plan.datasets) {
    if (dataset.unprotected) continue;
    const own = copies.get(dataset) ?? [];
    const survivors = {
      dataset,
      ways: alike.waysOf(own, fates.ofLive(dataset), fates.ofCopies(dataset, own)),
    };
    const known = byService.get(dataset.service);
    if (known) known.push(survivors);
    else byService.set(dataset.service, [survivors]);
  }
  return byService;
}

/** A set of disasters: bit n is `domains[n]`. */
type Mask = number;
const volumeBit = 1 << domains.indexOf("volume");

/** Which disasters something outlives. Copies of one flow from one disk share their fate, but for the volume's own end. */
class Fates {
  private readonly byPlace = new Map<string, Map<Flow, Mask>>();
  constructor(private readonly estate: Estate) {}

  ofLive(dataset: Dataset): Mask {
    return maskOf(domain => liveSurvives(dataset, domain, this.estate));
  }

  ofCopies({ location: { machine, disk } }: Dataset, copies: readonly Copy[]): Mask[] {
    const place = `${machine.kind} ${machine.name} ${disk ?? ""}`;
    const byFlow = this.byPlace.get(place) ?? new Map<Flow, Mask>();
    this.byPlace.set(place, byFlow);
    return copies.map(copy => {
      const shared = byFlow.get(copy.flow) ?? this.sharedFate(copy);
      byFlow.set(copy.flow, shared);
      return copySurvives(copy, "volume", this.estate) ? shared | volumeBit : shared;
    });
  }

  private sharedFate(copy: Copy): Mask {
    return maskOf(domain => domain !== "volume" && copySurvives(copy, domain, this.estate));
  }
}

function maskOf(survives: (domain: Domain) => boolean): Mask {
  return domains.reduce((mask, domain, bit) => (survives(domain) ? mask | (1 << bit) : mask), 0);
}

/** Datasets whose copies came the same ways and meet the same fates have the same answer, which is made once. */
class Alike {
  private readonly ids = new Map<Way, number>();
  private readonly answers = new Map<string, Survivors["ways"]>();
  private readonly arrays = new Map<string, readonly Way[]>();

  waysOf(copies: readonly Copy[], live: Mask, fates: readonly Mask[]): Survivors["ways"] {
    let key = String(live);
    for (let index = 0; index < copies.length; index++)
      key += `,${this.idOf(copies[index]?.way)}:${fates[index] ?? 0}`;
    const answer =
      this.answers.get(key) ??
      new Map(
        domains.map((domain, bit) => [
          domain,
          live & (1 << bit)
            ? "live"
            : this.array(copies.filter((_, index) => (fates[index] ?? 0) & (1 << bit))),
        ]),
      );
    this.answers.set(key, answer);
    return answer;
  }

  private array(copies: readonly Copy[]): readonly Way[] {
    const ways = [...new Set(copies.map(({ way }) => way))].sort(
      (a, b) => a.jobs.length - b.jobs.length || (a.key < b.key ? -1 : 1),
    );
    const key = ways.map(way => this.idOf(way)).join();
    const array = this.arrays.get(key) ?? ways;
    this.arrays.set(key, array);
    return array;
  }

  private idOf(way: Way | undefined): number {
    if (!way) return -1;
    const id = this.ids.get(way) ?? this.ids.size;
    this.ids.set(way, id);
    return id;
  }
}
