import { ruleGroups } from "../../alerts/groups";
import { heardOf } from "../../alerts/in-force";
import { type NamedRouting, routingsOf } from "../../alerts/routings";
import type { Finding } from "../../checks";
import type { Plan } from "../../plan";
import { astray, astrayText, routesOfStatus } from "../../plan/contracts/alert-routing";
import { jsonOf } from "../json";
import type { Answered } from "../answered";
import type { ClusterChoice } from "../kubectl";
import { alertmanagerOf } from "../silence/alertmanager";
import type { Led, Seen } from "./seen";

/**
 * Where Alertmanager itself leads alerts to. Asked only where the plan's rules are objects of a cluster: what Alertmanager without the
 * operator has is somebody's own file.
 */
export async function routedNow(
  plan: Plan,
  clusters: Seen["clusters"],
  choice: ClusterChoice,
): Promise<Answered<{ readonly routed: readonly Led[] }> | undefined> {
  if (!areObjects(plan, clusters)) return undefined;
  const reached = await alertmanagerOf(plan.estate, choice);
  if ("cause" in reached) return reached;
  const got = await reached.ask({ method: "GET", path: "status" });
  if ("cause" in got) return got;
  try {
    const root = routesOfStatus(jsonOf(got.text));
    return { routed: heardOf(plan).map(heard => ({ heard, strays: astray(heard, root) })) };
  } catch (error) {
    return { cause: (error as Error).message };
  }
}

/** Routes of the plan that are others in the cluster, or that Alertmanager doesn't have: nobody hears of what goes there. */
export function routeFindings(
  plan: Plan,
  { clusters, routed }: Pick<Seen, "clusters" | "routed">,
): Finding[] {
  if (!areObjects(plan, clusters)) return [];
  const { namespace } = plan.estate.monitoring;
  const { routes, watchdog } = routingsOf(plan.estate);
  const seen = clusters.flatMap(({ routings }) => routings);
  return [routes, ...watchdog].flatMap((planned): Finding[] => {
    const object = `${namespace}/${planned.objectName}`;
    const found = seen.find(
      ({ metadata }) => metadata.name === planned.objectName && metadata.namespace === namespace,
    );
    if (!found)
      return [
        differs(
          object,
          `The cluster has no AlertmanagerConfig ${object}: nobody hears of ${heardBy(planned)}.`,
        ),
      ];
    return [
      ...(has(found.spec, planned.routing)
        ? []
        : [
            differs(
              object,
              `AlertmanagerConfig ${object} isn't the plan's: somebody has changed its routes or its receivers there.`,
            ),
          ]),
      ...strayFindings(routed?.filter(({ heard }) => heard.object === planned.objectName) ?? []),
    ];
  });
}

function strayFindings(led: readonly Led[]): Finding[] {
  return led
    .filter(({ strays }) => strays.length > 0)
    .map(({ heard, strays }) => {
      const object = `${heard.namespace}/${heard.object}`;
      return {
        ...{ code: "live/route-not-loaded", severity: "error", subject: `${object}/${heard.receiver}` },
        message: `The receiver ${heard.receiver} of AlertmanagerConfig ${object} doesn't hear of what it is to: Alertmanager ${astrayText(heard, strays)}.`,
        fix: "Alertmanager's own page, #/status, has its routes in their order: one before the object's takes what it matches, unless it says continue. Where the object has none there, the log of Prometheus' operator says why: an AlertmanagerConfig that names a Secret which isn't there is left out as a whole. kubectl get alertmanager --all-namespaces --output yaml: its alertmanagerConfigSelector and alertmanagerConfigNamespaceSelector.",
        evidence: {},
      };
    });
}

function heardBy({ routing }: NamedRouting): string {
  return routing.route.routes.length === 0
    ? "it when all that sends alerts is gone"
    : "any alert of the estate";
}

/** Whether the plan's rules are there as objects, by which its routes are too. */
function areObjects(plan: Plan, clusters: Seen["clusters"]): boolean {
  const planned = new Set(ruleGroups(plan).map(({ name }) => name));
  return clusters.some(({ groups }) => groups.some(({ name }) => planned.has(name)));
}

/** Whether all that is planned is there: the API adds what it has by default, and one more in a list is somebody's. */
function has(seen: unknown, planned: unknown): boolean {
  if (Array.isArray(planned))
    return (
      Array.isArray(seen) &&
      seen.length === planned.length &&
      planned.every((one, index) => has(seen[index], one))
    );
  if (typeof planned !== "object" || planned === null) return seen === planned;
  if (typeof seen !== "object" || seen === null) return false;
  return Object.entries(planned).every(([key, value]) => has((seen as Record<string, unknown>)[key], value));
}

function differs(subject: string, message: string): Finding {
  return {
    ...{ code: "live/route-differs", severity: "error", subject, message },
    fix: "pulumi up --refresh; what was meant there belongs in the estate.",
    evidence: {},
  };
}
