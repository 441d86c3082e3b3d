import type { Finding } from "../../checks";
import type { Plan } from "../../plan";
import { notThere } from "./not-there";
import { outOfReach } from "./out-of-reach";
import { routeFindings } from "./routes";
import { ruleFindings } from "./rules";
import type { Seen } from "./seen";
import { databasesUnnamed, unnamedIn } from "./unnamed";
import { unprotectedOf } from "./unprotected";

/** What is there and the estate doesn't name or cover, and what it names and isn't there: errors first. Pure. */
export function liveFindings(plan: Plan, seen: Seen, nowMs: number): Finding[] {
  const findings = [
    ...unprotectedOf(plan, unnamedIn(seen, plan.estate, plan.jobs), nowMs),
    ...notThere(plan.estate, seen),
    ...outOfReach(plan.estate, seen),
    ...databases(plan, seen),
    ...ruleFindings(plan, seen, nowMs),
    ...routeFindings(plan, seen),
  ];
  const isError = ({ severity }: Finding): boolean => severity === "error";
  return [...findings.filter(isError), ...findings.filter(finding => !isError(finding))];
}

function databases({ estate, jobs }: Plan, seen: Seen): Finding[] {
  return databasesUnnamed(seen, estate, jobs).map(({ namespace, engine, image }) => ({
    ...{ code: "live/database-unnamed", severity: "warning", subject: `${engine} in ${namespace}` },
    message: `${image} runs in namespace ${namespace}, and the estate has no ${engine} database there: its files may be copied as they lie, which no server is known to start from.`,
    fix: `A dataset of kind database with engine ${engine}, and a job that dumps it; if no copy is wanted: unprotected in it.`,
    evidence: { image },
  }));
}
