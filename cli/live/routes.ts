import { parse } from "yaml";
import { z } from "zod";
import { ruleGroups } from "../../alerts/groups";
import { type NamedRouting, routingsOf } from "../../alerts/routings";
import type { Finding } from "../../checks";
import type { Plan } from "../../plan";
import { jsonOf } from "../json";
import type { Answered, ClusterChoice } from "../kubectl";
import { alertmanagerOf } from "../silence/alertmanager";
import type { Seen } from "./seen";

/** An AlertmanagerConfig as the API has it. */
export const alertmanagerConfig = z.object({
  metadata: z.object({ namespace: z.string(), name: z.string() }),
  spec: z.unknown(),
});
export type SeenRouting = z.output<typeof alertmanagerConfig>;

/** Names of receivers that routes of Alertmanager lead to. */
export type Routed = ReadonlySet<string>;

const status = z.object({ config: z.object({ original: z.string() }) });
const route = z.object({
  receiver: z.string().optional(),
  get routes() {
    return z.array(route).default([]);
  },
});
const configuration = z.object({ route, receivers: z.array(z.object({ name: z.string() })) });

/**
 * Where Alertmanager itself leads alerts to. Asked only where the plan's rules are objects of a cluster: what Alertmanager without the
 * operator has is somebody's own file.
 */
export async function routedNow(
  plan: Plan,
  clusters: Seen["clusters"],
  choice: ClusterChoice,
): Promise<Answered<{ readonly routed: Routed }> | undefined> {
  if (!areObjects(plan, clusters)) return undefined;
  const reached = await alertmanagerOf(plan.estate, choice);
  if ("cause" in reached) return reached;
  const got = await reached.ask({ method: "GET", path: "status" });
  if ("cause" in got) return got;
  const told = status.safeParse(jsonOf(got.text));
  const parsed = configuration.safeParse(told.success ? yamlOf(told.data.config.original) : undefined);
  if (!parsed.success) return { cause: "its answer has no configuration that can be read" };
  const made = new Set(parsed.data.receivers.map(({ name }) => name));
  return { routed: new Set(receiversOf(parsed.data.route).filter(name => made.has(name))) };
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
      ...(routed ? notRouted(planned, object, routed) : []),
    ];
  });
}

function notRouted({ routing }: NamedRouting, object: string, routed: Routed): Finding[] {
  const own = new Set([routing.route, ...routing.route.routes].map(({ receiver }) => receiver));
  return (
    [...own]
      // With a hyphen, as an operator before 0.57 called them.
      .filter(receiver => !["/", "-"].some(by => routed.has([...object.split("/"), receiver].join(by))))
      .map(receiver => ({
        ...{ code: "live/route-not-loaded", severity: "error", subject: `${object}/${receiver}` },
        message: `Alertmanager has no route to the receiver ${receiver} of AlertmanagerConfig ${object}: nobody hears of what goes there.`,
        fix: "The log of Prometheus' operator says why: an AlertmanagerConfig that names a Secret which isn't there is left out as a whole. kubectl get alertmanager --all-namespaces --output yaml: its alertmanagerConfigSelector and alertmanagerConfigNamespaceSelector.",
        evidence: {},
      }))
  );
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

function receiversOf({ receiver, routes }: z.output<typeof route>): string[] {
  return [...(receiver === undefined ? [] : [receiver]), ...routes.flatMap(receiversOf)];
}

function yamlOf(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}

function differs(subject: string, message: string): Finding {
  return {
    ...{ code: "live/route-differs", severity: "error", subject, message },
    fix: "pulumi up --refresh; what was meant there belongs in the estate.",
    evidence: {},
  };
}
