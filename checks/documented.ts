import { type Alert, allAlerts, readAlerts } from "../alerts/alert";
import { isComparison, selectorsOf, walk } from "../alerts/promql/syntax";
import type { Plan } from "../plan";
import type { Statement } from "../plan/estate/statements";
import { isKnown, type Known, knownValues } from "../plan/statements/known";
import { agree, readValue, type Value } from "../plan/statements/value";
import { formatDuration } from "../plan/units/duration";

/** Statements that say the same of one fact of one thing. */
export interface Claim {
  readonly about: string;
  readonly fact: Statement["fact"];
  /** As the first of the places has it. */
  readonly says: string;
  readonly value: Value;
  readonly places: readonly string[];
}

/** What documents say, one claim for each value of each fact; those of one fact follow one another. */
export function claimsOf({ estate }: Plan): Claim[] {
  const byFact = new Map<string, Claim[]>();
  for (const { about, fact, says, where } of estate.statements) {
    const value = readValue(fact, says);
    const key = JSON.stringify([about, fact]);
    const claims = byFact.get(key) ?? [];
    const index = claims.findIndex(
      claim => agree(claim.value, value, estate.years) && claim.value.kind === value.kind,
    );
    const same = claims[index];
    if (same) claims[index] = { ...same, places: [...same.places, where] };
    else claims.push({ about, fact, says, value, places: [where] });
    byFact.set(key, claims);
  }
  return [...byFact.values()].flat();
}

/** What the plan has for a claim's fact; nothing for a thing that the estate doesn't have. */
export function knownOf(
  plan: Plan,
  { about, fact }: Pick<Claim, "about" | "fact">,
): readonly Known[] | undefined {
  const alert = allAlerts(plan).find(({ name }) => name === about);
  if (alert) return ofAlert(plan, alert, fact);
  return isKnown(plan, about) ? knownValues(plan, about, fact) : undefined;
}

/** A job's alert speaks of the job; one of the estate's own has its threshold and metrics in its expression. */
function ofAlert(plan: Plan, alert: Alert, fact: Statement["fact"]): Known[] {
  if (alert.origin === "job") return knownValues(plan, alert.of, fact);
  const read = readAlerts(plan).find(({ name }) => name === alert.name);
  if (!read) return [];
  const texts = selectorsOf(read.parsed).flatMap(({ metric }) => (metric === undefined ? [] : [metric]));
  if (fact === "metric") return texts.map(text => ({ value: { kind: "text", text }, text }));
  if (fact !== "stale-after") return [];
  return [...walk(read.parsed)]
    .filter(isComparison)
    .flatMap(({ right }) =>
      right.kind === "number"
        ? [{ value: { kind: "duration", ms: right.value * 1000 }, text: formatDuration(right.value * 1000) }]
        : [],
    );
}
