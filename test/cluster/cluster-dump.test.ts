import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { nightly } from "../../lab/house/dumps";
import { kubectlFolder } from "../../lab/kubectl";
import { mustOnHost, startHosts } from "../../lab/hosts";
import { operatorAddress } from "../../lab/namespace";
import { startNode } from "../../lab/node";
import { readImages } from "../../lab/node/references";
import { until } from "../../lab/process";
import { queryPrometheus, startServers } from "../../lab/servers";
import { pushgatewayPassword } from "../../lab/servers/pushgateway-login";
import type { EstateInput } from "../../plan";
import { mountNamespace, type MountNamespace } from "../runners/support/namespace";
import { type DatabaseServer, password, startPostgresql } from "../runners/support/postgresql-server";
import { ReleaseStack } from "../lab/release-stack";
import {
  closeNamespace,
  database,
  namespace,
  pushSecret,
  restorePrinted,
  whenDue,
  withDumps,
} from "./dump-cluster";

jest.setTimeout(900_000);

const quiet = (): void => undefined;
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
  await stack.setSecret(pushSecret, pushgatewayPassword());
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

function withDump(): EstateInput {
  return withDumps(stack.estate(), { postgresql: database("postgresql") }, [
    {
      ...nightly(job, "postgresql", 1),
      dump: {
        ...{ engine: "postgresql", databases: "together", user: "backup", secret: job },
        ...{ image: readImages().postgresql, server: { host: operatorAddress, namespace } },
      },
    },
  ]);
}

test("a CronJob that was deployed makes a good dump at its time, by a real kubelet's pod", async () => {
  await stack.mustUp();
  expect(await whenDue(job)).toBe("Succeeded");
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
  expect(await restorePrinted(withDump(), "postgresql")).toContain("condition met");
  expect(await server.sql("select count(*) from orders", "shop")).toBe("3000");
});
