import type { ReadAlert } from "../alerts/alert";
import { type Repair, repairOf, repairText } from "../alerts/repair";
import type { Comparison } from "../alerts/promql/syntax";
import { hull, type Range } from "../alerts/ranges";
import type { Plan } from "../plan";
import type { Job } from "../plan/job";
import { rulesOf } from "../alerts/rules";

/** Nobody mends more at a time; whoever has so many has one cause for all of them. */
const mostRepaired = 25;
const repaired = new WeakMap<Plan, Map<string, Repair | undefined>>();

/** What to write in an alert's place, tried out; other words where no usual change helps. */
export function alertFix(alert: ReadAlert, plan: Plan, otherwise: string): string {
  const known = repaired.get(plan) ?? new Map<string, Repair | undefined>();
  repaired.set(plan, known);
  if (!known.has(alert.name) && known.size < mostRepaired) known.set(alert.name, repairOf(alert, plan));
  const repair = known.get(alert.name);
  return repair ? repairText(repair, alert) : otherwise;
}

/** The way out that is always open: what an alert is to tell of, a job's own alerts tell already. */
export function removeFix(alert: ReadAlert, job: Job, plan: Plan): string {
  const [failing, stale] = rulesOf(job, plan).rules;
  return `Remove ${alert.name}: ${failing?.alert ?? ""} tells of each failure of ${job.name}, ${stale?.alert ?? ""} when none succeeds in time.`;
}

/** Which numbers a threshold can be, where the plan can't say which one is meant. */
export function withinFix({ left, op }: Comparison, values: readonly Range[]): string {
  const { min, max } = hull(values);
  const side = /^[<>]/.test(op) ? ', and "<" if a low value is bad, ">" if a high one is' : "";
  return min === -Infinity || max === Infinity
    ? `Compare ${left.text} with a number that it can have${side}.`
    : `Compare ${left.text} with a number between ${number(min)} and ${number(max)}${side}.`;
}

function number(value: number): string {
  return value >= 1e6 ? value.toExponential(1).replace("+", "") : String(value);
}
