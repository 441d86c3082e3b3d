import type { Plan } from "../plan";
import { endOfDay } from "../plan/calendar";
import { catalogue } from "./catalogue";
import { keyOf, withCauses } from "./causes";
import type { Check, Finding } from "./check";
import { secretUnused } from "./security/secret-unused";
import { waiverOf } from "./waived";

export type { Check, Finding } from "./check";
export { catalogue } from "./catalogue";
export { keyOf } from "./causes";

/**
 * All findings of a plan: errors first, of these what others follow from (`withCauses`) first and what follows last; then by
 * family (`causesFirst`), code and subject, so two runs print the same. One that the estate waives is a warning.
 * @param asOfMs the instant of the check, as epoch ms
 */
export function runChecks(plan: Plan, asOfMs: number): Finding[] {
  const run = (one: Plan, checks: readonly Check[]): Finding[] =>
    checks
      .flatMap(check => check.run(one, asOfMs))
      .map(finding => waived(finding, one, asOfMs))
      .sort(bySeverityThenCode);
  const findings = withLeftovers(withCauses(run(plan, catalogue), plan, catalogue, run));
  const causes = new Set(findings.flatMap(({ follows }) => follows ?? []));
  const place = (finding: Finding): number =>
    finding.severity === "warning"
      ? 3
      : finding.follows !== undefined
        ? 2
        : causes.has(keyOf(finding))
          ? 0
          : 1;
  return findings.sort((a, b) => place(a) - place(b));
}

/** What is true of an estate before anything is edited: nothing is left over by it. */
const unproven = ["security/break-glass-unproven", "promises/restore-unproven"];

/** What is told of times, room or expressions: no part was removed, and what it names isn't left over by it. */
const ofNumbers = /^(order|schedule|capacity|retention)\/|^alerts\/(always|never)-fires$/;

/** A part that was removed leaves its secrets behind: while something of that is told, they are no second mistake. */
function withLeftovers(findings: readonly Finding[]): Finding[] {
  const cause = findings.find(
    ({ code, follows, evidence }) =>
      follows === undefined &&
      evidence["waivedUntil"] === undefined &&
      !ofNumbers.test(code) &&
      ![...unproven, secretUnused.code].includes(code),
  );
  return findings.map(finding =>
    cause && finding.code === secretUnused.code && finding.follows === undefined
      ? { ...finding, follows: keyOf(cause) }
      : finding,
  );
}

/** An expired waiver still softens what it named: `waivers/expired` is the error then, and one cause is told once. */
function waived(finding: Finding, plan: Plan, asOfMs: number): Finding {
  const waiver = waiverOf(plan, finding);
  if (!waiver) return finding;
  const { reason, owner, expires } = waiver;
  const over = endOfDay(expires, plan.estate.zone) <= asOfMs;
  return {
    ...finding,
    severity: "warning",
    message: `${finding.message} ${over ? "Was accepted" : "Accepted"} until ${expires} by ${owner}: ${reason}.`,
    evidence: { ...finding.evidence, waivedUntil: expires },
  };
}

function bySeverityThenCode(a: Finding, b: Finding): number {
  return rank(a) - rank(b) || a.code.localeCompare(b.code) || a.subject.localeCompare(b.subject);
}

/** Families of checks: what a slip of the pen breaks, from the estate's names by routes and times to promises. */
const causesFirst = [
  "estate",
  "routes",
  "schedule",
  "order",
  "retention",
  "alerts",
  "security",
  "capacity",
  "promises",
];

function rank({ severity, code }: Finding): number {
  const family = causesFirst.indexOf(code.split("/")[0] ?? "");
  return (severity === "error" ? 0 : 100) + (family < 0 ? causesFirst.length : family);
}
