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

/** Clusters of the estate to which kubectl leads, and where it leads for the others; or why it can't be said. */
export type Reached =
  { readonly clusters: readonly string[]; readonly elsewhere: string } | { readonly cause: string };

/** Asks kubectl where it leads, and no server: another cluster than the estate's is asked nothing. */
export async function reachedBy(choice: ClusterChoice, estate: Estate): Promise<Reached> {
  const view = await kubectl([
    ...whichOf(choice),
    "config",
    "view",
    "--minify",
    "--output=jsonpath={.clusters[0].cluster.server}",
  ]);
  if ("cause" in view) return view;
  const server = view.stdout.trim();
  if (!URL.canParse(server))
    return { cause: "kubectl's context names no server. Next: kubectl config get-contexts" };
  return {
    clusters: clustersAt(server, estate),
    elsewhere: `kubectl's context leads to ${server}. Next: the same with --context NAME, or --kubeconfig FILE`,
  };
}

/** Why a cluster of the estate isn't the one that answers. */
export function notReached({ clusters }: Estate, name: string, reached: Reached): string | undefined {
  if ("cause" in reached) return reached.cause;
  if (reached.clusters.includes(name)) return undefined;
  if (clusters[name]?.api !== undefined) return reached.elsewhere;
  return `the estate doesn't say where its API is. Next: clusters: { ${name}: { api: "https://…:6443" } } in the estate`;
}

/** All objects of a resource, e.g. "cronjobs.batch", in all namespaces; or why they can't be had. */
export async function objectsOf<Item>(
  choice: ClusterChoice,
  resource: string,
  item: z.ZodType<Item>,
): Promise<{ items: readonly Item[] } | { cause: string }> {
  const got = await kubectl([
    ...whichOf(choice),
    ...["--request-timeout=15s", "get", resource, "--all-namespaces", "--output=json"],
  ]);
  if ("cause" in got) return got;
  const parsed = z.object({ items: z.array(item) }).safeParse(jsonOf(got.stdout));
  return parsed.success
    ? parsed.data
    : { cause: `kubectl's answer is no list of ${resource}: ${z.prettifyError(parsed.error)}` };
}

async function kubectl(words: readonly string[]): Promise<{ stdout: string } | { cause: string }> {
  const ended = await execa("kubectl", words, { reject: false, stdin: "ignore", timeout: 60_000 });
  if (ended.exitCode === 0) return { stdout: ended.stdout };
  if (ended.code === "ENOENT") return { cause: "there is no kubectl on this machine" };
  return { cause: ended.stderr?.trim().split("\n").at(-1) || (ended.shortMessage ?? "kubectl failed") };
}
