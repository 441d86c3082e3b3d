import { parse } from "yaml";
import { z } from "zod";

/** Where Alertmanager's own API has the configuration that it runs with. */
export const alertmanagerStatusPath = "api/v2/status";

const list = z.array(z.string()).default([]);
const pairs = z.record(z.string(), z.string()).default({});

const route = z.object({
  receiver: z.string().optional(),
  matchers: list,
  match: pairs,
  match_re: pairs,
  continue: z.boolean().default(false),
  mute_time_intervals: list,
  active_time_intervals: list,
  get routes() {
    return z.array(route).default([]);
  },
});
/** Routes as Alertmanager goes through them, from the root. */
export type RouteTree = z.output<typeof route>;

const status = z.object({ config: z.object({ original: z.string() }) });
const configuration = z.object({ route });

/** Its tree of routes, by its answer. @throws {Error} where that is none of its API's */
export function routesOfStatus(answer: unknown): RouteTree {
  const text = status.safeParse(answer).data?.config.original;
  const parsed = configuration.safeParse(text === undefined ? undefined : parse(text));
  if (!parsed.success) throw new Error("its answer has no configuration that can be read");
  return parsed.data.route;
}

/** A receiver of an object in the cluster, and the alerts that it is to hear of, with the labels that their rules give them. */
export const heard = z.strictObject({
  namespace: z.string().min(1),
  object: z.string().min(1),
  receiver: z.string().min(1),
  alerts: z.array(z.strictObject({ alert: z.string().min(1), labels: z.record(z.string(), z.string()) })),
});
export type Heard = z.infer<typeof heard>;

type Labels = Readonly<Record<string, string>>;

/** An alert that its receiver doesn't hear of, or not at all times, and where it is led to. */
export interface Astray {
  readonly alert: string;
  readonly to: string;
}

/**
 * What a receiver doesn't hear, as Alertmanager leads alerts by its tree. The labels that a rule gives are known, those of the series
 * that it fires for aren't: a route that asks for one of these is taken for one that the alert doesn't match.
 * @throws {Error} where a route that counts can't be read here
 */
export function astray({ namespace, object, receiver, alerts }: Heard, root: RouteTree): Astray[] {
  // The operator calls it after all three, with slashes between them, or before 0.57 with hyphens.
  const own = new Set(["/", "-"].map(by => [namespace, object, receiver].join(by)));
  return alerts.flatMap(({ alert, labels }): Astray[] => {
    const leaves = leavesOf(root, { ...labels, alertname: alert }, "") ?? [];
    const ours = leaves.filter(leaf => own.has(leaf.receiver));
    if (ours.some(({ times }) => times === "")) return [];
    const led =
      ours.length === 0
        ? leaves.map(leaf => JSON.stringify(leaf.receiver))
        : ours.map(leaf => `it ${leaf.times}`);
    return [{ alert, to: led.join(" and ") }];
  });
}

const mostNamed = 4;

/** Where Alertmanager leads them, to be read after its name: `leads NfsMirrorStale to "null", and OffsiteFailing to it not during "nights"`. */
export function astrayText({ alerts }: Heard, strays: readonly Astray[]): string {
  const led = [...new Set(strays.map(({ to }) => to))].map(to => {
    const names = strays.filter(stray => stray.to === to).map(({ alert }) => alert);
    const more = names.length - mostNamed;
    const some = `${names.slice(0, mostNamed).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
    return `${names.length === alerts.length ? `all its alerts (${some})` : some} to ${to}`;
  });
  return `leads ${led.join(", and ")}`;
}

interface Leaf {
  readonly receiver: string;
  /** When it is sent; empty: always. */
  readonly times: string;
}

/** Where an alert goes from a route on; undefined: the route isn't for it. As Alertmanager's dispatcher goes: the first that is, and those after one that says `continue`. */
function leavesOf(at: RouteTree, labels: Labels, inherited: string): Leaf[] | undefined {
  if (!isFor(at, labels)) return undefined;
  const receiver = at.receiver ?? inherited;
  const below: Leaf[] = [];
  for (const child of at.routes) {
    const leaves = leavesOf(child, labels, receiver);
    below.push(...(leaves ?? []));
    if (leaves && !child.continue) break;
  }
  const times = [
    ...at.mute_time_intervals.map(name => `not during ${JSON.stringify(name)}`),
    ...at.active_time_intervals.map(name => `during ${JSON.stringify(name)} alone`),
  ].join(", ");
  return below.length > 0 ? below : [{ receiver, times }];
}

/** Texts before expressions: those of somebody else's namespace, behind its name, are never run. */
function isFor({ matchers, match, match_re: patterns }: RouteTree, labels: Labels): boolean {
  const asked = [
    ...Object.entries(match).map(([name, value]): Matcher => ({ name, by: "=", value })),
    ...Object.entries(patterns).map(([name, value]): Matcher => ({ name, by: "=~", value })),
    ...matchers.map(matcherOf),
  ];
  const isExpression = ({ by }: Matcher): boolean => by.endsWith("~");
  return [...asked.filter(one => !isExpression(one)), ...asked.filter(isExpression)].every(matcher =>
    holds(matcher, labels[matcher.name] ?? ""),
  );
}

interface Matcher {
  readonly name: string;
  readonly by: string;
  readonly value: string;
}

/** As Alertmanager writes one whatever it was written like: `severity=~"warning|critical"`. */
function matcherOf(text: string): Matcher {
  const [, name, by, value] =
    /^("(?:[^"\\]|\\.)+"|[^"=!~]+)(=~|!~|!=|=)("(?:[^"\\]|\\.)*")$/.exec(text) ?? [];
  if (name === undefined || by === undefined || value === undefined)
    throw new Error(`its matcher ${text} can't be read`);
  return { name: name.startsWith('"') ? unquoted(name) : name, by, value: unquoted(value) };
}

function unquoted(text: string): string {
  return z.string().parse(JSON.parse(text));
}

function holds({ by, value }: Matcher, label: string): boolean {
  const isAsked = by.endsWith("~") ? expressionOf(value).test(label) : label === value;
  return by.startsWith("!") ? !isAsked : isAsked;
}

/** What Go's expressions have and these haven't, such as `(?i)`, can't be read here. */
function expressionOf(text: string): RegExp {
  try {
    return new RegExp(`^(?:${text})$`);
  } catch {
    throw new Error(`its expression ${JSON.stringify(text)} can't be read`);
  }
}
