import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { z } from "zod";
import type { Api } from "../api";
import { withDebianShare } from "../debian-share";
import { syncedFiles } from "../metrics";
import { matcherStrategy } from "../monitoring";
import type { Programs } from "../programs";
import { alertmanagerConfig, type Fragment, fragmentOf } from "./alertmanager";
import { checkText, putChecked } from "./checked-file";
import type { Memory } from "./memory";
import { alertmanagerConfigObject, objectList, prometheusRuleObject } from "./objects";
import { ruleFileName, ruleFileText } from "./rule-file";
import { secretsOf } from "./secrets";

/** An object that isn't taken over, and why; what was loaded of it before stays loaded. */
export interface Refusal {
  readonly object: string;
  readonly reason: string;
}

/** What one comparison of the API with the files came to. */
export interface Round {
  readonly refusals: readonly Refusal[];
  readonly rulesChanged: boolean;
  readonly routesChanged: boolean;
}

type Checkers = Pick<Programs, "promtool" | "amtool">;

/** Compares once. Only an API that doesn't answer makes it throw. */
export async function syncOnce(api: Api, checkers: Checkers, memory: Memory): Promise<Round> {
  const rules = await syncRules(api, checkers, memory);
  const routes = await syncRoutes(api, checkers, memory);
  return {
    refusals: [...rules.refusals, ...routes.refusals],
    rulesChanged: rules.changed,
    routesChanged: routes.changed,
  };
}

type Half = { readonly refusals: readonly Refusal[]; readonly changed: boolean };

async function syncRules(api: Api, { promtool }: Checkers, memory: Memory): Promise<Half> {
  const refusals: Refusal[] = [];
  const wanted = new Set<string>();
  let changed = false;
  for (const item of await list(api, "v1", "prometheusrules")) {
    const file = ruleFileName(item);
    wanted.add(file);
    const object = nameOf("PrometheusRule", item);
    await attempt(object, JSON.stringify(item["spec"]), memory, refusals, async () => {
      const text = ruleFileText(prometheusRuleObject.parse(item));
      const path = join(syncedFiles.rules, file);
      if (await putChecked(path, text, candidate => [promtool, "check", "rules", candidate])) changed = true;
    });
  }
  for (const file of existsSync(syncedFiles.rules) ? readdirSync(syncedFiles.rules) : []) {
    if (!file.endsWith(".yaml") || wanted.has(file)) continue;
    rmSync(join(syncedFiles.rules, file));
    changed = true;
  }
  return { refusals, changed };
}

async function syncRoutes(api: Api, { amtool }: Checkers, memory: Memory): Promise<Half> {
  const refusals: Refusal[] = [];
  const fragments: Fragment[] = [];
  const present = new Set<string>();
  const check = (candidate: string): string[] => withDebianShare([amtool, "check-config", candidate]);
  for (const item of await list(api, "v1alpha1", "alertmanagerconfigs")) {
    const { uid, namespace } = item.metadata;
    present.add(uid);
    const object = nameOf("AlertmanagerConfig", item);
    const secrets = await secretsOf(api, namespace, item["spec"]);
    const input = JSON.stringify([item["spec"], secrets.values]);
    await attempt(object, input, memory, refusals, async () => {
      const fragment = fragmentOf(alertmanagerConfigObject.parse(item), secrets.read, matcherStrategy);
      const text = textOf([fragment]);
      if (text === memory.textOf(uid)) return;
      // Each object is checked alone first, so that the fault of one is not laid at another's door.
      await checkText(syncedFiles.alertmanager, text, check);
      memory.accept(uid, text, fragment);
    });
    const accepted = memory.fragmentOf(uid);
    if (accepted) fragments.push(accepted);
  }
  memory.keepOnly(present);
  let changed = false;
  await attempt("Alertmanager's configuration", textOf(fragments), memory, refusals, async () => {
    changed = await putChecked(syncedFiles.alertmanager, textOf(fragments), check);
  });
  return { refusals, changed };
}

/** Runs one object's part; a fault of the object becomes a refusal, and the same text isn't tried again. */
async function attempt(
  object: string,
  text: string,
  { refused }: Memory,
  refusals: Refusal[],
  part: () => Promise<void>,
): Promise<void> {
  const before = refused.get(object);
  if (before?.text === text) {
    refusals.push({ object, reason: before.reason });
    return;
  }
  refused.delete(object);
  try {
    await part();
  } catch (error) {
    const reason = reasonOf(error);
    refused.set(object, { text, reason });
    refusals.push({ object, reason });
  }
}

type Item = z.infer<typeof objectList>["items"][number];

async function list(api: Api, version: string, plural: string): Promise<Item[]> {
  const path = `/apis/monitoring.coreos.com/${version}/${plural}`;
  const { items } = objectList.parse((await api.get(path)) ?? { items: [] });
  return items.sort((one, other) => (nameOf("", one) < nameOf("", other) ? -1 : 1));
}

function nameOf(kind: string, { metadata: { namespace, name } }: Item): string {
  return `${kind} ${namespace}/${name}`;
}

function textOf(fragments: readonly Fragment[]): string {
  return stringify(alertmanagerConfig(fragments), { version: "1.1", lineWidth: 0 });
}

function reasonOf(error: unknown): string {
  if (error instanceof z.ZodError)
    return error.issues.map(({ path, message }) => `${path.map(String).join(".")}: ${message}`).join("; ");
  return error instanceof Error ? error.message : String(error);
}
