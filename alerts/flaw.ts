import type { Plan } from "../plan";
import { parseDuration } from "../plan/units/duration";
import { type Alert, type ReadAlert } from "./alert";
import { type AgedFlaw, agedFlawOf } from "./aged";
import { evaluate } from "./promql/evaluate";
import { selected } from "./promql/select";
import { type Binary, type Comparison, type Expr, isComparison, selectorsOf } from "./promql/syntax";
import type { Range } from "./ranges";
import { type RoomFlaw, roomFlawOf } from "./room";
import { seriesOf } from "./series";
import { type Slip, slipOf } from "./slips";
import { type Verdict, verdictOf } from "./verdict";

/** Why an alert can't do what it says: the first cause alone, as the others follow from it. */
export type Flaw =
  | { readonly kind: "dead-join"; readonly expr: Binary }
  | Slip
  | { readonly kind: "always"; readonly comparison: Comparison; readonly values: readonly Range[] }
  | { readonly kind: "never"; readonly comparison: Comparison; readonly values: readonly Range[] }
  | Verdict
  | RoomFlaw
  | AgedFlaw;

const known = new WeakMap<Plan, Map<string, Flaw | undefined>>();

/** An alert's flaw. Nothing where something that it selects isn't there: that is a finding of its own. */
export function flawOf({ origin, parsed, rule }: ReadAlert, plan: Plan): Flaw | undefined {
  const flaws = known.get(plan) ?? new Map<string, Flaw | undefined>();
  known.set(plan, flaws);
  const key = `${origin} ${rule.for} ${rule.expr}`;
  if (!flaws.has(key)) flaws.set(key, flawIn(parsed, parseDuration(rule.for), plan, origin));
  return flaws.get(key);
}

/** @param origin the plan's own alerts are right by how they are made, and tested with promtool */
export function flawIn(expr: Expr, forMs: number, plan: Plan, origin: Alert["origin"]): Flaw | undefined {
  const index = seriesOf(plan);
  if (selectorsOf(expr).some(selector => selected(selector, index).length === 0)) return undefined;
  if (origin !== "estate") return certainty(expr, plan);
  const dead = deadJoin(expr, plan);
  if (dead) return { kind: "dead-join", expr: dead };
  return (
    slipOf(expr, plan) ??
    certainty(expr, plan) ??
    verdictOf(expr, forMs, plan) ??
    roomFlawOf(expr, plan) ??
    agedFlawOf(expr, plan)
  );
}

/** The first join that is always empty, or that Prometheus stops at. */
function deadJoin(expr: Expr, plan: Plan): Binary | undefined {
  let dead: Binary | undefined;
  evaluate(expr, seriesOf(plan), {
    joined: (join, left, right, { pairs, samples, ambiguous }) => {
      if (dead || left.length === 0 || right.length === 0 || join.op === "or" || join.op === "unless") return;
      if ((pairs.length === 0 && samples.length === 0) || ambiguous) dead = join;
    },
  });
  return dead;
}

/** A condition that holds for all, or for none, of the values that its series can have. */
function certainty(expr: Expr, plan: Plan): Flaw | undefined {
  const found: (Flaw & { kind: "always" | "never" })[] = [];
  const result = evaluate(expr, seriesOf(plan), {
    compared: (comparison, outcomes, left) => {
      if (outcomes.length === 0 || !isComparison(comparison)) return;
      const values = left.map(({ range }) => range);
      if (outcomes.every(outcome => outcome === "never")) found.push({ kind: "never", comparison, values });
      if (comparison === expr && (comparison.bool || outcomes.every(outcome => outcome === "always")))
        found.push({ kind: "always", comparison, values });
    },
  });
  const isEmpty = result.kind === "scalar" || (result.kind === "vector" && result.samples.length === 0);
  return found.find(({ kind }) => kind === "always" || isEmpty);
}
