import { type Plan, planOf } from "../plan";
import type { Estate } from "../plan/estate/schema";
import type { Check, Finding } from "./check";

/** Each estate without a cause is planned, and costs the checks that found something once more. */
const mostTried = 6;
/** So many causes are taken away, one after the other. */
const mostMended = 4;

/** Findings that some checks have of a plan. */
export type Run = (plan: Plan, checks: readonly Check[]) => readonly Finding[];

/** A finding that explains others. */
interface Cause {
  readonly key: string;
  /** Without it. */
  readonly estate: Estate;
  explains(finding: Finding): boolean;
}

/**
 * Which findings follow from which others: those that are gone in an estate without the cause. A suspicion, which is no
 * fault by itself, is a finding where it explains an error and nothing new is wrong without it; a warning that explains one is an
 * error. And what one finding says of many things is told before what others say of each of them (`gathers`).
 * @param checked all findings of `checks`, those of suspicions too
 * @param mendedBefore how many causes the plan is already without
 */
export function withCauses(
  checked: readonly Finding[],
  plan: Plan,
  checks: readonly Check[],
  run: Run,
  mendedBefore = 0,
): Finding[] {
  const { findings, causes } = oneByOne(checked, plan, checks, run);
  const [root, ...others] = causes;
  const isRoot = (finding: Finding): boolean => keyOf(finding) === root?.key;
  const isOpen = ({ severity, follows }: Finding): boolean => severity === "error" && follows === undefined;
  const open = findings.filter(each => isOpen(each) && !causes.some(({ key }) => key === keyOf(each)));
  if (!root || mendedBefore === mostMended || (others.length === 0 && open.length === 0)) return findings;
  // Of two mistakes, one that is suspected may be the other one's neighbour, and what both have broken is mended without both: the rest is
  // asked of the estate without what explains most.
  const mended = planOf(root.estate);
  const byCode = new Map(checks.map(check => [check.code, check]));
  const isSuspicion = ({ code }: Finding): boolean => byCode.get(code)?.suspicion ?? false;
  const rest = withCauses(run(mended, checks), mended, checks, run, mendedBefore + 1).filter(
    each => !isRoot(each),
  );
  const left = new Map(rest.map(finding => [keyOf(finding), finding]));
  const again = (finding: Finding): Finding => {
    const { follows, ...own } = finding;
    if (isRoot(finding) || follows === root.key) return finding;
    const there = left.get(keyOf(finding));
    if (!there)
      return follows === undefined && root.explains(finding) ? { ...own, follows: root.key } : finding;
    const severity = there.severity === "error" ? there.severity : own.severity;
    const because = there.follows ?? follows;
    return { ...own, severity, ...(because !== undefined && { follows: because }) };
  };
  const seen = findings.filter(each => !isSuspicion(each)).map(again);
  const above = new Map(seen.map(each => [keyOf(each), each.follows]));
  // What follows from what follows is told beneath the same cause.
  const told = seen.map(each => {
    const higher = each.follows === undefined ? undefined : above.get(each.follows);
    return higher === undefined || higher === keyOf(each) ? each : { ...each, follows: higher };
  });
  const followed = new Set(told.map(({ follows }) => follows));
  const before = findings.filter(
    each => isSuspicion(each) && (isRoot(each) || (followed.has(keyOf(each)) && !left.has(keyOf(each)))),
  );
  return [...before, ...rest.filter(isSuspicion), ...told];
}

/** What each cause explains that alone is taken away; causes by how much, the most first. */
function oneByOne(
  checked: readonly Finding[],
  plan: Plan,
  checks: readonly Check[],
  run: Run,
): { readonly findings: Finding[]; readonly causes: readonly Cause[] } {
  const byCode = new Map(checks.map(check => [check.code, check]));
  const isSuspicion = ({ code }: Finding): boolean => byCode.get(code)?.suspicion ?? false;
  const faults = checked.filter(finding => !isSuspicion(finding));
  const errors = faults.filter(({ severity }) => severity === "error");
  if (errors.length === 0) return { findings: faults, causes: [] };
  const tried = checked
    .filter(finding => isSuspicion(finding) || finding.severity === "warning" || errors.length > 1)
    .flatMap(cause => {
      const check = byCode.get(cause.code);
      if (!check?.without || cause.evidence["waivedUntil"] !== undefined) return [];
      const { explains = () => true } = check;
      return [{ cause, estates: () => check.without?.(plan, cause) ?? [], explains }];
    });
  const asked = { faults, checks, isSuspicion, run };
  const followed = new Map<Finding, string>();
  const found: Finding[] = [];
  const causes: Cause[] = [];
  // What breaks something is no warning any more.
  const broken = new Set<Finding>();
  let left = mostTried;
  const followers = tried
    .flatMap(({ cause, estates, explains }) => {
      const without = left === 0 ? [] : estates();
      if (without.length === 0) return [];
      left--;
      const mayFollow = (finding: Finding): boolean => finding !== cause && explains(cause, finding);
      const { gone, estate } = mostGone(cause, without, mayFollow, asked);
      return [{ cause, estate, explains, free: gone.filter(mayFollow) }];
    })
    // What explains a part may do so by chance, as an hour does that makes up for another job's: the whole is told before it.
    .sort((a, b) => b.free.length - a.free.length);
  for (const { cause, estate, explains, free } of followers) {
    const own = free.filter(finding => !followed.has(finding));
    if (followed.has(cause) || own.length === 0) continue;
    if (isSuspicion(cause)) found.push(cause);
    else if (own.some(({ severity }) => severity === "error")) broken.add(cause);
    if (estate) causes.push({ key: keyOf(cause), estate, explains: finding => explains(cause, finding) });
    for (const finding of own) followed.set(finding, keyOf(cause));
  }
  for (const cause of faults) {
    const gathers = byCode.get(cause.code)?.gathers;
    if (!gathers) continue;
    const root = followed.get(cause) ?? keyOf(cause);
    for (const finding of faults)
      if (!followed.has(finding) && finding !== cause && gathers(cause, finding)) followed.set(finding, root);
  }
  const findings = [...found, ...faults].map(finding => {
    const follows = followed.get(finding);
    const told = broken.has(finding) ? { ...finding, severity: "error" as const } : finding;
    return follows === undefined ? told : { ...told, follows };
  });
  return { findings, causes };
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
): { readonly gone: readonly Finding[]; readonly estate?: Estate } {
  const known = new Set(faults.map(keyOf));
  const codes = new Set(faults.map(({ code }) => code));
  const told = checks.filter(({ code }) => codes.has(code));
  const silent = checks.filter(({ code }) => !codes.has(code));
  const isNew = (finding: Finding): boolean =>
    finding.severity === "error" && !isSuspicion(finding) && !known.has(keyOf(finding));
  const healed = estates
    .flatMap(estate => {
      const plan = planOf(estate);
      const left = run(plan, told);
      const keys = new Set(left.map(keyOf));
      const gone = faults.filter(finding => !keys.has(keyOf(finding)));
      const mends = isSuspicion(cause) ? gone.some(isBroken) : gone.includes(cause);
      return mends && !left.some(isNew) ? [{ estate, plan, gone }] : [];
    })
    .sort((a, b) => b.gone.length - a.gone.length);
  if (!healed.some(({ gone }) => gone.some(mayFollow))) return { gone: [] };
  return healed.find(({ plan }) => !silent.some(check => run(plan, [check]).some(isNew))) ?? { gone: [] };
}
