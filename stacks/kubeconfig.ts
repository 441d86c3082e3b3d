import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { z } from "zod";
import { operatorFault } from "./operator-fault";
import { isPathText } from "./path-text";

/** A way into a cluster, as whoever deploys has it. */
export interface Kubeconfig {
  /** What the provider gets: the file's path or its text. A secret in either form, because a text holds a token. */
  readonly value: string;
  /** Where it comes from, for messages. */
  readonly origin: string;
  /** Whether nobody chose it for this stack: it is what kubectl uses. */
  readonly ambient: boolean;
  readonly context: string;
  /** Where the API of the context's cluster answers. */
  readonly server: string;
}

export interface KubeconfigChoice {
  /** Path of a kubeconfig, or its text. @default KUBECONFIG, then ~/.kube/config, as kubectl has it */
  readonly setting?: string | undefined;
  /** Name of the setting, for messages. @default "holdfast:kubeconfig" */
  readonly settingName?: string | undefined;
  /** @default the kubeconfig's current context */
  readonly context?: string | undefined;
}

/** What is read here; the provider reads the rest. */
const schema = z.object({
  "current-context": z.string().default(""),
  clusters: z.array(z.object({ name: z.string(), cluster: z.object({ server: z.url() }) })),
  contexts: z.array(z.object({ name: z.string(), context: z.object({ cluster: z.string() }) })),
});

const setIt = "pulumi config set holdfast:kubeconfig FILE";

/**
 * The kubeconfig of a deployment, and where its context leads.
 * @throws {pulumi.RunError} when there is none, or it can't be read
 */
export function readKubeconfig(
  choice: KubeconfigChoice,
  environment: Readonly<Record<string, string | undefined>>,
): Kubeconfig {
  const { value, origin, text, ambient } = source(choice, environment);
  const parsed = schema.safeParse(yamlOf(text));
  if (!parsed.success)
    throw fault(`${origin} is no kubeconfig: ${z.prettifyError(parsed.error).replace(/\n\s*/g, " ")}`, setIt);
  const { contexts, clusters, "current-context": current } = parsed.data;
  const context = choice.context ?? current;
  const { cluster } = the("context", contexts, context, origin).context;
  const { server } = the("cluster", clusters, cluster, origin).cluster;
  return { value, origin, ambient, context, server };
}

interface Source {
  readonly value: string;
  readonly origin: string;
  readonly text: string;
  readonly ambient: boolean;
}

function source(
  { setting, settingName = "holdfast:kubeconfig" }: KubeconfigChoice,
  environment: Readonly<Record<string, string | undefined>>,
): Source {
  if (setting !== undefined && isText(setting))
    return { value: setting, text: setting, origin: `the text of ${settingName}`, ambient: false };
  const home = environment["HOME"] ?? homedir();
  const given = setting ?? environment["KUBECONFIG"];
  const by = setting ? settingName : given ? "KUBECONFIG" : "kubectl's own";
  // What is no path may be a kubeconfig in another form, token and all: no message quotes it.
  if (given !== undefined && !isPathText(given))
    throw fault(`${by} holds ${given.length} characters that are no path of a file, nor a kubeconfig`, setIt);
  if (setting === undefined && given?.includes(":"))
    throw fault(`KUBECONFIG names several files: "${given}"`, setIt);
  const file = given ? fromHome(given, home) : join(home, ".kube", "config");
  const origin = `"${file}" (${by})`;
  try {
    return { value: file, text: readFileSync(file, "utf8"), origin, ambient: setting === undefined };
  } catch (error) {
    throw fault(
      `The kubeconfig is ${origin}, which can't be read: ${String(error).replace(/^Error: /, "")}`,
      setIt,
    );
  }
}

/** A path has no line break and no brace; a text of one line is JSON or YAML in braces. */
function isText(setting: string): boolean {
  return /[\n{]/.test(setting);
}

function fromHome(path: string, home: string): string {
  return path.startsWith("~/") ? join(home, path.slice(2)) : path;
}

function yamlOf(text: string): unknown {
  try {
    return parse(text);
  } catch {
    // What a parser says would quote the text, tokens and all.
    return undefined;
  }
}

function the<Entry extends { readonly name: string }>(
  kind: string,
  entries: readonly Entry[],
  name: string,
  origin: string,
): Entry {
  const found = entries.find(entry => entry.name === name);
  if (found) return found;
  const names = entries.map(entry => entry.name).join(", ") || "none";
  throw fault(`${origin} has no ${kind} "${name}", it has: ${names}`, "kubectl config get-contexts");
}

function fault(what: string, next: string): pulumi.RunError {
  return operatorFault(`${what}; nothing was changed. Next: ${next}`);
}
