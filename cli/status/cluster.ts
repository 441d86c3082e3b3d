import { z } from "zod";
import type { Plan } from "../../plan";
import { nextFiring } from "../../plan/calendar";
import { owed } from "../../plan/contracts/owed";
import { shellWord } from "../../plan/contracts/shell-word";
import { type ClusterJob, isInCluster } from "../../plan/job";
import { askClusters, type ClusterChoice, objectsOf, whichOf } from "../kubectl";
import { iso, type JobState, type MachineState } from "./state";

const containers = z.array(z.object({ image: z.string() })).default([]);
const podSpec = z.object({ initContainers: containers, containers });

/** CronJobs as the API has them; what else it says of them is left alone. */
const cronJob = z.object({
  metadata: z.object({ name: z.string(), namespace: z.string(), creationTimestamp: z.string() }),
  spec: z.object({
    suspend: z.boolean().default(false),
    schedule: z.string().optional(),
    timeZone: z.string().optional(),
    jobTemplate: z.object({ spec: z.object({ template: z.object({ spec: podSpec }) }) }).optional(),
  }),
  status: z
    .object({
      active: z.array(z.unknown()).default([]),
      lastScheduleTime: z.string().optional(),
      lastSuccessfulTime: z.string().optional(),
    })
    .default({ active: [] }),
});
type CronJob = z.output<typeof cronJob>;

/** What the clusters' own API says of their jobs, by this machine's `kubectl`. It is asked only where it leads to a cluster of the estate. */
export async function clusterStates(
  plan: Plan,
  choice: ClusterChoice,
  nowMs: number,
): Promise<MachineState[]> {
  const jobs = plan.jobs.filter(isInCluster);
  const clusters = [...new Set(jobs.map(({ runsOn }) => runsOn.name))];
  const answers = await askClusters(clusters, choice, plan.estate, () =>
    objectsOf(choice, "cronjobs.batch", cronJob),
  );
  return [...answers].map(([on, found]) => {
    const own = jobs.filter(({ runsOn }) => runsOn.name === on);
    if ("cause" in found)
      return {
        ...{ on, kind: "cluster", state: "unknown", stores: [] },
        says: [`the cluster wasn't asked: ${found.cause}`],
        jobs: own.map(job => ({ ...blank(on, job, nowMs), state: "unknown", says: [] })),
      };
    return {
      ...{ on, kind: "cluster", state: "well", stores: [], says: [] },
      jobs: own.map(job => jobState(on, job, { items: found.items, which: whichOf(choice), nowMs })),
    };
  });
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
    ...otherThanDeclared(job, spec),
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

/** When it starts and which images it runs, where somebody has changed that in the cluster: an `up` that refreshes nothing doesn't see it. */
function otherThanDeclared({ deployment }: ClusterJob, spec: CronJob["spec"]): string[] {
  const { pod } = deployment;
  const { schedule = "", timeZone = "(no zone)", jobTemplate } = spec;
  const declared = [pod.client.image, pod.runnerImage].map(named);
  const foreign = jobTemplate ? imagesIn(jobTemplate).filter(image => !declared.includes(named(image))) : [];
  return [
    ...differs(`${pod.schedule} ${pod.zone}`, `${schedule} ${timeZone}`),
    ...foreign.flatMap(image => differs(declared.join(" and "), image)),
  ];
}

function differs(declared: string, found: string): string[] {
  if (declared === found) return [];
  return [`declared "${declared}", and the cluster says "${found}". Next: pulumi up --refresh`];
}

function imagesIn({ spec: { template } }: NonNullable<CronJob["spec"]["jobTemplate"]>): string[] {
  return [...template.spec.initContainers, ...template.spec.containers].map(({ image }) => image);
}

/** An image by its name and tag: which one a tag was, the stack's settings say, and not the estate. */
function named(image: string): string {
  return image.split("@")[0] ?? image;
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
