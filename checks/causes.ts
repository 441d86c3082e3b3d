import { type Plan, planOf } from "../plan";
import type { Estate } from "../plan/estate/schema";
import type { Check, Finding } from "./check";

/** Each estate without a cause is planned, and costs the checks that found something once more. */
const mostTried = 6;

/** Findings that some checks have of a plan. */
export type Run = (plan: Plan, checks: readonly Check[]) => readonly Finding[];

/**
 * Which findings follow from which others: those that are gone in an estate without the cause. A suspicion, which is no
 * fault by itself, is a finding where it explains an error and nothing new is wrong without it; a warning that explains one is an
 * error. And what one finding says of many things is told before what others say of each of them (`gathers`).
 * @param checked all findings of `checks`, those of suspicions too
 */
export function withCauses(
  checked: readonly Finding[],
  plan: Plan,
  checks: readonly Check[],
  run: Run,
): Finding[] {
  const byCode = new Map(checks.map(check => [check.code, check]));
  const isSuspicion = ({ code }: Finding): boolean => byCode.get(code)?.suspicion ?? false;
  const faults = checked.filter(finding => !isSuspicion(finding));
  const errors = faults.filter(({ severity }) => severity === "error");
  if (errors.length === 0) return faults;
  const tried = checked
    .filter(finding => isSuspicion(finding) || finding.severity === "warning" || errors.length > 1)
    .flatMap(cause => {
      const check = byCode.get(cause.code);
      if (!check?.without || cause.evidence["waivedUntil"] !== undefined) return [];
      const { explains = () => true } = check;
      return [{ cause, estates: () => check.without?.(plan, cause) ?? [], explains }];
    });
  const asked = { faults, checks, isSuspicion, run };
  const causes = new Map<Finding, string>();
  const found: Finding[] = [];
  // What breaks something is no warning any more.
  const broken = new Set<Finding>();
  let left = mostTried;
  const followers = tried
    .flatMap(({ cause, estates, explains }) => {
      const without = left === 0 ? [] : estates();
      if (without.length === 0) return [];
      left--;
      const mayFollow = (finding: Finding): boolean => finding !== cause && explains(cause, finding);
      return [{ cause, free: mostGone(cause, without, mayFollow, asked).filter(mayFollow) }];
    })
    // What explains a part may do so by chance, as an hour does that makes up for another job's: the whole is told before it.
    .sort((a, b) => b.free.length - a.free.length);
  for (const { cause, free } of followers) {
    const own = free.filter(finding => !causes.has(finding));
    if (causes.has(cause) || own.length === 0) continue;
    if (isSuspicion(cause)) found.push(cause);
    else if (own.some(({ severity }) => severity === "error")) broken.add(cause);
    for (const finding of own) causes.set(finding, keyOf(cause));
  }
  for (const cause of faults) {
    const gathers = byCode.get(cause.code)?.gathers;
    if (!gathers) continue;
    const root = causes.get(cause) ?? keyOf(cause);
    for (const finding of faults)
      if (!causes.has(finding) && finding !== cause && gathers(cause, finding)) causes.set(finding, root);
  }
  return [...found, ...faults].map(finding => {
    const follows = causes.get(finding);
    const told = broken.has(finding) ? { ...finding, severity: "error" as const } : finding;
    return follows === undefined ? told : { ...told, follows };
  });
}

/** What a suspicion may explain: an order of jobs, a promise that several keep together, or a job's own. */
function isBroken({ code, severity }: Finding): boolean {
  return severity === "error" && /^((order|promises)\/|schedule\/stale-above-promise$)/.test(code);
}

/** "CODE SUBJECT" of a finding: how another one names it. */
export function keyOf({ code, subject }: Finding): string {
  return `${code} ${subject}`;
}

/** What is found of the plan as it is, and how the same is asked of another one. */
interface Asked {
  readonly faults: readonly Finding[];
  readonly checks: readonly Check[];
  readonly isSuspicion: (finding: Finding) => boolean;
  readonly run: Run;
}

/**
 * The findings that are gone in that one of some estates in which most are, and in which nothing new is found. What is gone is
 * seen by the checks that found something: the others, which may find something new, run where anything may follow.
 */
function mostGone(
  cause: Finding,
  estates: readonly Estate[],
  mayFollow: (finding: Finding) => boolean,
  { faults, checks, isSuspicion, run }: Asked,
): readonly Finding[] {
  const known = new Set(faults.map(keyOf));
  const codes = new Set(faults.map(({ code }) => code));
  const told = checks.filter(({ code }) => codes.has(code));
  const silent = checks.filter(({ code }) => !codes.has(code));
  const isNew = (finding: Finding): boolean =>
    finding.severity === "error" && !isSuspicion(finding) && !known.has(keyOf(finding));
  const healed = estates
    .map(planOf)
    .flatMap(plan => {
      const left = run(plan, told);
      const keys = new Set(left.map(keyOf));
      const gone = faults.filter(finding => !keys.has(keyOf(finding)));
      const mends = isSuspicion(cause) ? gone.some(isBroken) : gone.includes(cause);
      return mends && !left.some(isNew) ? [{ plan, gone }] : [];
    })
    .sort((a, b) => b.gone.length - a.gone.length);
  if (!healed.some(({ gone }) => gone.some(mayFollow))) return [];
  return healed.find(({ plan }) => !silent.some(check => run(plan, [check]).some(isNew)))?.gone ?? [];
}
