import type { Plan } from "../plan";
import type { Estate } from "../plan/estate/schema";
import type { Job } from "../plan/job";
import { partsOf } from "../plan/layers";

/** A job's schedule as the estate has it. */
export interface PlacedSchedule {
  zone?: string | undefined;
  onCalendar?: string;
  cron?: string;
}

/** The estate with a change made to the schedule of one of its jobs; nothing for a job whose schedule follows from another's. */
export function withSchedule(
  plan: Plan,
  job: Job,
  change: (schedule: PlacedSchedule) => void,
): Estate | undefined {
  // A part's runs are its jobs, in the same order.
  const places = partsOf(plan.estate).flatMap(({ layer, spec, at }) =>
    layer.runs(spec).map(run => [...at, ...run.at, "schedule"]),
  );
  const estate = structuredClone(plan.estate);
  const schedule = (places[plan.jobs.indexOf(job)] ?? []).reduce<unknown>(
    (value, key) =>
      typeof value === "object" && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    estate,
  );
  if (typeof schedule !== "object" || schedule === null) return undefined;
  change(schedule);
  return estate;
}
