import type { Metric } from "../plan/job";

/** Smallest and largest value that something can have. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

export const anything: Range = { min: -Infinity, max: Infinity };
export const exactly = (value: number): Range => ({ min: value, max: value });

/** Instants from 2020 to 2100, in epoch seconds: a threshold outside mistakes an instant for an age. */
export const instants: Range = { min: 1_577_836_800, max: 4_102_444_800 };
/** Ages up to ten years, in seconds: a threshold above is in another unit. */
export const ages: Range = { min: 0, max: 315_576_000 };

/** Whether a metric is 1 while all is well, and 0 otherwise. */
export function isFlag(metric: string): boolean {
  return metric === "up" || /_(ok|up|success|healthy|ready|online|alive|valid)$/.test(metric);
}

/** Values of a metric, by the suffixes that Prometheus' naming conventions give to units. */
export function rangeOf(metric: string): Range {
  if (isFlag(metric)) return { min: 0, max: 1 };
  if (/_(pct|percent)$/.test(metric)) return { min: 0, max: 100 };
  if (/_ratio$/.test(metric)) return { min: 0, max: 1 };
  if (/_timestamp(_seconds)?$/.test(metric)) return instants;
  if (/_timestamp_(ms|milliseconds)$/.test(metric))
    return { min: instants.min * 1000, max: instants.max * 1000 };
  if (/_(bytes|total|count)$/.test(metric)) return { min: 0, max: Infinity };
  return anything;
}

/** Values of a job's metric. A status is an exit code: 0 to 255; what a run counts beside, or measures, is never negative. */
export function rangeOfMeaning({ meaning, name }: Metric): Range {
  switch (meaning) {
    case "last-success":
    case "last-run":
    case "oldest":
      return instants;
    case "status":
      return { min: 0, max: 255 };
    case "bytes":
    case "duration":
      return { min: 0, max: Infinity };
    case "other": {
      const range = rangeOf(name);
      return { ...range, min: Math.max(0, range.min) };
    }
  }
}

/** The smallest range that holds all of them. */
export function hull(ranges: readonly Range[]): Range {
  return {
    min: Math.min(...ranges.map(range => range.min)),
    max: Math.max(...ranges.map(range => range.max)),
  };
}

/** Range of an arithmetic operator's result; `anything` for those that aren't worth knowing. */
export function arithmetic(op: string, a: Range, b: Range): Range {
  switch (op) {
    case "+":
      return { min: a.min + b.min, max: a.max + b.max };
    case "-":
      return { min: a.min - b.max, max: a.max - b.min };
    case "*":
      return products([a.min * b.min, a.min * b.max, a.max * b.min, a.max * b.max]);
    case "/":
      if (b.min > 0) return products([a.min / b.min, a.min / b.max, a.max / b.min, a.max / b.max]);
      return a.min >= 0 && b.min >= 0 ? { min: 0, max: Infinity } : anything;
    default:
      return anything;
  }
}

/** 0 × ∞ isn't a number, and so nothing is known. */
function products(corners: readonly number[]): Range {
  return corners.some(Number.isNaN) ? anything : { min: Math.min(...corners), max: Math.max(...corners) };
}

/** Whether a comparison holds for all, none or some values of two ranges. */
export function comparison(op: string, a: Range, b: Range): "always" | "never" | "maybe" {
  const [holds, fails] = bounds(op, a, b);
  return holds ? "always" : fails ? "never" : "maybe";
}

function bounds(op: string, a: Range, b: Range): readonly [boolean, boolean] {
  const same = a.min === a.max && b.min === b.max && a.min === b.min;
  const apart = a.max < b.min || b.max < a.min;
  switch (op) {
    case ">":
      return [a.min > b.max, a.max <= b.min];
    case ">=":
      return [a.min >= b.max, a.max < b.min];
    case "<":
      return [a.max < b.min, a.min >= b.max];
    case "<=":
      return [a.max <= b.min, a.min > b.max];
    case "==":
      return [same, apart];
    case "!=":
      return [apart, same];
    default:
      return [false, false];
  }
}
