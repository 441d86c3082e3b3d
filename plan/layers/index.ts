import type { z } from "zod";
import { addTo } from "../add-to";
import type { Path } from "../estate/lookup";
import type { Estate } from "../estate/schema";
import type { Job, LayerJob } from "../job";
import { clusterDump } from "./cluster-dump";
import { dailyBackup } from "./daily-backup";
import { effectiveState } from "./effective-state";
import type { Layer, Need, PlannedRun } from "./layer";
import { lvmPvcSnapshot } from "./lvm-pvc-snapshot";
import { nasSnapshots } from "./nas-snapshots";
import { nfsChangeTracker } from "./nfs-change-tracker";
import { nfsMirror } from "./nfs-mirror";
import { offsiteSync } from "./offsite-sync";
import { restoreDrill } from "./restore-drill";
import { vmImages } from "./vm-images";

/** Every layer, in the order in which people are told of them. The estate's schema, its references and its jobs follow from it. */
export const layers = byName({
  "lvm-pvc-snapshot": lvmPvcSnapshot,
  "nfs-mirror": nfsMirror,
  "daily-backup": dailyBackup,
  "vm-images": vmImages,
  "cluster-dump": clusterDump,
  "nfs-change-tracker": nfsChangeTracker,
  "offsite-sync": offsiteSync,
  "nas-snapshots": nasSnapshots,
  "restore-drill": restoreDrill,
  // After all whose jobs it reads back.
  "effective-state": effectiveState,
});

export type LayerName = keyof typeof layers;

/** Holds each layer to the name that it is listed under. Of a layer's type it sees no more, as the estate's follows from it. */
function byName<const L extends { readonly [N in keyof L]: { readonly name: N; readonly spec: z.ZodType } }>(
  all: L,
): L {
  return all;
}

/** A part of a layer in an estate. */
interface Part {
  readonly layer: Layer;
  readonly spec: unknown;
  readonly at: Path;
}

/** All parts of an estate's layers, layer by layer. */
export function partsOf(estate: Estate): Part[] {
  return Object.values(layers).flatMap((layer): Part[] =>
    estate.layers[layer.name].map((spec, index) => ({ layer, spec, at: ["layers", layer.name, index] })),
  );
}

/** The layer that gives what an estate lacks, as an operator writes it. */
export function layerGiving(need: Need): LayerName {
  const found = Object.values(layers).find(({ gives }: Pick<Layer, "gives">) => gives.includes(need));
  if (!found) throw new Error(`no layer gives ${need}`);
  return found.name;
}

/** Every job of an estate, layer by layer. */
export function jobsOf(estate: Estate): Job[] {
  const jobs: (LayerJob & Pick<Job, "layer" | "said">)[] = [];
  const hostRuns = (host: string): readonly PlannedRun[] => runsOfHost(host, estate);
  for (const { layer, spec, at } of partsOf(estate)) {
    const runs = layer.runs(spec);
    jobs.push(
      ...layer.jobs(spec, estate, jobs, hostRuns).map((job, index) => ({
        ...job,
        layer: layer.name,
        said: [...at, ...(runs[index]?.at ?? [])],
      })),
    );
  }
  const times = new Map<string, number>();
  for (const { name } of jobs) times.set(name, (times.get(name) ?? 0) + 1);
  return jobs.map(job => ({
    ...job,
    called: (times.get(job.name) ?? 0) > 1 ? `${job.name}@${job.host}` : job.name,
  }));
}

const runsKnown = new WeakMap<Estate, ReadonlyMap<string | undefined, readonly PlannedRun[]>>();

/** The runs that a host's timers start. Found once for all hosts of an estate: each of its jobs asks for those of its own host. */
export function runsOfHost(host: string, estate: Estate): readonly PlannedRun[] {
  const byHost = runsKnown.get(estate) ?? runsByHost(estate);
  runsKnown.set(estate, byHost);
  return byHost.get(host) ?? [];
}

function runsByHost(estate: Estate): ReadonlyMap<string | undefined, readonly PlannedRun[]> {
  const byHost = new Map<string | undefined, PlannedRun[]>();
  for (const { layer, spec } of partsOf(estate))
    for (const run of layer.runs(spec)) addTo(byHost, run.host, run);
  return byHost;
}
