import { ages, anything, arithmetic, comparison, exactly, hull, instants, type Range } from "../ranges";
import type { Labels, Series, SeriesIndex } from "../series";
import { afterCall, overWindow } from "./functions";
import { join, type Joined } from "./join";
import type { Moment } from "./moment";
import type { Sample } from "./sample";
import { selected } from "./select";
import { type Aggregate, type Binary, type Call, type Expr, isComparison, type Selector } from "./syntax";

/** What an expression can give. `unknown` where labels are made up on the way, as by label_replace. */
export type Result =
  | { readonly kind: "scalar"; readonly range: Range; readonly isNow: boolean }
  | { readonly kind: "vector"; readonly samples: readonly Sample[] }
  | { readonly kind: "unknown" };

/** What is seen on the way through an expression. */
export interface Observer {
  /** A comparison of values, with its outcome for each pair of samples, and the values that its left side can have. */
  compared?(
    expr: Binary,
    outcomes: readonly ("always" | "never" | "maybe")[],
    left: readonly Pick<Sample, "range" | "series">[],
  ): void;
  /** Two vectors that were matched with one another. */
  joined?(expr: Binary, left: readonly Sample[], right: readonly Sample[], result: Joined): void;
}

/**
 * Which series an expression can give with the estate's series, with which values.
 * @param moment gives what it has then, in place of what it can have at any time
 */
export function evaluate(expr: Expr, index: SeriesIndex, observer: Observer = {}, moment?: Moment): Result {
  const inner = (part: Expr): Result => evaluate(part, index, observer, moment);
  switch (expr.kind) {
    case "number":
      return { kind: "scalar", range: exactly(expr.value), isNow: false };
    case "string":
      return { kind: "unknown" };
    case "selector":
      return { kind: "vector", samples: selectedSamples(expr, index, moment) };
    case "range":
      return moment ? { kind: "unknown" } : inner(expr.of);
    case "shifted":
      if (!moment) return inner(expr.of);
      // Nothing has come yet of what lies ahead.
      if ((expr.byMs ?? 0) < 0) return { kind: "vector", samples: [] };
      return expr.byMs === undefined
        ? { kind: "unknown" }
        : evaluate(expr.of, index, observer, { ...moment, atMs: moment.atMs - expr.byMs });
    case "negated":
      return withRanges(inner(expr.of), range => ({ min: -range.max, max: -range.min }));
    case "binary":
      return binary(expr, inner(expr.left), inner(expr.right), observer);
    case "aggregate":
      return aggregate(expr, expr.args.map(inner));
    case "call":
      return overRange(expr, index, moment) ?? call(expr, expr.args.map(inner), moment);
  }
}

function selectedSamples(selector: Selector, index: SeriesIndex, moment: Moment | undefined): Sample[] {
  return selected(selector, index).flatMap(series => {
    const range = moment ? moment.course.valueAt(series, moment.atMs) : series.range;
    return range ? [{ labels: series.labels, range, sure: moment !== undefined, series }] : [];
  });
}

/** A function of what a window of a moment holds; nothing for other functions. */
function overRange(expr: Call, index: SeriesIndex, moment: Moment | undefined): Result | undefined {
  if (!moment) return undefined;
  let [arg, { atMs }] = [expr.args.find(isOverTime), moment];
  while (arg?.kind === "shifted") {
    if (arg.byMs === undefined) return { kind: "unknown" };
    atMs -= arg.byMs;
    arg = arg.of;
  }
  if (arg?.kind !== "range") return undefined;
  const { of, windowMs } = arg;
  if (of.kind !== "selector") return { kind: "unknown" };
  const samples = selected(of, index).flatMap(series => {
    const values = moment.course.valuesIn(series, atMs - windowMs, atMs);
    if (values?.length === 0) return [];
    const range = values ? overWindow(expr.name, values) : afterCall(expr.name, series.range);
    return [{ labels: series.labels, range, sure: true }];
  });
  if (expr.name !== "absent_over_time") return { kind: "vector", samples };
  const gone = { labels: equalities(of), range: exactly(1), sure: true };
  return { kind: "vector", samples: samples.length > 0 ? [] : [gone] };
}

function isOverTime(expr: Expr): boolean {
  return expr.kind === "range" || (expr.kind === "shifted" && isOverTime(expr.of));
}

function withRanges(result: Result, change: (range: Range) => Range): Result {
  switch (result.kind) {
    case "scalar":
      return { kind: "scalar", range: change(result.range), isNow: false };
    case "vector":
      return {
        kind: "vector",
        samples: result.samples.map(({ labels, range, sure }) => ({ labels, range: change(range), sure })),
      };
    case "unknown":
      return result;
  }
}

function binary(expr: Binary, left: Result, right: Result, observer: Observer): Result {
  if (left.kind === "unknown" || right.kind === "unknown") return { kind: "unknown" };
  if (left.kind === "scalar" && right.kind === "scalar") {
    if (isComparison(expr)) observer.compared?.(expr, [comparison(expr.op, left.range, right.range)], [left]);
    return { kind: "scalar", range: arithmetic(expr.op, left.range, right.range), isNow: false };
  }
  if (left.kind === "vector" && right.kind === "vector") {
    const joined = join(expr, left.samples, right.samples);
    observer.joined?.(expr, left.samples, right.samples, joined);
    if (!isComparison(expr) && /^(and|or|unless)$/.test(expr.op))
      return { kind: "vector", samples: joined.samples };
    return combined(expr, joined.pairs, observer);
  }
  const samples = left.kind === "vector" ? left.samples : right.kind === "vector" ? right.samples : [];
  const pairs = samples.map(sample => ({
    labels: sample.labels,
    left: left.kind === "scalar" ? { labels: {}, range: left.range, sure: true } : sample,
    right: right.kind === "scalar" ? { labels: {}, range: right.range, sure: true } : sample,
    kept: sample,
  }));
  const isAge = expr.op === "-" && left.kind === "scalar" && left.isNow;
  return combined(expr, pairs, observer, isAge);
}

/** Applies an operator to pairs of samples; a comparison drops those for which it can't hold. */
function combined(expr: Binary, pairs: Joined["pairs"], observer: Observer, isAge = false): Result {
  if (!isComparison(expr))
    return {
      kind: "vector",
      samples: pairs.map(pair => ({
        labels: pair.labels,
        range: valueOf(expr.op, pair, isAge),
        sure: pair.left.sure && pair.right.sure,
      })),
    };
  const outcomes = pairs.map(pair => comparison(expr.op, pair.left.range, pair.right.range));
  observer.compared?.(
    expr,
    outcomes,
    pairs.map(pair => pair.left),
  );
  const samples = pairs.flatMap((pair, index): Sample[] => {
    const sure = pair.left.sure && pair.right.sure;
    if (expr.bool) return [{ labels: pair.labels, range: truth(outcomes[index]), sure }];
    if (outcomes[index] === "never") return [];
    return [{ ...pair.kept, labels: pair.labels, sure: sure && outcomes[index] === "always" }];
  });
  return { kind: "vector", samples };
}

function truth(outcome: "always" | "never" | "maybe" | undefined): Range {
  return { min: outcome === "always" ? 1 : 0, max: outcome === "never" ? 0 : 1 };
}

function valueOf(op: string, { left, right }: Joined["pairs"][number], isAge: boolean): Range {
  if (isAge && right.range.min >= instants.min) return ages;
  if ([left, right].every(({ range }) => range.min === range.max))
    return arithmetic(op, left.range, right.range);
  if (op === "/" && isPartOfWhole(left.series, right.series)) return { min: 0, max: 1 };
  if (op === "/" && isPartOfWhole(right.series, left.series)) return { min: 1, max: Infinity };
  if (op === "/" && left.series !== undefined && left.series === right.series) return exactly(1);
  return arithmetic(op, left.range, right.range);
}

/** Pairs of which one is a part of the other: node-exporter's, and those of the NAS's volume. */
function isPartOfWhole(part: Series | undefined, whole: Series | undefined): boolean {
  const [a = "", b = ""] = [part?.metric, whole?.metric];
  return (
    (/^node_filesystem_(avail|free)_bytes$/.test(a) && b === "node_filesystem_size_bytes") ||
    (a === "nas_snapshot_volume_free_bytes" && b === "nas_snapshot_volume_size_bytes") ||
    (/^node_filesystem_files_free$/.test(a) && b === "node_filesystem_files") ||
    (/^node_memory_Mem(Available|Free)_bytes$/.test(a) && b === "node_memory_MemTotal_bytes")
  );
}

function aggregate(expr: Aggregate, args: readonly Result[]): Result {
  const of = args.at(-1);
  if (of?.kind !== "vector") return { kind: "unknown" };
  if (/^(topk|bottomk|limitk|limit_ratio)$/.test(expr.op)) return of;
  if (expr.op === "count_values") return { kind: "unknown" };
  const groups = new Map<string, { labels: Labels; samples: Sample[] }>();
  for (const sample of of.samples) {
    const { key, labels } = groupOf(expr, sample.labels);
    const group = groups.get(key) ?? { labels, samples: [] };
    group.samples.push(sample);
    groups.set(key, group);
  }
  return {
    kind: "vector",
    samples: [...groups.values()].map(({ labels, samples }) => ({
      labels,
      sure: samples.some(({ sure }) => sure),
      range: aggregated(
        expr.op,
        samples.map(sample => sample.range),
        samples.every(({ sure }) => sure),
      ),
    })),
  };
}

interface Group {
  readonly key: string;
  readonly labels: Labels;
}

const groupsOf = new WeakMap<Aggregate, WeakMap<Labels, Group>>();

/** The group that an aggregate puts a sample in: found once, as series have the same labels at each instant. */
function groupOf(expr: Aggregate, of: Labels): Group {
  const known = groupsOf.get(expr) ?? new WeakMap<Labels, Group>();
  groupsOf.set(expr, known);
  const found = known.get(of);
  if (found) return found;
  const left = Object.entries(of).filter(([label]) => expr.by.includes(label) !== expr.without);
  const group = { key: JSON.stringify(left.sort()), labels: Object.fromEntries(left) };
  known.set(of, group);
  return group;
}

/** @param complete whether all of them are there for sure */
function aggregated(op: string, ranges: readonly Range[], complete: boolean): Range {
  const [mins, maxs] = [ranges.map(({ min }) => min), ranges.map(({ max }) => max)];
  const sum = { min: total(mins), max: total(maxs) };
  if (complete)
    switch (op) {
      case "sum":
        return sum;
      case "avg":
        return { min: sum.min / ranges.length, max: sum.max / ranges.length };
      case "count":
        return exactly(ranges.length);
      case "min":
        return { min: Math.min(...mins), max: Math.min(...maxs) };
      case "max":
        return { min: Math.max(...mins), max: Math.max(...maxs) };
    }
  switch (op) {
    case "min":
    case "max":
    case "avg":
    case "quantile":
      return hull(ranges);
    case "count":
      return { min: 1, max: ranges.length };
    case "group":
      return exactly(1);
    case "sum":
      // Some of them may be gone: the sum can be of one alone.
      return { min: Math.min(...mins, sum.min), max: Math.max(...maxs, sum.max) };
    default:
      return anything;
  }
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** Prometheus takes no sample that is older: what was pushed is read anew at each scrape, whenever it was pushed. */
const lookbackS = 300;

function call(expr: Call, args: readonly Result[], moment: Moment | undefined): Result {
  if (expr.name === "time")
    return moment
      ? { kind: "scalar", range: exactly(moment.atMs / 1000), isNow: false }
      : { kind: "scalar", range: instants, isNow: true };
  if (expr.name === "absent" || expr.name === "absent_over_time") return absent(expr, args[0], moment);
  const of = args.find(arg => arg.kind === "vector");
  if (expr.name === "vector") {
    const [first] = args;
    return {
      kind: "vector",
      samples: [{ labels: {}, range: first?.kind === "scalar" ? first.range : anything, sure: true }],
    };
  }
  if (expr.name === "scalar") {
    const [only, ...others] = of?.samples ?? [];
    const known = only?.sure && others.length === 0;
    return { kind: "scalar", range: known ? only.range : anything, isNow: false };
  }
  if (/^(label_replace|label_join|info|histogram_\w+)$/.test(expr.name)) return { kind: "unknown" };
  if (!of) return { kind: "scalar", range: anything, isNow: false };
  if (expr.name === "timestamp" && moment)
    return withRanges(of, () => ({ min: moment.atMs / 1000 - lookbackS, max: moment.atMs / 1000 }));
  return withRanges(of, range => afterCall(expr.name, range));
}

function absent(expr: Call, of: Result | undefined, moment: Moment | undefined): Result {
  const there = of?.kind === "vector" ? of.samples : [];
  const gone = { labels: equalities(expr.args[0]), range: exactly(1) };
  if (there.some(({ sure }) => sure)) return { kind: "vector", samples: [] };
  const sure = moment !== undefined && of?.kind === "vector" && there.length === 0;
  return { kind: "vector", samples: [{ ...gone, sure }] };
}

/** Labels of absent()'s result: those that its selector asks for by "=". */
function equalities(arg: Expr | undefined): Labels {
  const selector = arg?.kind === "range" ? arg.of : arg;
  if (selector?.kind !== "selector") return {};
  return Object.fromEntries(
    selector.matchers.filter(matcher => matcher.op === "=").map(matcher => [matcher.label, matcher.value]),
  );
}
