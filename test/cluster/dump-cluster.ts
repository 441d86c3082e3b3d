import { execa } from "execa";
import { z } from "zod";
import { dumpsNamespace } from "../../lab/house/dumps";
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

/** A service that is a database of the cluster's. */
export const database = (engine: "postgresql" | "mariadb" | "redis"): Service => ({
  ...{ data: [{ kind: "database", engine, on: { cluster: "k8s" }, size: "4MB" }], promise },
});

/** A service that has a volume. */
export const application = (claim: string): Service => ({
  ...{ data: [{ kind: "volume", host: "pve", pool: "data", namespace, claim, size: "4MB" }], promise },
});

type Service = NonNullable<EstateInput["services"]>[string];

const podList = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ labels: z.record(z.string(), z.string()).default({}) }),
      status: z.object({ phase: z.string() }),
    }),
  ),
});

const cronJob = z.object({ spec: z.object({ schedule: z.string() }) });

/** How the pods of a job stand, e.g. "Succeeded". */
async function phases(job: string): Promise<string[]> {
  const { items } = podList.parse(await connect().get(`/api/v1/namespaces/${namespace}/pods`));
  return items
    .filter(({ metadata }) => metadata.labels["holdfast.io/job"] === job)
    .map(({ status }) => status.phase);
}

/**
 * Makes a deployed CronJob due each minute until a pod of its has ended; all else of it stays as it was deployed.
 * @returns how that pod ended
 */
export async function whenDue(job: string): Promise<string> {
  const path = `/apis/batch/v1/namespaces/${namespace}/cronjobs/${job}`;
  const setSchedule = (schedule: string): Promise<unknown> =>
    connect().apply(path, {
      ...{ apiVersion: "batch/v1", kind: "CronJob", metadata: { name: job, namespace } },
      spec: { schedule },
    });
  const ended = async (): Promise<string | undefined> =>
    (await phases(job)).find(phase => phase === "Succeeded" || phase === "Failed");
  const { schedule } = cronJob.parse(await connect().get(path)).spec;
  await setSchedule("* * * * *");
  await until(async () => (await phases(job)).length > 0, 420_000, 500);
  await setSchedule(schedule);
  await until(async () => (await ended()) !== undefined, 420_000, 1_000);
  return (await ended()) ?? `no pod of ${job} has ended: ${(await phases(job)).join(", ")}`;
}

/** Does what is printed for the newest copy of a service. @returns what it said */
export async function restorePrinted(estate: EstateInput, service: string): Promise<string> {
  const copy = planOf(parseEstate(estate)).copies.find(({ dataset }) => dataset.service === service);
  if (!copy) throw new Error(`the plan has no copy of ${service}`);
  const [program = "", ...words] = inNamespace(["bash", "-c", restoreText(restoreSteps(copy))]);
  const { all } = await execa(program, words, { all: true, timeout: 420_000 });
  return all;
}
