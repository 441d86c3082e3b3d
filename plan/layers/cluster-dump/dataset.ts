import type { Estate } from "../../estate/schema";
import type { DatasetSpec } from "../../estate/services";

/** What a dump is of. @param dataset a service, or "service/dataset" */
export function dumpedOf(estate: Estate, dataset: string): DatasetSpec | undefined {
  const [service = "", name = service] = dataset.split("/");
  return estate.services[service]?.data.find(data => (data.name ?? service) === name);
}

/** Claim of a dumped volume. */
export function claimOf(estate: Estate, dataset: string): string {
  const [service = "", name = service] = dataset.split("/");
  const found = dumpedOf(estate, dataset);
  return (found?.kind === "volume" ? found.claim : undefined) ?? name;
}
