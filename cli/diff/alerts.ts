import { allAlerts } from "../../alerts/alert";
import { type AlertRule, rulesOf } from "../../alerts/rules";
import type { Plan } from "../../plan";
import { byIdentity, calledOf } from "./jobs";
import { none, type Part, sides } from "./part";

interface Told {
  readonly rule: AlertRule;
  readonly severity: string;
  readonly receiver: string;
}

/** Alerts that only one of the estates has, and those that fire otherwise or tell somebody else. */
export function alertPart(before: Plan, after: Plan): Part {
  const [old, current] = [alertsOf(before), alertsOf(after)];
  const [oldJobs, jobs] = [byIdentity(before), byIdentity(after)];
  const changes = [...new Set([...current.keys(), ...old.keys()])].flatMap(key => {
    const [was, is] = [old.get(key), current.get(key)];
    const rule = (is ?? was)?.rule;
    if (rule === undefined) return [];
    const [identity = ""] = key.split("\n");
    const alert = { alert: rule.alert, of: calledOf(oldJobs.get(identity), jobs.get(identity)) };
    if (was === undefined || is === undefined)
      return [
        {
          ...alert,
          what: is === undefined ? "removed" : "added",
          before: was?.rule.expr,
          after: is?.rule.expr,
        },
      ];
    return factsOf(was).flatMap(([what, text], index) => {
      const [, now] = factsOf(is)[index] ?? [];
      return text === now ? [] : [{ ...alert, what, before: text, after: now }];
    });
  });
  return {
    ...{ key: "alerts", title: "Alerts", isWorse: false },
    head: ["alert", "of", "what", "before → after"],
    rows: changes.map(({ alert, of, what, before: was, after: is }) => [
      ...[alert, of || none, what],
      was === undefined || is === undefined ? (is ?? was ?? none) : differing(was, is),
    ]),
    json: changes.map(({ alert, of, what, before: was, after: is }) => ({
      ...{ alert, of, what, before: was ?? null, after: is ?? null },
    })),
  };
}

function factsOf({ rule, severity, receiver }: Told): (readonly [string, string])[] {
  return [
    ["fires when", rule.expr],
    ["for", rule.for],
    ["severity", severity],
    ["hears of it", receiver],
  ];
}

/** Of two expressions alike but for a few words, such as a threshold, those words. */
function differing(was: string, is: string): string {
  const [old, current] = [was, is].map(text => text.split(/\s+/));
  if (old === undefined || current?.length !== old.length) return sides(was, is);
  const pairs = old.flatMap((word, index) => {
    const now = current[index] ?? "";
    return word === now ? [] : [`${word} → ${now}`];
  });
  return pairs.length > 2 ? sides(was, is) : pairs.join(", ");
}

/** By job and name; several that the estate itself calls the same, by their order. */
function alertsOf(plan: Plan): Map<string, Told> {
  const ofJobs = [...byIdentity(plan)].flatMap(([identity, job]) =>
    rulesOf(job, plan).rules.map((rule): [string, Told] => [
      `${identity}\n${rule.alert}`,
      { rule, severity: job.judged.severity, receiver: job.judged.receiver },
    ]),
  );
  const found = new Map(ofJobs);
  for (const { rule, severity, receiver = none, origin } of allAlerts(plan)) {
    if (origin === "job") continue;
    let number = 1;
    const key = (): string => `\n${origin} ${rule.alert} ${number}`;
    while (found.has(key())) number++;
    found.set(key(), { rule, severity, receiver });
  }
  return found;
}
