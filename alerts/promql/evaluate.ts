import { ages, anything, arithmetic, comparison, exactly, hull, instants, type Range } from "../ranges";
import type { Labels, Series, SeriesIndex } from "../series";
import { afterCall } from "./functions";
import { join, type Joined } from "./join";
import type { Sample } from "./sample";
import { selected } from "./select";
import { type Aggregate, type Binary, type Call, type Expr, isComparison } from "./syntax";

/** What an expression can give. `unknown` where labels are made up on the way, as by label_replace. */
export type Result =
  | { readonly kind: "scalar"; readonly range: Range; readonly isNow: boolean }
  | { readonly kind: "vector"; readonly samples: readonly Sample[] }
  | { readonly kind: "unknown" };

/** What is seen on the way through an expression. */
export interface Observer {
  /** A comparison of values, with its outcome for each pair of samples. */
  compared?(expr: Binary, outcomes: readonly ("always" | "never" | "maybe")[]): void;
  /** Two vectors that were matched with one another. */
  joined?(expr: Binary, left: readonly Sample[], right: readonly Sample[], result: Joined): void;
}

/** Which series an expression can give with the estate's series, with which values. */
export function evaluate(expr: Expr, index: SeriesIndex, observer: Observer = {}): Result {
  const inner = (part: Expr): Result => evaluate(part, index, observer);
  switch (expr.kind) {
    case "number":
      return { kind: "scalar", range: exactly(expr.value), isNow: false };
    case "string":
      return { kind: "unknown" };
    case "selector":
      return {
        kind: "vector",
        samples: selected(expr, index).map(series => ({
          labels: series.labels,
          range: series.range,
          series,
        })),
      };
    case "range":
      return inner(expr.of);
    case "negated":
      return withRanges(inner(expr.of), range => ({ min: -range.max, max: -range.min }));
    case "binary":
      return binary(expr, inner(expr.left), inner(expr.right), observer);
    case "aggregate":
      return aggregate(expr, expr.args.map(inner));
    case "call":
      return call(expr, expr.args.map(inner));
  }
}

function withRanges(result: Result, change: (range: Range) => Range): Result {
  switch (result.kind) {
    case "scalar":
      return { kind: "scalar", range: change(result.range), isNow: false };
    case "vector":
      return {
        kind: "vector",
        samples: result.samples.map(({ labels, range }) => ({ labels, range: change(range) })),
      };
    case "unknown":
      return result;
  }
}

function binary(expr: Binary, left: Result, right: Result, observer: Observer): Result {
  if (left.kind === "unknown" || right.kind === "unknown") return { kind: "unknown" };
  if (left.kind === "scalar" && right.kind === "scalar") {
    if (isComparison(expr)) observer.compared?.(expr, [comparison(expr.op, left.range, right.range)]);
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
    left: left.kind === "scalar" ? { labels: {}, range: left.range } : sample,
    right: right.kind === "scalar" ? { labels: {}, range: right.range } : sample,
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
      samples: pairs.map(pair => ({ labels: pair.labels, range: valueOf(expr.op, pair, isAge) })),
    };
  const outcomes = pairs.map(pair => comparison(expr.op, pair.left.range, pair.right.range));
  observer.compared?.(expr, outcomes);
  if (expr.bool)
    return {
      kind: "vector",
      samples: pairs.map(pair => ({ labels: pair.labels, range: { min: 0, max: 1 } })),
    };
  return {
    kind: "vector",
    samples: pairs
      .filter((_, index) => outcomes[index] !== "never")
      .map(pair => ({ ...pair.kept, labels: pair.labels })),
  };
}

function valueOf(op: string, { left, right }: Joined["pairs"][number], isAge: boolean): Range {
  if (isAge && right.range.min >= instants.min) return ages;
  return op === "/" && isPartOfWhole(left.series, right.series)
    ? { min: 0, max: 1 }
    : arithmetic(op, left.range, right.range);
}

/** node-exporter's pairs of which one is a part of the other. */
function isPartOfWhole(part: Series | undefined, whole: Series | undefined): boolean {
  const [a = "", b = ""] = [part?.metric, whole?.metric];
  return (
    (/^node_filesystem_(avail|free)_bytes$/.test(a) && b === "node_filesystem_size_bytes") ||
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
    const labels = Object.fromEntries(
      Object.entries(sample.labels).filter(([label]) => expr.by.includes(label) !== expr.without),
    );
    const key = JSON.stringify(Object.entries(labels).sort());
    const group = groups.get(key) ?? { labels, samples: [] };
    group.samples.push(sample);
    groups.set(key, group);
  }
  return {
    kind: "vector",
    samples: [...groups.values()].map(({ labels, samples }) => ({
      labels,
      range: aggregated(
        expr.op,
        samples.map(sample => sample.range),
      ),
    })),
  };
}

function aggregated(op: string, ranges: readonly Range[]): Range {
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
      return {
        min: Math.min(
          ...ranges.map(range => range.min),
          ranges.reduce((sum, range) => sum + range.min, 0),
        ),
        max: Math.max(
          ...ranges.map(range => range.max),
          ranges.reduce((sum, range) => sum + range.max, 0),
        ),
      };
    default:
      return anything;
  }
}

function call(expr: Call, args: readonly Result[]): Result {
  if (expr.name === "time") return { kind: "scalar", range: instants, isNow: true };
  if (expr.name === "absent" || expr.name === "absent_over_time")
    return { kind: "vector", samples: [{ labels: equalities(expr.args[0]), range: exactly(1) }] };
  const of = args.find(arg => arg.kind === "vector");
  if (expr.name === "vector") {
    const [first] = args;
    return {
      kind: "vector",
      samples: [{ labels: {}, range: first?.kind === "scalar" ? first.range : anything }],
    };
  }
  if (expr.name === "scalar") return { kind: "scalar", range: anything, isNow: false };
  if (/^(label_replace|label_join|info|histogram_\w+)$/.test(expr.name)) return { kind: "unknown" };
  if (!of) return { kind: "scalar", range: anything, isNow: false };
  return withRanges(of, range => afterCall(expr.name, range));
}

/** Labels of absent()'s result: those that its selector asks for by "=". */
function equalities(arg: Expr | undefined): Labels {
  const selector = arg?.kind === "range" ? arg.of : arg;
  if (selector?.kind !== "selector") return {};
  return Object.fromEntries(
    selector.matchers.filter(matcher => matcher.op === "=").map(matcher => [matcher.label, matcher.value]),
  );
}
