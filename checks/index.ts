import type { Plan } from "../plan";
import { catalogue } from "./catalogue";
import type { Finding } from "./check";

export type { Check, Finding } from "./check";
export { catalogue } from "./catalogue";

/** All findings of a plan: errors first, then by code and subject, so two runs print the same. */
export function runChecks(plan: Plan): Finding[] {
  return catalogue.flatMap(check => check.run(plan)).sort(bySeverityThenCode);
}

function bySeverityThenCode(a: Finding, b: Finding): number {
  return rank(a) - rank(b) || a.code.localeCompare(b.code) || a.subject.localeCompare(b.subject);
}

function rank(finding: Finding): number {
  return finding.severity === "error" ? 0 : 1;
}
