import type { Lookup, Path } from "../../estate/lookup";
import type { Beside } from "./engines/engine";
import { type ClusterDumpSpec, longestCronJob } from "./spec";

/** CronJobs beside its dump that a part asks for, each with where it stands in there. */
export function besideOf({ dump }: ClusterDumpSpec): { readonly at: Path; readonly spec: Beside }[] {
  if (!dump) return [];
  const [drill, integrity] = ["drill" in dump && dump.drill, "integrity" in dump && dump.integrity];
  return [
    ...(drill ? [{ at: ["dump", "drill"], spec: drill }] : []),
    ...(integrity ? [{ at: ["dump", "integrity"], spec: integrity }] : []),
  ];
}

/** Looks at the names of a part's CronJobs beside its dump. */
export function askedBeside(
  part: ClusterDumpSpec,
  at: Path,
  all: readonly ClusterDumpSpec[],
  look: Lookup,
): void {
  const names = all
    .filter(({ cluster }) => cluster === part.cluster)
    .flatMap(other => [other.name, ...besideOf(other).map(({ spec }) => spec.name)]);
  for (const {
    at: below,
    spec: { name },
  } of besideOf(part)) {
    const field = [...at, ...below, "name"];
    if (name.length > longestCronJob)
      look.fault(
        field,
        name,
        `is too long: Kubernetes refuses a CronJob of more than ${longestCronJob} letters`,
      );
    if (names.filter(other => other === name).length > 1)
      look.fault(field, name, "is there twice in this cluster. Give each job its own name");
  }
}
