import { z } from "zod";
import { bodyWithin } from "../../plan/contracts/body-within";
import {
  type Astray,
  alertmanagerStatusPath,
  astray,
  astrayText,
  routesOfStatus,
} from "../../plan/contracts/alert-routing";
import type { InForce } from "../../plan/contracts/in-force";
import { type LoadedGroup, loadedRules, loadedRulesPath, loadedSum } from "../../plan/contracts/loaded-rules";
import { messageOf } from "../runtime/errors";
import { within } from "../runtime/within";
import type { Difference, EffectiveState } from "./effective-state";
import { subjectOf } from "./subject";

type Rules = Extract<InForce, { kind: "rules" }>;
type Route = Extract<InForce, { kind: "route" }>;

const patienceMs = 10_000;
/** Thousands of rules; all of it is kept in memory. */
const mostBytes = 16 * 1024 * 1024;

/**
 * By Prometheus and Alertmanager themselves. One that doesn't say differs in nothing, and the log has it: where it is gone, who waits
 * outside hears nothing any more.
 */
export async function loadedDifferences(
  declared: readonly (Rules | Route)[],
  { log, stop: { signal } }: EffectiveState,
): Promise<Difference[]> {
  const rules = declared.filter(one => one.kind === "rules");
  const routes = declared.filter(one => one.kind === "route");
  const told = async (
    url: string,
    path: string,
    compared: (answer: unknown) => Difference[],
  ): Promise<Difference[]> => {
    try {
      return compared(await answerOf(`${url.replace(/\/$/, "")}/${path}`, signal));
    } catch (error) {
      signal.throwIfAborted();
      const isOther = error instanceof z.ZodError || error instanceof SyntaxError;
      const { cause } = error as { cause?: unknown };
      const why = isOther ? "its answer is none of its API's" : messageOf(cause ?? error);
      log.warn(`${url}: what it has loaded is not compared: ${why}`);
      return [];
    }
  };
  const differences = await Promise.all([
    rules[0] &&
      told(rules[0].prometheus, loadedRulesPath, answer => {
        const { groups } = loadedRules.parse(answer).data;
        return rules.flatMap(group => ofGroup(group, groups));
      }),
    routes[0] &&
      told(routes[0].alertmanager, alertmanagerStatusPath, answer => {
        const root = routesOfStatus(answer);
        return routes.flatMap(route => ofRoute(route, astray(route, root)));
      }),
  ]);
  return differences.flatMap(found => found ?? []);
}

function ofGroup(declared: Rules, loaded: readonly LoadedGroup[]): Difference[] {
  const { group, alerts } = declared;
  const differs = (text: string): Difference[] => [
    {
      ...{ kind: "rules", subject: subjectOf(declared), text },
      next: "holdfast check --live; pulumi up --refresh, or without an operator: pulumi stack output ruleFile",
    },
  ];
  const found = loaded.filter(({ name }) => name === group).flatMap(({ rules }) => rules);
  if (found.length === 0) return differs("declared alerts, and Prometheus hasn't loaded the group");
  const wrong = alerts.flatMap(({ alert, sum }) => {
    const rule = found.find(({ name }) => name === alert);
    if (!rule) return [`hasn't loaded ${alert}`];
    if (rule.health === "err") return [`can't evaluate ${alert}: ${rule.lastError}`];
    return loadedSum(rule) === sum ? [] : [`has another ${alert}: ${rule.query} for ${rule.duration} s`];
  });
  const known = new Set(alerts.map(({ alert }) => alert));
  const others = found.filter(({ name }) => !known.has(name)).map(({ name }) => `has one more, ${name}`);
  const said = [...wrong, ...others];
  return said.length === 0
    ? []
    : differs(
        `declared ${alerts.map(({ alert }) => alert).join(", ")}, and Prometheus ${said.join(", and ")}`,
      );
}

function ofRoute(declared: Route, strays: readonly Astray[]): Difference[] {
  if (strays.length === 0) return [];
  return [
    {
      ...{ kind: "route", subject: subjectOf(declared) },
      text: `declared to hear of its alerts, and Alertmanager ${astrayText(declared, strays)}`,
      next: "holdfast check --live; Alertmanager's own page, #/status, has its routes in their order: one before the object's takes what it matches, and where the object has none the log of Prometheus' operator says why",
    },
  ];
}

/** @throws {Error} that says why there is none */
async function answerOf(url: string, stop: AbortSignal): Promise<unknown> {
  const { ok, status, body } = await fetch(url, { signal: within(stop, patienceMs), redirect: "error" });
  const text = await bodyWithin(body ?? [], mostBytes);
  if (text === undefined) throw new Error(`its answer has more than ${mostBytes} bytes`);
  if (!ok) throw new Error(`it answers ${status}`);
  return JSON.parse(text);
}
