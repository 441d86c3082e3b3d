import { durationMs } from "../../alerts/promql/literals";
import type { Finding } from "../../checks";
import type { Estate } from "../../plan";
import {
  type LoadedGroup,
  loadedRules,
  loadedRulesPath as path,
  loadedSum,
} from "../../plan/contracts/loaded-rules";
import { ruleSum } from "../../plan/contracts/rule-sum";
import { directly } from "../directly";
import { jsonOf } from "../json";
import type { Answered } from "../answered";
import { type ClusterChoice, rawOf } from "../kubectl";
import type { SeenAlert, SeenGroup } from "./prometheus-rule";

/** The service that Prometheus' operator makes for each Prometheus. */
const service = "prometheus-operated";
/** What wasn't told, where it isn't. */
export const whatIsLoaded = "the rules that Prometheus has loaded";
/** What leads to it, where a cluster doesn't. */
const next = 'Next: monitoring: { prometheus: "http://…:9090" } in the estate';

export type Loaded = Answered<{ readonly loaded: readonly LoadedGroup[] }>;

/** What Prometheus has loaded where the estate says that it answers; undefined where its clusters are asked for it. */
export async function loadedAt({ monitoring, clusters }: Estate): Promise<Loaded | undefined> {
  if (monitoring.prometheus !== undefined)
    return loadedOf(await directly(monitoring.prometheus.replace(/\/$/, ""), { method: "GET", path }));
  return Object.keys(clusters).length > 0
    ? undefined
    : { cause: `the estate has no cluster, and doesn't say where Prometheus answers. ${next}` };
}

/** What the operator's Prometheus has loaded. */
export async function loadedIn(choice: ClusterChoice, namespace: string): Promise<Loaded> {
  const below = `/api/v1/namespaces/${namespace}/services/${service}:9090/proxy`;
  const got = await rawOf(choice, { method: "GET", path: `${below}/${path}` });
  if ("cause" in got && /not ?found/i.test(got.cause))
    return { cause: `there is no service ${service} in namespace ${namespace}. ${next}` };
  return loadedOf(got);
}

function loadedOf(got: Answered<{ readonly text: string }>): Loaded {
  if ("cause" in got) return got;
  const parsed = loadedRules.safeParse(jsonOf(got.text));
  return parsed.success
    ? { loaded: parsed.data.data.groups }
    : { cause: "Prometheus' answer is no list of rules" };
}

/**
 * What Prometheus has loaded of some groups, against the objects or the file that it gets them from: an operator that doesn't select
 * one, or can't reload, and a file that nobody has put there, leave alerts that nobody evaluates.
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
  const forS = wait === "0" ? 0 : durationMs(wait) / 1000;
  return ruleSum({ expr, forS, labels }) === loadedSum(rule);
}

function notLoaded(subject: string, message: string): Finding {
  return {
    ...{ code: "live/rule-not-loaded", severity: "error", subject, message },
    fix: "kubectl get prometheus --all-namespaces --output yaml: its ruleSelector and ruleNamespaceSelector, and its conditions; monitoring.labels in the estate are what the selector asks for. For a Prometheus without the operator: pulumi stack output ruleFile is its file of rules, which it reads again after a SIGHUP.",
    evidence: {},
  };
}
