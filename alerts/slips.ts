import type { Plan } from "../plan";
import { ageOf } from "./courses";
import { evaluate } from "./promql/evaluate";
import { selected } from "./promql/select";
import {
  type Call,
  type Comparison,
  type Expr,
  isComparison,
  type Range,
  selectorsOf,
  walk,
} from "./promql/syntax";
import type { Range as Values } from "./ranges";
import { type Series, seriesOf } from "./series";

/** A part of an alert that can't be meant as it stands. */
export type Slip =
  /** A rate of something that goes up and down, which takes each fall for a restart of what counts. */
  | { readonly kind: "rate-of-gauge"; readonly call: Call; readonly metric: string }
  /** A window in which a job's metric changes once at most. */
  | {
      readonly kind: "window";
      readonly call: Call;
      readonly metric: string;
      readonly job: string;
      readonly windowMs: number;
      readonly gapMs: number;
    }
  /** A number in another unit than what it is compared with. */
  | {
      readonly kind: "unit";
      readonly comparison: Comparison;
      readonly values: Values;
      readonly unit: "per cent" | "bytes";
    };

const ofCounters = /^(rate|irate|increase|resets)$/;
const ofChange = /^(rate|irate|increase|resets|delta|idelta|deriv|changes|predict_linear)$/;
/** Less free space or memory than this is none: nobody is warned at so many bytes. */
const fewBytes = 1e6;

/** The first slip in an expression. */
export function slipOf(expr: Expr, plan: Plan): Slip | undefined {
  for (const part of walk(expr)) {
    const found = part.kind === "call" ? callSlip(part, plan) : undefined;
    if (found) return found;
  }
  return unitSlip(expr, plan);
}

function callSlip(call: Call, plan: Plan): Slip | undefined {
  if (!ofChange.test(call.name)) return undefined;
  const index = seriesOf(plan);
  const range = [...walk(call)].find((part): part is Range => part.kind === "range");
  const series = selectorsOf(call).flatMap(selector => selected(selector, index));
  const [first] = series;
  if (!first || !range || range.isSubquery) return undefined;
  if (ofCounters.test(call.name) && series.every(isGauge))
    return { kind: "rate-of-gauge", call, metric: first.metric };
  const { windowMs } = range;
  for (const { kind, labels, emitter, metric } of series) {
    const job =
      kind === "job" && plan.jobs.find(({ name, host }) => name === emitter && host === labels["instance"]);
    const gapMs = job ? ageOf(job, plan).gapMs : 0;
    if (job && windowMs < gapMs) return { kind: "window", call, metric, job: job.name, windowMs, gapMs };
  }
  return undefined;
}

/** What can go down: all that jobs report, and what an exporter's metric says by its name. */
function isGauge({ kind, metric, range }: Series): boolean {
  if (/_(total|count|sum|bucket)$/.test(metric)) return false;
  if (kind === "job" || range.max !== Infinity) return true;
  return /^node_(filesystem|memory|load)/.test(metric);
}

function unitSlip(expr: Expr, plan: Plan): Slip | undefined {
  let found: Slip | undefined;
  evaluate(expr, seriesOf(plan), {
    compared: (comparison, _, left) => {
      if (found || !isComparison(comparison) || comparison.right.kind !== "number") return;
      const { value } = comparison.right;
      const [first] = left;
      if (!first || value <= 0) return;
      const { range, series } = first;
      const isPerCent = left.every(({ range: { min, max } }) => min === 0 && max === 100);
      if (isPerCent && value < 1) found = { kind: "unit", comparison, values: range, unit: "per cent" };
      const isSpace = /^node_(filesystem|memory)_\w*(avail|free|size|Avail|Free|Total)\w*_bytes$/.test(
        series?.metric ?? "",
      );
      if (isSpace && value < fewBytes) found = { kind: "unit", comparison, values: range, unit: "bytes" };
    },
  });
  return found;
}
