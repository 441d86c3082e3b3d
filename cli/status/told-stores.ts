import type { Job } from "../../plan/job";
import { iso, type StoreState } from "./state";

const dayMs = 86_400_000;

/** Stores that nobody can ask but a job's runs, by what the last of these said. When they are nearly full is an alert of the job's. */
export function toldStores(
  { tellsStore }: Pick<Job, "tellsStore">,
  values: ReadonlyMap<string, number>,
  nowMs: number,
): StoreState[] {
  if (!tellsStore) return [];
  const { on, store, metrics } = tellsStore;
  const days = values.get(metrics.daysToFull);
  const sizeBytes = values.get(metrics.sizeBytes) ?? null;
  return [
    {
      ...{ on, store, sizeBytes, metadataPercent: null, says: [] },
      freeBytes: values.get(metrics.freeBytes) ?? null,
      // What isn't filling is told as ten years.
      fullOn: days === undefined || days >= 3650 ? null : (iso(nowMs + days * dayMs)?.slice(0, 10) ?? null),
      state: sizeBytes === null ? "unknown" : "well",
    },
  ];
}
