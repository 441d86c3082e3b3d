import type { Plan } from "../plan";
import { evaluate } from "./promql/evaluate";
import type { Course } from "./promql/moment";
import { selected } from "./promql/select";
import { type Expr, selectorsOf } from "./promql/syntax";
import { exactly } from "./ranges";
import { type Series, seriesOf } from "./series";

/** What an alert on what waits for its turn gets wrong: it fires before it is late, or never. */
export type AgedFlaw =
  | { readonly kind: "in-turn"; readonly metric: string; readonly ageMs: number; readonly dueMs: number }
  | { readonly kind: "late-unseen"; readonly metric: string; readonly dueMs: number };

/** Of the time in which all has its turn: what a healthy week shows, and what comes when nothing has its turn any more. */
const [healthy, late] = [
  [0.98, 0.5, 0.001],
  [1.1, 3, 300],
] as const;

/** Follows an alert on nothing but instants that all have their turn within a known time, such as a scrub's. */
export function agedFlawOf(expr: Expr, plan: Plan): AgedFlaw | undefined {
  const index = seriesOf(plan);
  const series = [...new Set(selectorsOf(expr).flatMap(selector => selected(selector, index)))];
  const [first] = series;
  if (first?.dueMs === undefined || series.some(({ dueMs }) => dueMs === undefined)) return undefined;
  const firesAt = (share: number | undefined): "surely" | "perhaps" | "no" => {
    const valueAt = ({ dueMs = 0 }: Series) =>
      share === undefined ? undefined : exactly((nowMs - share * dueMs) / 1000);
    const course: Course = { valueAt, valuesIn: () => undefined };
    const result = evaluate(expr, index, {}, { atMs: nowMs, course });
    if (result.kind !== "vector") return "perhaps";
    if (result.samples.length === 0) return "no";
    return result.samples.some(({ sure }) => sure) ? "surely" : "perhaps";
  };
  const { metric, dueMs } = first;
  const early = healthy.find(share => firesAt(share) === "surely");
  if (early !== undefined) return { kind: "in-turn", metric, ageMs: early * dueMs, dueMs };
  const isUnseen = [...late, undefined].every(share => firesAt(share) === "no");
  return isUnseen ? { kind: "late-unseen", metric, dueMs } : undefined;
}

/** Within the instants that a metric may have (`ranges.ts`): one that isn't known may be before it or behind it. Far from 1970, for many times a month. */
const nowMs = Date.UTC(2090, 5, 15);
