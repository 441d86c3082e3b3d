import type { Path } from "../../estate/lookup";
import type { Estate } from "../../estate/schema";
import type { DatasetSpec } from "../../estate/services";
import type { ClusterDumpSpec } from "./spec";

/** What a dump is of. @param dataset a service, or "service/dataset" */
export function dumpedOf(estate: Estate, dataset: string): DatasetSpec | undefined {
  const [service = "", name = service] = dataset.split("/");
  return estate.services[service]?.data.find(data => (data.name ?? service) === name);
}

/** Where a dataset stands in the estate. */
export function placeOf(dataset: string, { services }: Estate): Path {
  const [service = "", name = service] = dataset.split("/");
  const index = services[service]?.data.findIndex(data => (data.name ?? service) === name) ?? 0;
  return ["services", service, "data", index];
}

/** Claim of a dumped volume. */
export function claimOf(estate: Estate, dataset: string): string {
  const [service = "", name = service] = dataset.split("/");
  const found = dumpedOf(estate, dataset);
  return (found?.kind === "volume" ? found.claim : undefined) ?? name;
}

/**
 * The service that the rest of a dump speaks of, where it isn't the one in `dataset`: pasted from another dump, and all that is right
 * in it seems to be wrong.
 */
export function meantInstead(part: ClusterDumpSpec, estate: Estate): string | undefined {
  const [own = ""] = part.dataset.split("/");
  const server = part.dump && "server" in part.dump && part.dump.engine !== "command" ? part.dump : undefined;
  const label = server?.server.host.split(".")[0];
  const fits = (service: string): boolean => {
    const data = dumpedOf(estate, service);
    if (service === own || data?.kind !== "database") return false;
    if (!server) return isCalledAfter(part.name, service) && isDumpedByAnother(part, estate);
    const livesIn = "namespace" in data.on ? data.on.namespace : server.server.namespace;
    return (
      data.engine === server.engine &&
      livesIn === server.server.namespace &&
      (label === service || isCalledAfter(part.name, service))
    );
  };
  const dumped = dumpedOf(estate, part.dataset);
  const isItself = isCalledAfter(part.name, own) || label === own;
  if (isItself || (server && dumped?.kind !== "database")) return undefined;
  return Object.keys(estate.services).find(fits);
}

function isCalledAfter(name: string, service: string): boolean {
  return name === service || name.startsWith(`${service}-`);
}

function isDumpedByAnother({ name, cluster, dataset }: ClusterDumpSpec, estate: Estate): boolean {
  const [own = ""] = dataset.split("/");
  return estate.layers["cluster-dump"].some(
    other =>
      other.name !== name &&
      other.cluster === cluster &&
      other.dataset === dataset &&
      isCalledAfter(other.name, own),
  );
}
