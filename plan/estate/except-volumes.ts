import type { Estate } from "./schema";
import type { DatasetSpec } from "./services";

/** A dataset as its service has it, and where it stands there. */
interface Kept {
  readonly service: string;
  readonly index: number;
  readonly spec: Exclude<DatasetSpec, { kind: "volume" }>;
}

const known = new WeakMap<Estate["services"], readonly Kept[]>();

/**
 * An estate's datasets that aren't volumes, in its order. Found once: each part of each layer looks for a few of them, and a
 * host has a thousand volumes.
 */
export function exceptVolumes({ services }: Pick<Estate, "services">): readonly Kept[] {
  const found =
    known.get(services) ??
    Object.entries(services).flatMap(([service, { data }]) =>
      data.flatMap((spec, index): Kept[] => (spec.kind === "volume" ? [] : [{ service, index, spec }])),
    );
  known.set(services, found);
  return found;
}

/** Folders of a host that services name. */
export function treesOf(host: string, estate: Pick<Estate, "services">): string[] {
  return exceptVolumes(estate).flatMap(({ spec }) =>
    spec.kind === "tree" && spec.host === host ? [spec.path] : [],
  );
}
