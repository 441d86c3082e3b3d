import type { Answered } from "./answered";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { execa } from "execa";
import { z } from "zod";
import type { Estate } from "../plan";
import { clustersAt } from "../plan/cluster-address";
import { errorText } from "../plan/estate/plain";
import { isPathText } from "../stacks/path-text";
import { jsonOf } from "./json";
import { replyOf } from "./reply";
import { withTemporaryFolder } from "./temporary-folder";

const patienceMs = 60_000;

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

const rawVerbs = { GET: "get", DELETE: "delete" } as const;

/** A path of the API itself, such as what it passes on to a service. */
export async function rawOf(
  choice: ClusterChoice,
  { method, path }: { readonly method: keyof typeof rawVerbs; readonly path: string },
): Promise<Answered<{ readonly text: string }>> {
  const words = ["--request-timeout=15s", rawVerbs[method], `--raw=${path}`];
  const got = await kubectl([...whichOf(choice), ...words]);
  return "cause" in got ? got : { text: got.stdout };
}

/**
 * Sends JSON to a path of the API. `kubectl create --raw` doesn't say that its body is JSON, which Alertmanager refuses then; its proxy
 * passes on what is said. It listens in a folder that this user alone can open, as long as this takes.
 */
export async function postOf(
  choice: ClusterChoice,
  path: string,
  body: string,
): Promise<Answered<{ readonly text: string }>> {
  return withTemporaryFolder("kubectl", async folder => {
    const socketPath = join(folder, "api");
    const words = [...whichOf(choice), "proxy", `--unix-socket=${socketPath}`];
    const proxy = execa("kubectl", words, { reject: false, stdin: "ignore", timeout: patienceMs });
    const serves = once(proxy.stdout, "data").then(() => undefined);
    try {
      const ended = await Promise.race([proxy, serves]);
      if (ended) return { cause: causeOf(ended) };
      return await posted(socketPath, path, body);
    } catch (error) {
      return { cause: errorText(error) };
    } finally {
      proxy.kill();
      await proxy;
    }
  });
}

async function posted(
  socketPath: string,
  path: string,
  body: string,
): Promise<Answered<{ readonly text: string }>> {
  // Of other machines' names the proxy takes no request.
  const headers = { host: "localhost", "content-type": "application/json" };
  const sent = request({
    ...{ socketPath, path, headers, method: "POST" },
    signal: AbortSignal.timeout(patienceMs / 2),
  });
  const answered = once(sent, "response");
  sent.end(body);
  const [reply] = (await answered) as [IncomingMessage];
  return replyOf(reply.statusCode ?? 0, reply);
}

async function kubectl(words: readonly string[]): Promise<Answered<{ readonly stdout: string }>> {
  const ended = await execa("kubectl", words, { reject: false, stdin: "ignore", timeout: patienceMs });
  return ended.exitCode === 0 ? { stdout: ended.stdout } : { cause: causeOf(ended) };
}

interface Ended {
  readonly code?: string | undefined;
  readonly stderr: string;
  readonly shortMessage?: string | undefined;
}

function causeOf({ code, stderr, shortMessage }: Ended): string {
  if (code === "ENOENT") return "there is no kubectl on this machine";
  return stderr.trim().split("\n").at(-1) || (shortMessage ?? "kubectl failed");
}
