import { parse } from "yaml";
import { z } from "zod";
import { readExpression } from "./expression";
import { listed } from "./listed";

/** Where Alertmanager's own API has the configuration that it runs with. */
export const alertmanagerStatusPath = "api/v2/status";

const list = z.array(z.string()).default([]);
const pairs = z.record(z.string(), z.string()).default({});
/** It writes an empty one as none. */
const patterns = z
  .record(
    z.string(),
    z
      .string()
      .nullable()
      .transform(text => text ?? ""),
  )
  .default({});

const route = z.object({
  receiver: z.string().optional(),
  matchers: list,
  match: pairs,
  match_re: patterns,
  continue: z.boolean().default(false),
  mute_time_intervals: list,
  active_time_intervals: list,
  get routes() {
    return z.array(route).default([]);
  },
});
type ToldRoute = z.output<typeof route>;

/** Routes as Alertmanager goes through them, from the root. Each is read once: there may be thousands, for hundreds of alerts. */
export interface RouteTree {
  /** Its parent's where there is none. */
  readonly receiver: string | undefined;
  readonly matchers: readonly Matcher[];
  readonly continues: boolean;
  /** When it is sent, which no parent says; empty: always. */
  readonly times: string;
  readonly routes: readonly RouteTree[];
}

interface Matcher {
  readonly name: string;
  readonly by: string;
  readonly value: string;
  /** Nothing for an expression that can't be read here. */
  readonly expression?: RegExp | undefined;
}

const status = z.object({ config: z.object({ original: z.string() }) });
const configuration = z.object({ route });

/** Its tree of routes, by its answer. @throws {Error} where that is none of its API's */
export function routesOfStatus(answer: unknown): RouteTree {
  const text = status.safeParse(answer).data?.config.original;
  const parsed = configuration.safeParse(text === undefined ? undefined : yamlOf(text));
  if (!parsed.success) throw new Error("its answer has no configuration that can be read");
  return treeOf(parsed.data.route);
}

/** What is wrong with it isn't told: the words for that have lines of it, and one may be a receiver's address. */
function yamlOf(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}

function treeOf({ receiver, routes, continue: continues, ...told }: ToldRoute): RouteTree {
  const times = [
    ...told.mute_time_intervals.map(name => `not during ${JSON.stringify(name)}`),
    ...told.active_time_intervals.map(name => `during ${JSON.stringify(name)} alone`),
  ].join(", ");
  return { receiver, matchers: matchersOf(told), continues, times, routes: routes.map(treeOf) };
}

/** Texts before expressions: those of somebody else's namespace, behind its name, are never run. */
function matchersOf({
  matchers,
  match,
  match_re: expressions,
}: Pick<ToldRoute, "matchers" | "match" | "match_re">): Matcher[] {
  const asked = [
    ...Object.entries(match).map(([name, value]) => ({ name, by: "=", value })),
    ...Object.entries(expressions).map(([name, value]) => ({ name, by: "=~", value })),
    ...matchers.map(matcherOf),
  ];
  const isExpression = ({ by }: Matcher): boolean => by.endsWith("~");
  return [
    ...asked.filter(one => !isExpression(one)),
    ...asked.filter(isExpression).map(one => ({ ...one, expression: readExpression(one.value, "") })),
  ];
}

/** As Alertmanager writes one whatever it was written like: `severity=~"warning|critical"`. */
function matcherOf(text: string): Matcher {
  const [, name, by, value] =
    /^("(?:[^"\\]|\\.)+"|[^"=!~]+)(=~|!~|!=|=)("(?:[^"\\]|\\.)*")$/.exec(text) ?? [];
  if (name === undefined || by === undefined || value === undefined)
    throw new Error(`its matcher ${text} can't be read`);
  return { name: name.startsWith('"') ? unquoted(name) : name, by, value: unquoted(value) };
}

const escapes: Readonly<Record<string, string>> = {
  ...{ a: "\x07", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" },
};

/** As Go quotes it, or by an end of a line, a quote and a backslash alone: then a tab stands for itself. */
function unquoted(text: string): string {
  return text
    .slice(1, -1)
    .replace(
      /\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})|(.))/g,
      (_, x?: string, u?: string, U?: string, one = "") =>
        one === "" ? String.fromCodePoint(parseInt(x ?? u ?? U ?? "", 16)) : (escapes[one] ?? one),
    );
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
 * @throws {Error} where an expression that can't be read here decides whether the receiver hears
 */
export function astray({ namespace, object, receiver, alerts }: Heard, root: RouteTree): Astray[] {
  // The operator calls it after all three, with slashes between them, or before 0.57 with hyphens.
  const own = new Set(["/", "-"].map(by => [namespace, object, receiver].join(by)));
  return alerts.flatMap(({ alert, labels }): Astray[] => {
    const leaves: Leaf[] = [];
    for (const leaf of leavesOf(root, { ...labels, alertname: alert }, { receiver: "", doubt: undefined })) {
      if (own.has(leaf.receiver) && leaf.times === "" && leaf.doubt === undefined) return [];
      leaves.push(leaf);
    }
    const ours = leaves.filter(({ receiver: to }) => own.has(to));
    const doubtful = ours.find(({ times, doubt }) => times === "" && doubt !== undefined);
    if (doubtful) throw new Error(`its expression ${JSON.stringify(doubtful.doubt)} can't be read`);
    const led = (ours.length === 0 ? leaves : ours).map(({ receiver: to, times, doubt }) =>
      [
        ...(doubt === undefined ? [] : ["perhaps"]),
        ours.length === 0 ? JSON.stringify(to) : `it ${times}`,
      ].join(" "),
    );
    return [{ alert, to: led.join(" and ") }];
  });
}

const mostNamed = 4;

/** Where Alertmanager leads them, to be read after its name: `leads NfsMirrorStale to "null", and OffsiteFailing to it not during "nights"`. */
export function astrayText({ alerts }: Heard, strays: readonly Astray[]): string {
  const led = [...new Set(strays.map(({ to }) => to))].map(to => {
    const those = strays.filter(stray => stray.to === to);
    // Jobs of several hosts have alerts of one name.
    const names = [...new Set(those.map(({ alert }) => alert))];
    const some = listed(names, mostNamed);
    return `${those.length === alerts.length ? `all its alerts (${some})` : some} to ${to}`;
  });
  return `leads ${led.join(", and ")}`;
}

interface Leaf {
  readonly receiver: string;
  readonly times: string;
  /** An expression that can't be read here, by which the alert may not come there. */
  readonly doubt: string | undefined;
}

/**
 * Where an alert goes from a route on, one after the other. As Alertmanager's dispatcher goes: the first that is for it, and those after
 * one that says `continue`.
 * @returns whether the route is for it, or the expression that decides that
 */
function* leavesOf(
  at: RouteTree,
  labels: Labels,
  above: Pick<Leaf, "receiver" | "doubt">,
): Generator<Leaf, boolean | string> {
  const isFor = matched(at.matchers, labels);
  if (isFor === false) return false;
  const receiver = at.receiver ?? above.receiver;
  const doubt = above.doubt ?? (isFor === true ? undefined : isFor);
  let [taken, doubtBelow] = [doubt, doubt];
  let isBelow = false;
  for (const child of at.routes) {
    const isForChild = yield* leavesOf(child, labels, { receiver, doubt: taken });
    if (isForChild === true) isBelow = true;
    else if (isForChild !== false) {
      doubtBelow ??= isForChild;
      // It may have taken the alert from all behind it.
      if (!child.continues) taken ??= isForChild;
    }
    if (isForChild === true && !child.continues) break;
  }
  if (!isBelow) yield { receiver, times: at.times, doubt: doubtBelow };
  return isFor;
}

/** @returns an expression that can't be read here, where it alone decides */
function matched(matchers: readonly Matcher[], labels: Labels): boolean | string {
  let doubt: string | undefined;
  for (const { name, by, value, expression } of matchers) {
    const label = labels[name] ?? "";
    if (!by.endsWith("~")) {
      if ((label === value) !== (by === "=")) return false;
    } else if (!expression) doubt ??= value;
    else if (expression.test(label) !== (by === "=~")) return false;
  }
  return doubt ?? true;
}
