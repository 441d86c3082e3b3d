import { anything, exactly, instants, type Range } from "../ranges";

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
