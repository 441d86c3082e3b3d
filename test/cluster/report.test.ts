import { join } from "node:path";
import { z } from "zod";
import { projectRoot } from "../../lab/cache";
import { fixedFacts } from "../../lab/facts";
import { startHosts } from "../../lab/hosts";
import { inNamespace } from "../../lab/namespace";
import { startNode } from "../../lab/node";
import { readImages } from "../../lab/node/references";
import { until } from "../../lab/process";
import { connect, exchange, startServers } from "../../lab/servers";
import { ThrowAwayStack } from "../lab/engine/throw-away-stack";
import { closeNamespace, namespace } from "./dump-cluster";

// The component by itself, in a program of somebody's own: the page as a real kubelet's pod serves it.
jest.setTimeout(900_000);

const quiet = (): void => undefined;
let stack: ThrowAwayStack;
beforeAll(async () => {
  await Promise.all([startHosts({ only: ["pve"], say: quiet }), startServers(quiet)]);
  await Promise.all([startNode(quiet), closeNamespace()]);
  stack = await ThrowAwayStack.start("report.cjs", inNamespace);
}, 1_200_000);
afterAll(async () => {
  const ended = await stack?.destroy();
  stack?.remove();
  expect(ended).toMatchObject({ exitCode: 0 });
});

async function deploy(page: string): Promise<void> {
  stack.give({
    run: join(projectRoot, "cli/run.mjs"),
    components: join(projectRoot, "package/components.ts"),
    kubeconfig: fixedFacts.kubeconfig,
    ...{ namespace, page, image: readImages().runner },
  });
  expect(await stack.up()).toMatchObject({ exitCode: 0 });
}

const list = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), labels: z.record(z.string(), z.string()).default({}) }),
      status: z.object({ podIP: z.string().optional() }),
    }),
  ),
});

/** Where its pod answers. */
async function address(): Promise<string | undefined> {
  const { items } = list.parse(await connect().get(`/api/v1/namespaces/${namespace}/pods`));
  const pod = items.find(({ metadata }) => metadata.labels["holdfast.io/report"] === "house");
  return pod?.status.podIP === undefined ? undefined : `http://${pod.status.podIP}:8080`;
}

/** Once it has this text; the kubelet renews what is mounted within a minute or two. */
async function served(text: string): Promise<void> {
  let last: unknown;
  const isServed = await until(
    async () => {
      const at = await address();
      last = at === undefined ? "no pod" : await exchange(`${at}/`).catch((error: unknown) => error);
      return z.object({ status: z.literal(200), body: z.literal(text) }).safeParse(last).success;
    },
    300_000,
    500,
  );
  expect([isServed, last]).toEqual([true, expect.objectContaining({ status: 200 })]);
}

test("is served by a pod that may do nothing, takes nothing, and shows the next one without another pod", async () => {
  const first = "<!doctype html><p>The first night</p>";
  await deploy(first);
  await served(first);
  const at = await address();
  expect((await exchange(`${at}/`, { method: "POST", body: "x" })).status).toBe(405);
  expect((await exchange(`${at}/server.cjs`)).status).toBe(404);
  const second = "<!doctype html><p>The second night</p>";
  await deploy(second);
  await served(second);
  expect(await address()).toBe(at);
});
