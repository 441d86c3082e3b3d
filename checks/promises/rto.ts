import { bytesOf } from "../../plan/datasets";
import type { Domain } from "../../plan/estate/services";
import type { Copy } from "../../plan/graph/copies";
import { formatDuration, parseDuration } from "../../plan/units/duration";
import { defineCheck, type Found } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { floorMs } from "../../plan/graph/transfer";
import { type Floor, Restore } from "../restore-floors";
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
  // What can't be back in time by itself asks nothing of what it needs.
  gathers: ({ subject }, { code, evidence: { neededBy } }) =>
    code === "promises/needs-restored-later" &&
    Array.isArray(neededBy) &&
    neededBy.every(name => name === subject),
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
        example(
          "a copy at the NAS in time, which is older than promised, and no link from the host to itself",
          ({ services, links }) => {
            links.splice(1, 1);
            edit(services.photos, { promise: { rpo: { "live-disk": "27h" }, rto: "8h" } });
          },
        ),
        {
          says: 'Add to links: { from: "pve", to: "pve", bandwidth: "100MB" }',
          edit: ({ links }) => links.push({ from: "pve", to: "pve", bandwidth: "100MB" }),
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
