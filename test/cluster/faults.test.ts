import { mustOnHost, powerCut } from "../../lab/hosts";
import { startNode } from "../../lab/node";
import { until } from "../../lab/process";
import { queryPrometheus, startServers, stopServer } from "../../lab/servers";
import { containerOf, endOf, kubectl, podsOf, reasonsOf, setSchedule, startJob } from "./dump-cluster";
import { postgresqlStand } from "./postgresql-stand";

// What a cluster does to a dump's pod, by a real kubelet: the pod can't speak of most of it, so what it leaves has to. After each, the dump of before
// is there, byte by byte, no success was told, and the next run makes a good one.
jest.setTimeout(1_200_000);

const quiet = (): void => undefined;
const job = "postgresql-backup";
const folder = `/srv/nfs/${job}`;
const cluster = postgresqlStand({
  ...{ name: "cluster-faults", job },
  // A client that never comes is waited for half of it.
  budget: "2min",
  async fill(server) {
    // As the layer's page has it: of a node that lost its power the server hears nothing, and keeps the locks of what ran there.
    await server.sql(
      "alter role backup set tcp_keepalives_idle = 10; alter role backup set tcp_user_timeout = '20s'",
    );
    await server.sql("create database shop");
    await server.sql(
      "create table orders as select n as id, repeat(md5(n::text), 20) as note from generate_series(1, 20000) n",
      "shop",
    );
  },
});

beforeAll(async () => {
  expect(await endOf(await startJob(job))).toMatchObject({ end: "Complete" });
}, 600_000);

const runnersLog = (run: string): Promise<string> => kubectl("logs", `job/${run}`, "--container=runner");

/** The dumps with their manifests, by SHA-256. */
const dumps = (): Promise<string> => mustOnHost("pve", `cd ${folder} && sha256sum dump_*`);

async function successAt(): Promise<number | undefined> {
  const metrics = await queryPrometheus(`backup_last_success_timestamp{job="${job}"}`);
  return metrics[0]?.value;
}

/** What a fault leaves: the dumps as they were, nothing that passes for one, no success; and the next run is good. */
async function mustSurvive(fault: () => Promise<void>): Promise<void> {
  await until(async () => (await successAt()) !== undefined, 60_000, 500);
  const before = { dumps: await dumps(), success: await successAt() };
  await fault();
  expect({ dumps: await dumps(), success: await successAt() }).toEqual(before);
  expect(await endOf(await startJob(job))).toMatchObject({ end: "Complete" });
  const after = await dumps();
  expect(after).toContain(before.dumps);
  expect(after.split("\n")).toHaveLength(before.dumps.split("\n").length + 2);
  const beside = await mustOnHost("pve", `cd ${folder} && find . -mindepth 1 -maxdepth 1 ! -name 'dump_*'`);
  expect(beside).toBe("./.holdfast\n");
}

/** A run waits in the midst of its dump, for a table that somebody has locked, while something happens to it. */
async function inItsMidst(change: Parameters<typeof startJob>[1], happens: (run: string) => Promise<void>) {
  const { server } = cluster();
  const lock = server
    .client(["psql", "--dbname=shop", "--command=begin; lock table orders; select pg_sleep(1000)"])
    .catch(quiet);
  try {
    const locked = "select count(*) from pg_locks where mode = 'AccessExclusiveLock' and granted";
    expect(await until(async () => (await server.sql(locked, "shop")) === "1", 120_000, 200)).toBe(true);
    const run = await startJob(job, change);
    const waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'";
    expect(await until(async () => (await server.sql(waiting, "shop")) === "1", 120_000, 200)).toBe(true);
    await happens(run);
  } finally {
    await server.sql(
      "select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(1000)%' and pid <> pg_backend_pid()",
      "shop",
    );
    await lock;
  }
}

test("a client that needs more memory than it may have", () =>
  mustSurvive(async () => {
    const run = await startJob(job, spec => {
      containerOf(spec, "client").resources = { limits: { memory: "6Mi" } };
    });
    expect(await endOf(run)).toMatchObject({ end: "Failed", reasons: { client: "OOMKilled" } });
  }));

test("a runner that needs more memory than it may have: its client waits no longer than the pod may run", () =>
  mustSurvive(async () => {
    const run = await startJob(job, spec => {
      spec.activeDeadlineSeconds = 60;
      containerOf(spec, "runner").resources = { limits: { memory: "24Mi" } };
    });
    const killed = async () => (await podsOf(run)).some(pod => reasonsOf(pod)["runner"] === "OOMKilled");
    expect(await until(killed, 60_000, 500)).toBe(true);
    expect(await endOf(run)).toMatchObject({ end: "Failed" });
  }));

test("an image that nobody has", () =>
  mustSurvive(async () => {
    const run = await startJob(job, spec => {
      containerOf(spec, "client").image = `docker.io/library/postgres@sha256:${"0".repeat(64)}`;
    });
    const says = async () => await runnersLog(run).catch(() => "");
    expect(await until(async () => (await says()).includes("has not begun"), 240_000, 1_000)).toBe(true);
    const [pod] = await podsOf(run);
    expect(await says()).toContain(`kubectl describe pod ${pod?.metadata.name}`);
    await kubectl("delete", "job", run);
  }));

test.each(["TERM", "KILL"])("a client that is ended by %s in the midst of its dump", signal =>
  mustSurvive(() =>
    inItsMidst(undefined, async run => {
      await mustOnHost("node", `pkill --signal ${signal} --exact pg_dump`);
      expect(await endOf(run)).toMatchObject({ end: "Failed" });
      expect(await runnersLog(run)).toContain("its program ended with");
    }),
  ),
);

test("a runner that is ended by KILL in the midst of a dump", () =>
  mustSurvive(() =>
    inItsMidst(
      spec => (spec.activeDeadlineSeconds = 90),
      async run => {
        await mustOnHost("node", "pkill --signal KILL --full [/]holdfast/cluster-dump.cjs");
        expect(await endOf(run)).toMatchObject({ end: "Failed" });
      },
    ),
  ));

test("a pod that is evicted in the midst of its dump", () =>
  mustSurvive(() =>
    inItsMidst(undefined, async run => {
      await kubectl("delete", "pod", `--selector=batch.kubernetes.io/job-name=${run}`);
      expect(await endOf(run)).toMatchObject({ end: "Failed" });
    }),
  ));

test("a node that loses its power in the midst of a dump", () =>
  mustSurvive(() =>
    inItsMidst(undefined, async run => {
      await powerCut("node");
      await startNode(quiet);
      // The node may have lost what it noted of that pod's network, and then never calls it ended.
      await kubectl("delete", "pod", "--force", `--selector=batch.kubernetes.io/job-name=${run}`);
      expect(await endOf(run)).toMatchObject({ end: "Failed" });
    }),
  ));

test("an export that answers no more: the run ends at its time-out", () =>
  mustSurvive(() =>
    inItsMidst(
      spec => (spec.activeDeadlineSeconds = 60),
      async run => {
        await mustOnHost("pve", "systemctl stop nfs-server");
        try {
          expect(await endOf(run)).toMatchObject({ end: "Failed" });
          // None of its pods is there that hasn't ended: for as long as one is, no other run begins.
          const hasEnded = async () => (await podsOf(run)).every(({ status }) => status.phase === "Failed");
          expect(await until(hasEnded, 300_000, 1_000)).toBe(true);
        } finally {
          await mustOnHost("pve", "systemctl start nfs-server");
        }
      },
    ),
  ));

test("an API server that is away when a dump is due: it is made up", async () => {
  const before = await dumps();
  const due = new Date(Math.ceil((Date.now() + 30_000) / 60_000) * 60_000);
  const schedule = await setSchedule(job, `${due.getUTCMinutes()} ${due.getUTCHours()} * * *`);
  await until(() => Date.now() > due.getTime() - 10_000, 120_000, 500);
  await stopServer("kube-apiserver");
  await until(() => Date.now() > due.getTime() + 20_000, 120_000, 500);
  await startServers(quiet);
  expect(await until(async () => (await dumps()) !== before, 400_000, 1_000)).toBe(true);
  await setSchedule(job, schedule);
  expect(await dumps()).toContain(before);
});
