import { anything, exactly, hull, instants, type Range } from "../ranges";
import type { Held } from "./moment";

/** Range of a function's result from that of its vector's values; `anything` for those that aren't worth knowing. */
export function afterCall(name: string, range: Range): Range {
  switch (name) {
    case "sort":
    case "sort_desc":
    case "sort_by_label":
    case "sort_by_label_desc":
    case "min_over_time":
    case "max_over_time":
    case "avg_over_time":
    case "last_over_time":
    case "first_over_time":
    case "quantile_over_time":
      return range;
    case "ceil":
    case "floor":
    case "round":
      return { min: Math.floor(range.min), max: Math.ceil(range.max) };
    case "abs":
      return { min: range.min >= 0 ? range.min : 0, max: Math.max(Math.abs(range.min), Math.abs(range.max)) };
    case "rate":
    case "irate":
    case "increase":
    case "changes":
    case "resets":
      return { min: 0, max: Infinity };
    case "count_over_time":
      return { min: 1, max: Infinity };
    case "present_over_time":
      return exactly(1);
    case "sgn":
      return { min: -1, max: 1 };
    case "timestamp":
      return instants;
    default:
      return anything;
  }
}

/**
 * Range of a function's result from what a window holds.
 * @param held one for each change, oldest first; at least one
 */
export function overWindow(name: string, held: readonly Held[]): Range {
  const values = held.map(({ range }) => range);
  const [first = anything] = values;
  const last = values.at(-1) ?? first;
  const whole = hull(values);
  const isStill = values.length === 1;
  switch (name) {
    case "last_over_time":
      return last;
    case "first_over_time":
      return first;
    case "min_over_time":
      return { min: whole.min, max: Math.min(...values.map(({ max }) => max)) };
    case "max_over_time":
      return { min: Math.max(...values.map(({ min }) => min)), max: whole.max };
    case "avg_over_time":
      return averageOf(held);
    case "changes":
      return exactly(values.length - 1);
    case "rate":
    case "irate":
    case "increase":
    case "delta":
    case "idelta":
    case "deriv":
    case "resets":
    case "stddev_over_time":
    case "stdvar_over_time":
      return isStill ? exactly(0) : afterCall(name, whole);
    default:
      return afterCall(name, whole);
  }
}

/** Samples come at even intervals: each value counts for as long as it was there; one that has just come, whatever it may be, not yet. */
function averageOf(values: readonly Held[]): Range {
  const held = values.filter(({ forMs }) => forMs > 0);
  const allMs = held.reduce((sum, { forMs }) => sum + forMs, 0);
  if (allMs === 0) return hull(values.map(({ range }) => range));
  const average = (end: "min" | "max"): number =>
    held.reduce((sum, { range, forMs }) => sum + range[end] * (forMs / allMs), 0);
  return { min: average("min"), max: average("max") };
}
