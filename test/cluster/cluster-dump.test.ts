import { mustOnHost } from "../../lab/hosts";
import { until } from "../../lab/process";
import { queryPrometheus } from "../../lab/servers";
import { restorePrinted, whenDue } from "./dump-cluster";
import { postgresqlStand } from "./postgresql-stand";

jest.setTimeout(900_000);

const job = "postgresql-backup";
const folder = `/srv/nfs/${job}`;
const cluster = postgresqlStand({
  ...{ name: "cluster-dump", job },
  async fill(server) {
    await server.sql("create database shop");
    await server.sql(
      "create table orders as select n as id, 'order ' || n as note from generate_series(1, 3000) n",
      "shop",
    );
  },
});

test("a CronJob that was deployed makes a good dump at its time, by a real kubelet's pod", async () => {
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
  const { text } = await cluster().stack.holdfast("status");
  expect(text).toMatch(new RegExp(` k8s +│ ${job} +│ \\d+ (s|min) ago +│ 24 h +│ .* well `));
  expect(text).toMatch(/ pve +│ nfs-mirror +│ .*│ in \d+ (h|min) +│ well /);
  await cluster().server.sql("drop table orders", "shop");
  expect(await restorePrinted(cluster().estate, "postgresql")).toContain("is complete");
  expect(await cluster().server.sql("select count(*) from orders", "shop")).toBe("3000");
});
