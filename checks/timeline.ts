import type { Plan } from "../plan";
import { horizonOf } from "../plan/graph/loss";
import { Timeline } from "../plan/graph/versions";

const known = new WeakMap<Plan, Timeline>();

/** Runs and versions over the estate's years, computed once for a plan: several checks ask. */
export function timelineOf(plan: Plan): Timeline {
  const timeline = known.get(plan) ?? new Timeline(plan.jobs, horizonOf(plan.estate.years));
  known.set(plan, timeline);
  return timeline;
}
