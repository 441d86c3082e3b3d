import { z } from "zod";
import { durationMs } from "../../alerts/promql/literals";
import type { Finding } from "../../checks";
import { type Answered, type ClusterChoice, rawOf } from "../kubectl";
import { jsonOf } from "../json";
import type { SeenAlert, SeenGroup } from "./rules";

/** The service that Prometheus' operator makes for each Prometheus. */
const service = "prometheus-operated:9090";

/** Alerts as Prometheus' own API has those that it evaluates; what else it says is left alone. */
const answer = z.object({
  data: z.object({
    groups: z.array(
      z.object({
        name: z.string(),
        rules: z.array(
          z.object({
            name: z.string(),
            query: z.string(),
            /** Seconds. */
            duration: z.number().default(0),
            labels: z.record(z.string(), z.string()).default({}),
            health: z.string().default("ok"),
            lastError: z.string().default(""),
          }),
        ),
      }),
    ),
  }),
});
export type LoadedGroup = z.output<typeof answer>["data"]["groups"][number];

/** What the operator's Prometheus has loaded; undefined where a cluster's rules are for another program. */
export async function loadedIn(
  choice: ClusterChoice,
  namespace: string,
): Promise<Answered<{ readonly loaded: readonly LoadedGroup[] | undefined }>> {
  const path = `/api/v1/namespaces/${namespace}/services/${service}/proxy/api/v1/rules?type=alert`;
  const got = await rawOf(choice, { method: "GET", path });
  if ("cause" in got) return /not ?found/i.test(got.cause) ? { loaded: undefined } : got;
  const parsed = answer.safeParse(jsonOf(got.text));
  return parsed.success
    ? { loaded: parsed.data.data.groups }
    : { cause: "Prometheus' answer is no list of rules" };
}

/**
 * What Prometheus has loaded of some groups, against the objects that it gets them from: an operator that doesn't select one, or
 * can't reload, leaves alerts that nobody evaluates.
 */
export function loadedFindings(given: readonly SeenGroup[], loaded: readonly LoadedGroup[]): Finding[] {
  return given.flatMap(({ object, name, alerts }) => {
    const found = loaded.filter(group => group.name === name);
    if (found.length === 0)
      return [
        notLoaded(
          name,
          `Prometheus hasn't loaded the group ${name} of ${object}: none of its alerts can fire.`,
        ),
      ];
    const rules = found.flatMap(group => group.rules);
    return alerts.flatMap(alert => {
      const rule = rules.find(({ name }) => name === alert.alert);
      const where = `${alert.alert} of group ${name} in ${object}`;
      if (!rule) return [notLoaded(alert.alert, `Prometheus hasn't loaded ${where}.`)];
      if (rule.health === "err")
        return [notLoaded(alert.alert, `Prometheus can't evaluate ${where}: ${rule.lastError}`)];
      return isSame(alert, rule)
        ? []
        : [
            notLoaded(
              alert.alert,
              `${where} is another one in Prometheus: \`${rule.query}\` for ${rule.duration} s.`,
            ),
          ];
    });
  });
}

function isSame({ expr, for: wait = "0", labels }: SeenAlert, rule: LoadedGroup["rules"][number]): boolean {
  const waitS = wait === "0" ? 0 : durationMs(wait) / 1000;
  const sorted = (of: Readonly<Record<string, string>>): string =>
    JSON.stringify(Object.entries(of).sort(([one], [other]) => (one < other ? -1 : 1)));
  return (
    waitS === rule.duration && sorted(labels) === sorted(rule.labels) && wordsOf(expr) === wordsOf(rule.query)
  );
}

/** Prometheus writes an expression in a way of its own: its texts, names and numbers are compared, without their order and ranges. */
function wordsOf(expr: string): string {
  const words = expr
    .replace(/\[[^\]]*\]|\boffset\s+\S+/g, " ")
    .match(/"(?:[^"\\]|\\.)*"|[A-Za-z_:][\w:]*|\d+(?:\.\d+)?(?:e[+-]?\d+)?/g);
  const numbered = (words ?? []).map(word => (/^\d/.test(word) ? String(Number(word)) : word));
  return numbered.sort().join(" ");
}

function notLoaded(subject: string, message: string): Finding {
  return {
    ...{ code: "live/rule-not-loaded", severity: "error", subject, message },
    fix: "kubectl get prometheus --all-namespaces --output yaml: its ruleSelector and ruleNamespaceSelector, and its conditions; monitoring.labels in the estate are what the selector asks for.",
    evidence: {},
  };
}
