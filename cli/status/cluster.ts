import { execa } from "execa";
import { z } from "zod";
import type { Plan } from "../../plan";
import { nextFiring } from "../../plan/calendar";
import { clustersAt } from "../../plan/cluster-address";
import { owed } from "../../plan/contracts/owed";
import { shellWord } from "../../plan/contracts/shell-word";
import { type ClusterJob, isInCluster } from "../../plan/job";
import { jsonOf } from "./json";
import { iso, type JobState, type MachineState } from "./state";

/** How this machine's `kubectl` is told which cluster it talks to. */
export interface ClusterChoice {
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
}

/** CronJobs as the API has them; what else it says of them is left alone. */
const cronJobs = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), namespace: z.string(), creationTimestamp: z.string() }),
      spec: z.object({ suspend: z.boolean().default(false) }),
      status: z
        .object({
          active: z.array(z.unknown()).default([]),
          lastScheduleTime: z.string().optional(),
          lastSuccessfulTime: z.string().optional(),
        })
        .default({ active: [] }),
    }),
  ),
});
type CronJob = z.output<typeof cronJobs>["items"][number];

/** What the clusters' own API says of their jobs, by this machine's `kubectl`. It is asked only where it leads to a cluster of the estate. */
export async function clusterStates(
  plan: Plan,
  choice: ClusterChoice,
  nowMs: number,
): Promise<MachineState[]> {
  const jobs = plan.jobs.filter(isInCluster);
  const clusters = [...new Set(jobs.map(({ runsOn }) => runsOn.name))];
  if (clusters.length === 0) return [];
  const found = await cronJobsOf(plan, choice);
  return clusters.map(on => {
    const own = jobs.filter(({ runsOn }) => runsOn.name === on);
    if ("cause" in found || !found.clusters.includes(on))
      return {
        ...{ on, kind: "cluster", state: "unknown", stores: [] },
        says: [`the cluster wasn't asked: ${causeOf(plan, on, found)}`],
        jobs: own.map(job => ({ ...blank(on, job, nowMs), state: "unknown", says: [] })),
      };
    return {
      ...{ on, kind: "cluster", state: "well", stores: [], says: [] },
      jobs: own.map(job => jobState(on, job, { items: found.items, which: whichOf(choice), nowMs })),
    };
  });
}

function causeOf({ estate }: Plan, on: string, found: Found): string {
  if ("cause" in found) return found.cause;
  if (estate.clusters[on]?.api !== undefined) return found.elsewhere;
  return `the estate doesn't say where its API is. Next: clusters: { ${on}: { api: "https://…:6443" } } in the estate`;
}

type Found =
  | { readonly items: readonly CronJob[]; readonly clusters: readonly string[]; readonly elsewhere: string }
  | { readonly cause: string };

/** What is printed leads to the same cluster as what was asked. */
function whichOf({ kubeconfig, context }: ClusterChoice): string[] {
  return [
    ...(kubeconfig === undefined ? [] : [`--kubeconfig=${kubeconfig}`]),
    ...(context === undefined ? [] : [`--context=${context}`]),
  ];
}

async function cronJobsOf({ estate }: Plan, choice: ClusterChoice): Promise<Found> {
  const which = whichOf(choice);
  const view = await kubectl([
    ...which,
    "config",
    "view",
    "--minify",
    "--output=jsonpath={.clusters[0].cluster.server}",
  ]);
  if ("cause" in view) return view;
  const server = view.stdout.trim();
  if (!URL.canParse(server))
    return { cause: "kubectl's context names no server. Next: kubectl config get-contexts" };
  const clusters = clustersAt(server, estate);
  const elsewhere = `kubectl's context leads to ${server}. Next: the same with --context NAME, or --kubeconfig FILE`;
  if (clusters.length === 0) return { items: [], clusters, elsewhere };
  const got = await kubectl([
    ...which,
    ...["--request-timeout=15s", "get", "cronjobs.batch", "--all-namespaces", "--output=json"],
  ]);
  if ("cause" in got) return got;
  const parsed = cronJobs.safeParse(jsonOf(got.stdout));
  return parsed.success
    ? { items: parsed.data.items, clusters, elsewhere }
    : { cause: `kubectl's answer is no list of CronJobs: ${z.prettifyError(parsed.error)}` };
}

async function kubectl(words: readonly string[]): Promise<{ stdout: string } | { cause: string }> {
  const ended = await execa("kubectl", words, { reject: false, stdin: "ignore", timeout: 60_000 });
  if (ended.exitCode === 0) return { stdout: ended.stdout };
  if (ended.code === "ENOENT") return { cause: "there is no kubectl on this machine" };
  return { cause: ended.stderr?.trim().split("\n").at(-1) || (ended.shortMessage ?? "kubectl failed") };
}

interface Said {
  readonly items: readonly CronJob[];
  readonly which: readonly string[];
  readonly nowMs: number;
}

function jobState(on: string, job: ClusterJob, { items, which, nowMs }: Said): JobState {
  const { namespace } = job.deployment.pod;
  const typed = ["kubectl", ...which.map(shellWord), "-n", namespace].join(" ");
  const known = blank(on, job, nowMs);
  const found = items.find(({ metadata }) => metadata.name === job.name && metadata.namespace === namespace);
  if (!found)
    return {
      ...known,
      ...{ state: "owes", nextStart: null },
      says: [`there is no CronJob ${job.name} in ${namespace}. Next: pulumi up`],
    };
  const { spec, status, metadata } = found;
  const startedMs = msOf(status.lastScheduleTime);
  const successMs = msOf(status.lastSuccessfulTime);
  const runs = status.active.length > 0;
  const failed = !runs && startedMs !== undefined && (successMs === undefined || successMs < startedMs);
  const { staleAfterMs } = job.judged;
  const late = owed(
    { status: 0, successMs },
    { staleAfterMs, sinceMs: Date.parse(metadata.creationTimestamp), nowMs },
  );
  const says = [
    ...(spec.suspend
      ? [
          `is suspended: it starts no more. Next: ${typed} patch cronjob ${job.name} -p '{"spec":{"suspend":false}}'`,
        ]
      : []),
    ...(failed
      ? [
          `its run of ${iso(startedMs)} hasn't succeeded. Next: ${typed} get jobs,pods; ${typed} logs POD --all-containers`,
        ]
      : late === undefined
        ? []
        : [`${late}. Next: ${typed} get jobs,pods`]),
  ];
  return {
    ...known,
    state: says.length > 0 ? "owes" : "well",
    lastSuccess: iso(successMs),
    running: runs ? iso(startedMs) : null,
    nextStart: spec.suspend ? null : known.nextStart,
    says,
  };
}

function msOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Date.parse(text);
}

function blank(
  on: string,
  { name, judged, trigger }: ClusterJob,
  nowMs: number,
): Omit<JobState, "state" | "says"> {
  return {
    ...{ on, job: name, lastSuccess: null, running: null },
    nextStart: iso(nextFiring(trigger.schedule, trigger.zone, nowMs)),
    staleAfterSeconds: judged.staleAfterMs / 1000,
  };
}
