import { ownAlertsOf } from "../../alerts/rules";
import type { Estate } from "../../plan";
import type { Job } from "../../plan/job";
import { formatDuration } from "../../plan/units/duration";

/**
 * A job's own alerts whose condition is true now, by what its last run left. What a run says of each of several things is told
 * by its alert alone: that it has a series for each.
 */
export function alarmsOf(
  job: Job,
  estate: Estate,
  values: ReadonlyMap<string, number>,
  nowMs: number,
): string[] {
  return ownAlertsOf(job, estate).flatMap(({ name, metric, fires }) => {
    const value = values.get(metric);
    if (value === undefined) return [];
    switch (fires.kind) {
      case "older": {
        const ageMs = nowMs - value * 1000;
        return ageMs > fires.thanMs
          ? [`${name}: ${metric} is ${formatDuration(ageMs)} ago, at most ${formatDuration(fires.thanMs)}`]
          : [];
      }
      case "below":
        return value < fires.than ? [`${name}: ${metric} is ${value}, at least ${fires.than}`] : [];
      case "above":
        return value > fires.than ? [`${name}: ${metric} is ${value}, at most ${fires.than}`] : [];
      // What the last run left is no course of days: the store's own line says how it goes. What ends is of pods alone, not of a host.
      case "full-soon":
      case "ends":
        return [];
      default:
        return fires satisfies never;
    }
  });
}
