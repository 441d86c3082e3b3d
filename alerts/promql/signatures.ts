/** What a part of an expression gives. */
export type Value = "scalar" | "vector" | "range" | "string";

/** What a function takes, and gives. */
export interface Signature {
  readonly takes: readonly Value[];
  /** How many of the last may be left out. */
  readonly optional: number;
  /** Whether the last may come any number of times. */
  readonly repeats: boolean;
  readonly gives: "scalar" | "vector";
}

const of = (takes: readonly Value[], more: Partial<Signature> = {}): Signature => ({
  takes,
  optional: 0,
  repeats: false,
  gives: "vector",
  ...more,
});

const each = (names: string, signature: Signature): Record<string, Signature> =>
  Object.fromEntries(names.split(" ").map(name => [name, signature]));

/** Functions that Prometheus has without being told to take experimental ones. */
export const functions: Readonly<Record<string, Signature>> = {
  ...each(
    "abs absent acos acosh asin asinh atan atanh ceil cos cosh deg exp floor histogram_avg histogram_count histogram_stddev histogram_stdvar histogram_sum ln log10 log2 rad sgn sin sinh sort sort_desc sqrt tan tanh timestamp",
    of(["vector"]),
  ),
  ...each(
    "absent_over_time avg_over_time changes count_over_time delta deriv idelta increase irate last_over_time max_over_time min_over_time present_over_time rate resets stddev_over_time stdvar_over_time sum_over_time",
    of(["range"]),
  ),
  ...each(
    "day_of_month day_of_week day_of_year days_in_month hour minute month year",
    of(["vector"], { optional: 1 }),
  ),
  ...each("clamp_max clamp_min", of(["vector", "scalar"])),
  ...each("pi time", of([], { gives: "scalar" })),
  clamp: of(["vector", "scalar", "scalar"]),
  histogram_fraction: of(["scalar", "scalar", "vector"]),
  histogram_quantile: of(["scalar", "vector"]),
  label_join: of(["vector", "string", "string", "string"], { optional: 1, repeats: true }),
  label_replace: of(["vector", "string", "string", "string", "string"]),
  predict_linear: of(["range", "scalar"]),
  quantile_over_time: of(["scalar", "range"]),
  round: of(["vector", "scalar"], { optional: 1 }),
  scalar: of(["vector"], { gives: "scalar" }),
  vector: of(["scalar"]),
};

/** Aggregates, by what they take. */
export const aggregates: Readonly<Record<string, readonly Value[]>> = {
  ...Object.fromEntries(
    ["sum", "avg", "count", "min", "max", "group", "stddev", "stdvar"].map(name => [
      name,
      ["vector"] as const,
    ]),
  ),
  topk: ["scalar", "vector"],
  bottomk: ["scalar", "vector"],
  quantile: ["scalar", "vector"],
  count_values: ["string", "vector"],
};
