import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { execa } from "execa";
import { z } from "zod";
import { kubectlFolder } from "../../lab/kubectl";
import { mustOnHost, startHosts } from "../../lab/hosts";
import { inNamespace, operatorAddress } from "../../lab/namespace";
import { readImages, startNode } from "../../lab/node";
import { until } from "../../lab/process";
import { connect, queryPrometheus, startServers, urls } from "../../lab/servers";
import { type EstateInput, parseEstate, planOf } from "../../plan";
import { restoreSteps, restoreText } from "../../plan/graph/restore-steps";
import { mountNamespace, type MountNamespace } from "../runners/support/namespace";
import { type DatabaseServer, password, startPostgresql } from "../runners/support/postgresql-server";
import { ReleaseStack } from "../lab/release-stack";

jest.setTimeout(900_000);

const quiet = (): void => undefined;
const namespace = "dbaas";
const job = "postgresql-backup";
const folder = `/srv/nfs/${job}`;
let mounts: MountNamespace;
let server: DatabaseServer;
let serverFolder: string;
let stack: ReleaseStack;

beforeAll(async () => {
  serverFolder = mkdtempSync("/var/tmp/holdfast-lab-postgresql-");
  chmodSync(serverFolder, 0o755);
  mounts = await mountNamespace();
  await Promise.all([startHosts({ only: ["pve"], say: quiet }), startServers(quiet)]);
  await Promise.all([startNode(quiet), startDatabase(), closeNamespace()]);
  stack = await ReleaseStack.open("cluster-dump");
  stack.setEstate(withDump());
  await stack.setSecret(job, password);
}, 900_000);

afterAll(async () => {
  await stack?.destroy();
  await server?.stop();
  await mounts.close();
  rmSync(serverFolder, { recursive: true, force: true });
});

async function startDatabase(): Promise<void> {
  server = await startPostgresql(mounts, serverFolder, operatorAddress);
  await server.sql("create database shop");
  await server.sql(
    "create table orders as select n as id, 'order ' || n as note from generate_series(1, 3000) n",
    "shop",
  );
}

/** The API server itself refuses a pod there that doesn't fit the Pod Security Standard. */
async function closeNamespace(): Promise<void> {
  const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
  const object = { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace, labels } };
  await connect().apply(`/api/v1/namespaces/${namespace}`, object);
}

function withDump(): EstateInput {
  const estate = stack.estate();
  const images = readImages();
  return {
    ...estate,
    clusters: { k8s: { hosts: ["pve"], disk: "sdc", api: urls.kubernetes, runnerImage: images.runner } },
    links: [{ from: "pve", to: "pve", bandwidth: "100MB" }],
    waivers: [
      {
        ...{ code: "routes/no-route-off-site", subject: "postgresql" },
        ...{ reason: "the lab has no other site", owner: "this test", expires: inAMonth() },
      },
    ],
    secrets: { [job]: { keptIn: ["break-glass"] } },
    services: {
      postgresql: {
        data: [{ kind: "database", engine: "postgresql", on: { cluster: "k8s" }, size: "4MB" }],
        promise: { rpo: { "live-disk": "3d" }, rto: "8h" },
      },
    },
    layers: {
      ...estate.layers,
      "cluster-dump": [
        {
          ...{ name: job, cluster: "k8s", namespace, dataset: "postgresql" },
          schedule: { cron: "0 1 * * *" },
          target: { host: "pve", path: folder },
          keep: { age: "14d" },
          ...{ usualRun: "1min", budget: "10min", promise: { rpo: "27h" }, alert: { receiver: "lab" } },
          dump: {
            ...{ engine: "postgresql", databases: "together", user: "backup", secret: job },
            ...{ image: images.postgresql, server: { host: operatorAddress, namespace } },
          },
        },
      ],
    },
  };
}

function inAMonth(): string {
  return new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10);
}

const podList = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string() }),
      status: z.object({ phase: z.string() }),
    }),
  ),
});

async function pods(): Promise<z.infer<typeof podList>["items"]> {
  return podList.parse(await connect().get(`/api/v1/namespaces/${namespace}/pods`)).items;
}

test("a CronJob that was deployed makes a good dump at its time, by a real kubelet's pod", async () => {
  await stack.mustUp();
  // Nobody waits for one o'clock: all else of it stays as it was deployed.
  await connect().apply(`/apis/batch/v1/namespaces/${namespace}/cronjobs/${job}`, {
    ...{ apiVersion: "batch/v1", kind: "CronJob", metadata: { name: job, namespace } },
    spec: { schedule: "* * * * *" },
  });
  const done = async (): Promise<boolean> =>
    (await pods()).some(({ status: { phase } }) => phase === "Succeeded" || phase === "Failed");
  await until(done, 420_000, 1_000);
  expect((await pods())[0]?.status.phase).toBe("Succeeded");
  // A minute later there may be a second one.
  const [manifestFile = "", dumpFile = ""] = (await mustOnHost("pve", `cd ${folder} && ls dump_*`)).split(
    "\n",
  );
  expect([manifestFile, dumpFile]).toEqual([
    expect.stringMatching(/^dump_\S+\.json$/),
    expect.stringMatching(/^dump_\S+\.sql\.gz$/),
  ]);
  const stat = await mustOnHost(
    "pve",
    `cd ${folder} && stat --format='%u %g %a' ${manifestFile} ${dumpFile}`,
  );
  expect(stat).toBe("64738 64738 600\n64738 64738 600\n");
  const manifest = JSON.parse(await mustOnHost("pve", `cat ${folder}/${manifestFile}`)) as object;
  expect(manifest).toMatchObject({ database: "", tables: { "shop public.orders": 3000 } });
  const status = async () => (await queryPrometheus(`backup_last_status{job="${job}"}`))[0]?.value;
  expect(await until(async () => (await status()) === 0, 60_000, 1000)).toBe(true);
});

test("by the real kubectl, status says how that job stands, and what is printed brings a lost table back", async () => {
  const { kubeconfig } = stack.facts;
  process.env["KUBECONFIG"] = kubeconfig;
  process.env["PATH"] = `${await kubectlFolder()}:${process.env["PATH"]}`;
  const { text } = await stack.holdfast("status");
  expect(text).toMatch(new RegExp(` k8s +│ ${job} +│ \\d+ (s|min) ago +│ 24 h +│ .* well `));
  expect(text).toMatch(/ pve +│ nfs-mirror +│ .*│ in \d+ (h|min) +│ well /);
  await server.sql("drop table orders", "shop");
  const copy = planOf(parseEstate(withDump())).copies.find(({ dataset }) => dataset.service === "postgresql");
  if (!copy) throw new Error("the plan has no copy of the database");
  const [program = "", ...words] = inNamespace(["bash", "-c", restoreText(restoreSteps(copy))]);
  const { all } = await execa(program, words, { all: true, timeout: 300_000 });
  expect(all).toContain("condition met");
  expect(await server.sql("select count(*) from orders", "shop")).toBe("3000");
});
