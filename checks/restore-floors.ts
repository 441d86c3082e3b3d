import type { Plan } from "../plan";
import { addTo } from "../plan/add-to";
import type { Dataset } from "../plan/datasets";
import type { Domain } from "../plan/estate/services";
import type { Copy } from "../plan/graph/copies";
import { backAlone, loadsOf, type Waiting } from "../plan/graph/restore-order";
import { liveSurvives } from "../plan/graph/survival";
import { floorMs, type TransferFloor } from "../plan/graph/transfer";
import { type Fastest, fastestCopy } from "../plan/graph/fastest-copy";

export interface Step {
  readonly dataset: Dataset;
  readonly copy: Copy;
  readonly floor: TransferFloor;
}

export interface Floor {
  readonly domain: Domain;
  readonly ms: number;
  /** Datasets to bring back, those of needed services first. */
  readonly steps: readonly Step[];
  readonly unknown: readonly Copy[];
  /** Own datasets whose bytes have to move, and nobody says how many they are. */
  readonly unsized: readonly Dataset[];
}

/** How a dataset comes back, or why that can't be said; neither where it isn't harmed or nothing is left of it. */
interface Part {
  readonly step?: Step;
  readonly unknown?: Copy;
  readonly unsized?: Dataset;
}

interface Own {
  readonly parts: readonly Part[];
  readonly waiting: Waiting;
}

/** Least times until services are back, each with nothing before it but what it needs: what `lose` tells after a disaster, of the copies that are back soonest. */
export class Restore {
  private readonly datasets = new Map<string, Dataset[]>();
  private readonly owns = new Map<string, Own>();

  constructor(
    private readonly plan: Plan,
    private readonly fastestOf: Fastest = (dataset, domain) => fastestCopy(dataset, domain, plan),
  ) {
    for (const dataset of plan.datasets)
      if (!dataset.unprotected) addTo(this.datasets, dataset.service, dataset);
  }

  floorOf(service: string, domain: Domain): Floor {
    const byName = new Map<string, Waiting>();
    const own = this.ownOf(service, domain);
    const steps = this.gather(service, domain, byName);
    return {
      domain,
      ms: backAlone(own.waiting, byName),
      steps,
      unknown: own.parts.flatMap(({ unknown }) => (unknown ? [unknown] : [])),
      unsized: own.parts.flatMap(({ unsized }) => (unsized ? [unsized] : [])),
    };
  }

  /** Steps of a service, those of what it needs first. A circle of needs has no first step: promises/restore-cycle says so. */
  private gather(service: string, domain: Domain, byName: Map<string, Waiting>): Step[] {
    if (byName.has(service)) return [];
    const { waiting, parts } = this.ownOf(service, domain);
    byName.set(service, waiting);
    const first = waiting.needs.flatMap(needed => this.gather(needed, domain, byName));
    return [...first, ...parts.flatMap(({ step }) => (step ? [step] : []))];
  }

  private ownOf(service: string, domain: Domain): Own {
    const key = `${service} ${domain}`;
    const known = this.owns.get(key);
    if (known) return known;
    const parts = (this.datasets.get(service) ?? []).map(dataset => this.fastest(dataset, domain));
    const floors = parts.flatMap(({ step }) => (step ? [step.floor] : []));
    const needs = this.plan.estate.services[service]?.needs ?? [];
    const own = { parts, waiting: { service, needs, dueMs: Infinity, loads: loadsOf(floors) } };
    this.owns.set(key, own);
    return own;
  }

  private fastest(dataset: Dataset, domain: Domain): Part {
    if (liveSurvives(dataset, domain, this.plan.estate)) return {};
    const fastest = this.fastestOf(dataset, domain);
    if (!fastest) return {};
    const { copy, floor } = fastest;
    if (!floor) return { unknown: copy };
    return floorMs(floor) === Infinity ? { unsized: dataset } : { step: { dataset, copy, floor } };
  }
}
