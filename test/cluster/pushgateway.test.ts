import { z } from "zod";
import { machines, mustOnHost } from "../../lab/hosts";
import { localVolume } from "../../lab/node/local-volume";
import { importMoreImages } from "../../lab/node/more-images";
import { readImages } from "../../lab/node/references";
import { until } from "../../lab/process";
import { connect, exchange, monitoringNamespace, pushgatewayHeaders, urls } from "../../lab/servers";
import { pushgatewayUser } from "../../lab/servers/pushgateway-login";
import { pushgatewayPort } from "../../plan/pushgateway";
import { pushSecret } from "./dump-cluster";
import { stand } from "./stand";

// The Pushgateway as it is installed, in a real kubelet's pod with its claim: of what jobs told it, nothing is lost with its process or its pod.
jest.setTimeout(900_000);

const claim = "pushgateway";
let image: string;

stand({
  name: "cluster-pushgateway",
  async serve() {
    await localVolume(claim, monitoringNamespace, 0);
    ({ pushgateway: image } = await importMoreImages());
    return [];
  },
  estate: own => ({
    ...own,
    clusters: {
      k8s: { hosts: ["pve"], disk: "sdc", api: urls.kubernetes, runnerImage: readImages().runner },
    },
    secrets: { [pushSecret]: { keptIn: ["break-glass"] } },
    monitoring: {
      ...own.monitoring,
      pushgateway: `http://${machines.node.address}:30091`,
      pushgatewayLogin: { user: pushgatewayUser, password: pushSecret },
      pushgatewayServer: { cluster: "k8s", image },
    },
  }),
  secrets: () => ({}),
});

const pods = `/api/v1/namespaces/${monitoringNamespace}/pods`;
const list = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), labels: z.record(z.string(), z.string()).default({}) }),
      status: z.object({
        podIP: z.string().optional(),
        containerStatuses: z.array(z.object({ ready: z.boolean(), restartCount: z.int() })).default([]),
      }),
    }),
  ),
});

/** The one pod that answers, once it is the one that is meant. */
async function ready(isMeant: (pod: { name: string; restarts: number }) => boolean = () => true) {
  let found: { name: string; address: string; restarts: number } | undefined;
  await until(
    async () => {
      found = list.parse(await connect().get(pods)).items.flatMap(({ metadata, status }) => {
        const [container] = status.containerStatuses;
        const { name, labels } = metadata;
        return labels["app.kubernetes.io/name"] === "pushgateway" && status.podIP && container?.ready
          ? [{ name, address: status.podIP, restarts: container.restartCount }]
          : [];
      })[0];
      return found !== undefined && isMeant(found);
    },
    300_000,
    500,
  );
  if (!found) throw new Error(`no pod is ready: ${JSON.stringify(await connect().get(pods))}`);
  return found;
}

const told = async (address: string): Promise<string> =>
  (await exchange(`http://${address}:${pushgatewayPort}/metrics`, { headers: pushgatewayHeaders() })).body;

/** As a job does; it is on the disk when this ends. */
async function push(address: string, job: string, value: number): Promise<void> {
  const url = `http://${address}:${pushgatewayPort}/metrics/job/${job}`;
  const body = `backup_last_success_timestamp ${value}\n`;
  expect((await exchange(url, { method: "PUT", body, headers: pushgatewayHeaders() })).status).toBe(200);
  const kept = () => mustOnHost("node", `cat /opt/${claim}/metrics 2>/dev/null || true`);
  expect(await until(async () => (await kept()).includes(job), 60_000, 200)).toBe(true);
}

test("killed between pushes, and in another pod, it knows what it was told", async () => {
  const first = await ready();
  await push(first.address, "before-the-kill", 41);
  await mustOnHost("node", "pkill --signal KILL --full [/]usr/bin/prometheus-pushgateway");
  const second = await ready(({ restarts }) => restarts === 1);
  await push(second.address, "after-the-kill", 42);
  await connect().remove(`${pods}/${second.name}`);
  const third = await ready(({ name }) => name !== second.name);
  const text = await told(third.address);
  expect(text).toContain('backup_last_success_timestamp{instance="",job="before-the-kill"} 41');
  expect(text).toContain('backup_last_success_timestamp{instance="",job="after-the-kill"} 42');
  const nobody = await exchange(`http://${third.address}:${pushgatewayPort}/metrics`);
  expect(nobody.status).toBe(401);
});
