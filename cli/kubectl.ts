import { execa } from "execa";
import { z } from "zod";
import type { Estate } from "../plan";
import { clustersAt } from "../plan/cluster-address";
import { isPathText } from "../stacks/path-text";
import { jsonOf } from "./json";

/** How this machine's `kubectl` is told which cluster it talks to. */
export interface ClusterChoice {
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
}

/** Flags of each command that asks a cluster. */
export const clusterFlags = [
  ["--kubeconfig <file>", "for kubectl, which is asked of what is in a cluster (by default its own)"],
  ["--context <name>", "for kubectl (by default its current one)"],
] as const;

export const clusterOptions = {
  // kubectl would have a text in its arguments, which everybody on this machine reads, and quote it.
  kubeconfig: z.string().refine(isPathText, "is no path of a file; KUBECONFIG names one too").optional(),
  context: z.string().optional(),
};

/** Words by which what is printed leads to the same cluster as what was asked. */
export function whichOf({ kubeconfig, context }: ClusterChoice): string[] {
  return [
    ...(kubeconfig === undefined ? [] : [`--kubeconfig=${kubeconfig}`]),
    ...(context === undefined ? [] : [`--context=${context}`]),
  ];
}

/** What is asked for; or why it can't be had. */
export type Answered<Answer> = Answer | { readonly cause: string };

/** Asks each of some clusters of the estate, once, that kubectl leads to; another cluster than the estate's is asked nothing. */
export async function askClusters<Answer extends object>(
  names: readonly string[],
  choice: ClusterChoice,
  estate: Estate,
  ask: () => Promise<Answered<Answer>>,
): Promise<ReadonlyMap<string, Answered<Answer>>> {
  if (names.length === 0) return new Map();
  const server = await serverOf(choice);
  const reached = "cause" in server ? [] : clustersAt(server.url, estate);
  const answer = names.some(name => reached.includes(name)) ? await ask() : undefined;
  return new Map(
    names.map(name => [
      name,
      answer !== undefined && reached.includes(name) ? answer : { cause: whyNot(name, estate, server) },
    ]),
  );
}

/** Where kubectl leads, by its own word. */
export async function serverOf(choice: ClusterChoice): Promise<Answered<{ readonly url: string }>> {
  const view = await kubectl([
    ...whichOf(choice),
    "config",
    "view",
    "--minify",
    "--output=jsonpath={.clusters[0].cluster.server}",
  ]);
  if ("cause" in view) return view;
  const url = view.stdout.trim();
  if (!URL.canParse(url))
    return { cause: "kubectl's context names no server. Next: kubectl config get-contexts" };
  return { url };
}

function whyNot(name: string, { clusters }: Estate, server: Answered<{ readonly url: string }>): string {
  if ("cause" in server) return server.cause;
  if (clusters[name]?.api !== undefined)
    return `kubectl's context leads to ${server.url}. Next: the same with --context NAME, or --kubeconfig FILE`;
  return `the estate doesn't say where its API is. Next: clusters: { ${name}: { api: "https://…:6443" } } in the estate`;
}

/** All objects of a resource, e.g. "cronjobs.batch", in all namespaces. */
export async function objectsOf<Item>(
  choice: ClusterChoice,
  resource: string,
  item: z.ZodType<Item>,
): Promise<Answered<{ readonly items: readonly Item[] }>> {
  const got = await kubectl([
    ...whichOf(choice),
    ...["--request-timeout=15s", "get", resource, "--all-namespaces", "--output=json"],
  ]);
  if ("cause" in got) return got;
  const parsed = z.object({ items: z.array(item) }).safeParse(jsonOf(got.stdout));
  return parsed.success
    ? parsed.data
    : { cause: `kubectl's answer is no list of ${resource}: ${firstOf(parsed.error)}` };
}

/** In a line: what is wrong with one object is wrong with each of thousands. */
function firstOf({ issues: [first, ...more] }: z.ZodError): string {
  const at = z.core.toDotPath(first?.path ?? []);
  const others = more.length === 0 ? "" : `; and ${more.length} more`;
  return `${at === "" ? "" : `${at}: `}${first?.message}${others}`;
}

const rawVerbs = { GET: "get", POST: "create", DELETE: "delete" } as const;

/** A path of the API itself, such as what it passes on to a service. */
export async function rawOf(
  choice: ClusterChoice,
  {
    method,
    path,
    body,
  }: { readonly method: keyof typeof rawVerbs; readonly path: string; readonly body?: string },
): Promise<Answered<{ readonly text: string }>> {
  const words = ["--request-timeout=15s", rawVerbs[method], `--raw=${path}`];
  const got = await kubectl(
    [...whichOf(choice), ...words, ...(body === undefined ? [] : ["--filename=-"])],
    body,
  );
  return "cause" in got ? got : { text: got.stdout };
}

async function kubectl(
  words: readonly string[],
  input?: string,
): Promise<Answered<{ readonly stdout: string }>> {
  const stdin = input === undefined ? ({ stdin: "ignore" } as const) : { input };
  const ended = await execa("kubectl", words, { reject: false, ...stdin, timeout: 60_000 });
  if (ended.exitCode === 0) return { stdout: ended.stdout };
  if (ended.code === "ENOENT") return { cause: "there is no kubectl on this machine" };
  return { cause: ended.stderr?.trim().split("\n").at(-1) || (ended.shortMessage ?? "kubectl failed") };
}
