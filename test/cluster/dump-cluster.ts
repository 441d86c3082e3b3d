import { execa } from "execa";
import { z } from "zod";
import { dumpsNamespace } from "../../lab/house/dumps";
import { type JobSpec, jobEnd, startNow } from "../../lab/house/job-now";
import { operatorEnvironment } from "../../lab/kubectl";
import { inNamespace } from "../../lab/namespace";
import { readImages } from "../../lab/node/references";
import { until } from "../../lab/process";
import { connect, urls } from "../../lab/servers";
import { pushgatewayUser } from "../../lab/servers/pushgateway-login";
import { type EstateInput, parseEstate, planOf } from "../../plan";
import { restoreSteps, restoreText } from "../../plan/graph/restore-steps";

/** What the tests of dumps in a real kubelet's pods ask of the lab's cluster. */

/** Of all dumps of the tests. */
export const namespace = dumpsNamespace;

/** The API server itself refuses a pod there that doesn't fit the Pod Security Standard. */
export async function closeNamespace(): Promise<void> {
  const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
  const object = { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace, labels } };
  await connect().apply(`/api/v1/namespaces/${namespace}`, object);
}

/** By what their runners push. */
export const pushSecret = "pushgateway";

/** A cluster with dumps, on a host that has all that they go to. */
export function withDumps(
  estate: EstateInput,
  services: NonNullable<EstateInput["services"]>,
  dumps: NonNullable<EstateInput["layers"]["cluster-dump"]>,
): EstateInput {
  const secrets = dumps.flatMap(({ dump }) => (dump && "secret" in dump && dump.secret ? [dump.secret] : []));
  const expires = new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10);
  return {
    ...estate,
    clusters: {
      k8s: { hosts: ["pve"], disk: "sdc", api: urls.kubernetes, runnerImage: readImages().runner },
    },
    links: [{ from: "pve", to: "pve", bandwidth: "100MB" }],
    // Of several services, the check names them all at once.
    waivers: [
      {
        code: "routes/no-route-off-site",
        subject: Object.keys(services).length === 1 ? Object.keys(services).join() : estate.name,
        ...{ reason: "the lab has no other site", owner: "this test", expires },
      },
    ],
    secrets: Object.fromEntries([...secrets, pushSecret].map(name => [name, { keptIn: ["break-glass"] }])),
    monitoring: {
      ...estate.monitoring,
      pushgatewayLogin: { user: pushgatewayUser, password: pushSecret },
    },
    services,
    layers: { ...estate.layers, "cluster-dump": dumps },
  };
}

const promise = { rpo: { "live-disk": "3d" }, rto: "8h" };

type Engine = "postgresql" | "mariadb" | "redis" | "etcd" | "vault" | "prometheus";

/** A service that is a database of the cluster's. */
export const database = (engine: Engine): Service => ({
  ...{ data: [{ kind: "database", engine, on: { cluster: "k8s" }, size: "4MB" }], promise },
});

/** A service that has a volume. */
export const application = (claim: string): Service => ({
  ...{
    data: [{ kind: "volume", holds: "sqlite", host: "pve", pool: "data", namespace, claim, size: "4MB" }],
    promise,
  },
});

type Service = NonNullable<EstateInput["services"]>[string];

const podList = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), labels: z.record(z.string(), z.string()).default({}) }),
      status: z.object({
        phase: z.string(),
        containerStatuses: z
          .array(
            z.object({
              name: z.string(),
              state: z.object({ terminated: z.object({ reason: z.string() }).optional() }),
            }),
          )
          .default([]),
      }),
    }),
  ),
});

type Pod = z.infer<typeof podList>["items"][number];

const cronJob = z.object({ spec: z.object({ schedule: z.string() }) });

async function podsWith(label: string, value: string): Promise<Pod[]> {
  const { items } = podList.parse(await connect().get(`/api/v1/namespaces/${namespace}/pods`));
  return items.filter(({ metadata }) => metadata.labels[label] === value);
}

/** How the pods of a CronJob stand, e.g. "Succeeded". */
async function phases(job: string): Promise<string[]> {
  return (await podsWith("holdfast.io/job", job)).map(({ status }) => status.phase);
}

const cronJobPath = (job: string): string => `/apis/batch/v1/namespaces/${namespace}/cronjobs/${job}`;

/** All else of a deployed CronJob stays as it is. @returns its schedule before */
export async function setSchedule(job: string, schedule: string): Promise<string> {
  const { spec } = cronJob.parse(await connect().get(cronJobPath(job)));
  await connect().apply(cronJobPath(job), {
    ...{ apiVersion: "batch/v1", kind: "CronJob", metadata: { name: job, namespace } },
    spec: { schedule },
  });
  return spec.schedule;
}

/**
 * Makes a deployed CronJob due each minute until a pod of its has ended; all else of it stays as it was deployed.
 * @returns how that pod ended
 */
export async function whenDue(job: string): Promise<string> {
  const ended = async (): Promise<string | undefined> =>
    (await phases(job)).find(phase => phase === "Succeeded" || phase === "Failed");
  const schedule = await setSchedule(job, "* * * * *");
  await until(async () => (await phases(job)).length > 0, 420_000, 500);
  await setSchedule(job, schedule);
  await until(async () => (await ended()) !== undefined, 420_000, 1_000);
  return (await ended()) ?? `no pod of ${job} has ended: ${(await phases(job)).join(", ")}`;
}

let started = 0;

/** Starts a deployed CronJob's job now. @param change of what was deployed @returns the job's name */
export async function startJob(job: string, change?: (spec: JobSpec) => void): Promise<string> {
  started += 1;
  const name = `${job}-now-${started}`;
  await startNow(job, name, change);
  return name;
}

/** @returns the pod's container of that name, to be changed before it starts */
export function containerOf(spec: JobSpec, name: "client" | "runner") {
  const found = spec.template.spec.containers.find(container => container.name === name);
  if (!found) throw new Error(`the pod has no container ${name}`);
  return found;
}

/** Pods of a job that was started. */
export const podsOf = (name: string): Promise<Pod[]> => podsWith("batch.kubernetes.io/job-name", name);

/** Why each container of a pod has ended, of those that have. */
export function reasonsOf({ status }: Pod): Readonly<Record<string, string>> {
  return Object.fromEntries(
    status.containerStatuses.flatMap(({ name, state: { terminated } }) =>
      terminated === undefined ? [] : [[name, terminated.reason]],
    ),
  );
}

/** Waits for a job's end. @returns "Complete" or "Failed", and `reasonsOf` its pod, where that is still there */
export async function endOf(
  job: string,
  patienceMs = 600_000,
): Promise<{ end: string; reasons: Readonly<Record<string, string>> }> {
  await until(async () => (await jobEnd(job)) !== undefined, patienceMs, 500);
  const [pod] = await podsOf(job);
  return { end: (await jobEnd(job)) ?? "none yet", reasons: pod ? reasonsOf(pod) : {} };
}

/** By the real kubectl. @returns what it said */
export async function kubectl(...words: readonly string[]): Promise<string> {
  const [program = "", ...args] = inNamespace(["kubectl", `--namespace=${namespace}`, ...words]);
  return (await execa(program, args, { env: await operatorEnvironment(), timeout: 420_000 })).stdout;
}

/** Does what is printed for the newest copy of a service. @returns what it said */
export async function restorePrinted(estate: EstateInput, service: string): Promise<string> {
  const copy = planOf(parseEstate(estate)).copies.find(({ dataset }) => dataset.service === service);
  if (!copy) throw new Error(`the plan has no copy of ${service}`);
  const [program = "", ...words] = inNamespace(["bash", "-c", restoreText(restoreSteps(copy))]);
  const { all } = await execa(program, words, { all: true, timeout: 420_000 });
  return all;
}
