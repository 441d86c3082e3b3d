import { type Plan, planOf } from "../plan";
import type { Estate } from "../plan/estate/schema";
import type { Check, Finding } from "./check";

/** Each estate without a cause costs all checks once more. */
const mostTried = 6;

/**
 * Which findings follow from which others: those that are gone in an estate without the cause. A suspicion, which is no
 * fault by itself, is a finding where it explains an error and nothing new is wrong without it.
 * @param checked all findings, those of suspicions too
 * @param run all checks of a plan
 */
export function withCauses(
  checked: readonly Finding[],
  plan: Plan,
  checks: readonly Check[],
  run: (plan: Plan) => readonly Finding[],
): Finding[] {
  const byCode = new Map(checks.map(check => [check.code, check]));
  const isSuspicion = ({ code }: Finding): boolean => byCode.get(code)?.suspicion ?? false;
  const faults = checked.filter(finding => !isSuspicion(finding));
  const errors = faults.filter(({ severity }) => severity === "error");
  if (errors.length === 0) return faults;
  const tried = checked
    .filter(finding => isSuspicion(finding) || errors.length > 1)
    .flatMap(cause => {
      const check = byCode.get(cause.code);
      if (!check?.without || cause.severity !== "error") return [];
      const { without, explains = () => true } = check;
      return [{ cause, estates: () => without(plan, cause), explains }];
    })
    .slice(0, mostTried);
  const causes = new Map<Finding, string>();
  const found: Finding[] = [];
  for (const { cause, estates, explains } of tried) {
    if (causes.has(cause)) continue;
    const gone = mostGone(cause, estates(), faults, isSuspicion, run);
    const free = gone.filter(
      finding => !causes.has(finding) && finding !== cause && explains(cause, finding),
    );
    if (free.length === 0) continue;
    if (isSuspicion(cause)) found.push(cause);
    for (const finding of free) causes.set(finding, keyOf(cause));
  }
  return [...found, ...faults].map(finding => {
    const follows = causes.get(finding);
    return follows === undefined ? finding : { ...finding, follows };
  });
}

/** What a suspicion may explain: an order of jobs, or a promise that several keep together. */
function isBetweenJobs({ code, severity }: Finding): boolean {
  return severity === "error" && /^(order|promises)\//.test(code);
}

/** "CODE SUBJECT" of a finding: how another one names it. */
export function keyOf({ code, subject }: Finding): string {
  return `${code} ${subject}`;
}

/** The findings that are gone in that one of some estates in which most are, and in which nothing new is found. */
function mostGone(
  cause: Finding,
  estates: readonly Estate[],
  faults: readonly Finding[],
  isSuspicion: (finding: Finding) => boolean,
  run: (plan: Plan) => readonly Finding[],
): Finding[] {
  const known = new Set(faults.map(keyOf));
  let best: Finding[] = [];
  for (const estate of estates) {
    const left = run(planOf(estate)).filter(finding => !isSuspicion(finding));
    const keys = new Set(left.map(keyOf));
    const isNew = left.some(finding => finding.severity === "error" && !known.has(keyOf(finding)));
    const gone = faults.filter(finding => !keys.has(keyOf(finding)));
    const mends = isSuspicion(cause) ? gone.some(isBetweenJobs) : gone.includes(cause);
    if (!isNew && mends && gone.length > best.length) best = gone;
  }
  return best;
}
