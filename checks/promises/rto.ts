import type { Plan } from "../../plan";
import { addTo } from "../../plan/add-to";
import { bytesOf, type Dataset } from "../../plan/datasets";
import type { Domain } from "../../plan/estate/services";
import type { Copy } from "../../plan/graph/copies";
import { backAlone, loadsOf, type Waiting } from "../../plan/graph/restore-order";
import { liveSurvives } from "../../plan/graph/survival";
import { formatDuration, parseDuration } from "../../plan/units/duration";
import { defineCheck, type Found } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { fastestCopy } from "../fastest-copy";
import { floorMs, type TransferFloor } from "../../plan/graph/transfer";
import { formatSize, listed, placeText } from "../wording";

export const rto = defineCheck({
  code: "promises/rto",
  severity: "error",
  title: "The bytes alone take longer than the promised time until a service is back",
  why: 'The reference system promises its whole cluster "in less than 4 hours" from the NAS. 1.5 TB at 100 MB a second take four hours and ten minutes, before the first service starts.',
  run: plan => {
    const restore = new Restore(plan);
    const unknown = new UnknownLinks();
    const late = Object.entries(plan.estate.services).flatMap(([service, { promise }]) => {
      if (promise?.rto === undefined) return [];
      const rtoMs = parseDuration(promise.rto);
      const floors = Object.keys(promise.rpo).map(domain => restore.floorOf(service, domain as Domain));
      for (const copy of floors.flatMap(floor => floor.unknown)) unknown.add(service, copy);
      const unsized = floors.find(floor => floor.unsized.length > 0);
      if (unsized) return [unsizedFinding(service, rtoMs, unsized)];
      const worst = floors.sort((a, b) => b.ms - a.ms)[0];
      return worst && worst.ms > rtoMs ? [finding(service, rtoMs, worst)] : [];
    });
    return [...late, ...unknown.findings()];
  },
  examples: {
    bad: [
      mended(
        example("300 GB over 50 MB a second in an hour", ({ services }) =>
          edit(services.photos, { promise: { rpo: { site: "33h" }, rto: "1h" } }),
        ),
        {
          says: "Promise more than 2 h",
          edit: ({ services }) => edit(services.photos?.promise, { rto: "3h" }),
        },
      ),
      mended(
        example("no link to the NAS", ({ links }) => {
          links.splice(0, 1);
        }),
        {
          says: 'Add to links: { from: "nas", to: "pve", bandwidth: "100MB" }',
          edit: ({ links }) => links.push({ from: "nas", to: "pve", bandwidth: "100MB" }),
        },
      ),
      mended(
        example("photos of which nobody says how large they are", ({ services }) =>
          edit(services.photos, {
            data: [{ kind: "tree", host: "pve", path: "/srv/nfs/photos" }],
          }),
        ),
        {
          says: "size",
          edit: ({ services }) =>
            edit(services.photos, {
              data: [
                {
                  kind: "tree",
                  host: "pve",
                  path: "/srv/nfs/photos",
                  size: "300GB",
                  churnPerDay: "2GB",
                  growthPerDay: "0B",
                },
              ],
            }),
        },
      ),
    ],
    good: [
      example("time for the bytes and for the work"),
      example("a snapshot in the volume's own pool, which is swapped", ({ services }) =>
        edit(services.nextcloud, { promise: { rpo: { application: "27h" }, rto: "5min" } }),
      ),
    ],
  },
});

interface Step {
  readonly dataset: Dataset;
  readonly copy: Copy;
  readonly floor: TransferFloor;
}

interface Floor {
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
class Restore {
  private readonly datasets = new Map<string, Dataset[]>();
  private readonly owns = new Map<string, Own>();

  constructor(private readonly plan: Plan) {
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
    const fastest = fastestCopy(dataset, domain, this.plan);
    if (!fastest) return {};
    const { copy, floor } = fastest;
    if (!floor) return { unknown: copy };
    return floorMs(floor) === Infinity ? { unsized: dataset } : { step: { dataset, copy, floor } };
  }
}

function finding(service: string, rtoMs: number, { domain, ms, steps }: Floor): Found {
  const largest = [...steps].sort((a, b) => floorMs(b.floor) - floorMs(a.floor))[0];
  const bytes = steps.reduce((sum, { dataset }) => sum + (bytesOf(dataset) ?? 0), 0);
  const from = largest ? placeText(largest.copy.location) : "";
  const bandwidth = largest?.floor.bandwidth;
  const wait =
    largest && largest.floor.latencyMs > 0 ? ` after ${formatDuration(largest.floor.latencyMs)}` : "";
  const speed = bandwidth === undefined ? "" : ` at ${formatSize(bandwidth)} a second${wait}`;
  return {
    subject: service,
    message: `${service} is promised to be back in ${formatDuration(rtoMs)}, but after the disaster "${domain}" its bytes (${formatSize(bytes)}, most from ${from}${speed}) take ${formatDuration(ms)} at least.`,
    fix: `Promise more than ${formatDuration(Math.ceil(ms / 3_600_000) * 3_600_000)}, keep a copy nearer, or raise the link's bandwidth.`,
    evidence: {
      domain,
      rtoMs,
      floorMs: Math.round(ms),
      sizeBytes: bytes,
      ...(bandwidth === undefined ? {} : { bytesPerSecond: bandwidth }),
      steps: steps.map(({ dataset, copy }) => `${dataset.id} from ${placeText(copy.location)}`),
    },
  };
}

function unsizedFinding(service: string, rtoMs: number, { domain, unsized }: Floor): Found {
  const datasets = unsized.map(({ id }) => id);
  return {
    subject: service,
    message: `${service} is promised to be back in ${formatDuration(rtoMs)} after the disaster "${domain}", but the estate doesn't say how large ${listed(datasets)} is: how long its bytes take can't be said.`,
    fix: `Add its size, as \`du -sh\` or \`lvs\` shows it, to services.${service}.data, e.g. size: "40GB".`,
    evidence: { domain, rtoMs, unsized: datasets },
  };
}

/** Pairs of machines between which bytes would have to go, and no link says how fast. */
class UnknownLinks {
  private readonly pairs = new Map<string, { from: string; to: string; services: Set<string> }>();

  add(service: string, { location, dataset }: Copy): void {
    const [from, to] = [location.machine.name, dataset.location.machine.name];
    const pair = this.pairs.get(`${from} ${to}`) ?? { from, to, services: new Set() };
    this.pairs.set(`${from} ${to}`, pair);
    pair.services.add(service);
  }

  findings(): Found[] {
    return [...this.pairs.values()].map(({ from, to, services }) => ({
      subject: from,
      message: `${listed([...services])} ${services.size === 1 ? "is" : "are"} promised to be back in time from ${from}, but the estate has no link ${from === to ? `from ${from} to itself` : `between ${from} and ${to}`}: how long the bytes take can't be said.`,
      fix: `Add to links: { from: "${from}", to: "${to}", bandwidth: "100MB" }, as measured.`,
      evidence: { from, to, services: [...services] },
    }));
  }
}
