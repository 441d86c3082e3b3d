import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { readManifest } from "../../cluster-scripts/cluster-dump/manifest";
import { inTime } from "../long";
import { createDumpWorld, type DumpWorld } from "./support/dump-world";
import type { MountNamespace } from "./support/namespace";
import { preparePrometheus, type PrometheusServer, writeHistory } from "./support/prometheus-server";

// Each case is a handful of pods.
let world: DumpWorld;
let server: PrometheusServer;
let namespace: MountNamespace;
let folder: string;

/** The day before, and a minute of it that the history has. */
const fromS = Math.floor(Date.now() / 1000) - 26 * 3600;
const minute = 90;
const query = `warmth@${fromS + minute * 60}`;

beforeAll(async () => {
  world = await createDumpWorld("prometheus-backup", async (of, below) => {
    [namespace, folder] = [of, below];
    server = await preparePrometheus(of, below, "data");
    await writeHistory(of, server.data, fromS, 180);
    await server.start();
    return server;
  });
  world.writeConfig({ metrics: "prometheus_backup" });
});
afterAll(() => world.close());
afterEach(() => {
  world.reset();
  world.writeConfig({ metrics: "prometheus_backup" });
});

test("a snapshot's blocks are dumped, proven and told by the names that they have, none of it stays in the volume, and an empty Prometheus answers for the day before", async () => {
  const before = Date.now() / 1000;
  const { client, runner } = await world.pod("prometheus-server.sh");
  expect([client.stderr, runner.stdout, client.status, runner.status]).toEqual([
    "",
    expect.stringContaining("1 good dumps"),
    0,
    0,
  ]);
  const manifest = world.files("files").find(name => name.endsWith(".json")) ?? "";
  expect(readManifest(join(world.target, "files", manifest))).toMatchObject({
    ...{ form: "prometheus-blocks", database: "files", server: "Prometheus 2.42.0+ds" },
    tables: { samples: 180, blocks: expect.any(Number) as number },
  });
  expect(world.metrics()["prometheus_backup_last_success_timestamp"]).toBeGreaterThanOrEqual(
    Math.floor(before),
  );
  expect(readdirSync(namespace.outside(join(server.data, "snapshots")))).toEqual([]);
  // While it runs, nothing of it is moved.
  const refused = await world.ask("prometheus-restore.sh", "restore");
  expect([refused.runner.stdout, refused.runner.status]).toEqual([expect.stringMatching(/Scale it to 0/), 1]);
  expect(await server.sql(query)).toContain(`"${minute}"`);

  const other = await preparePrometheus(namespace, folder, "empty");
  const restored = await world.ask("prometheus-restore.sh", "restore files", {
    environment: other.environment,
  });
  expect([restored.client.stderr, restored.runner.stdout, restored.runner.status]).toEqual([
    "",
    expect.stringMatching(/"files" is as of/),
    0,
  ]);
  await other.start();
  expect(await other.sql(query)).toContain(`"${minute}"`);
  await other.stop();
  // Once more, where something is: it is there afterwards, under another name.
  const again = await world.ask("prometheus-restore.sh", "restore files", { environment: other.environment });
  expect([again.runner.stdout, again.runner.status]).toEqual([
    expect.stringMatching(/what database "files" was before is database "files_before_/),
    0,
  ]);
  expect(
    readdirSync(namespace.outside(other.data)).filter(name => name.startsWith(".holdfast-")),
  ).toHaveLength(1);
});

/** The snapshot's folder of a program that packs it. */
const inSnapshot = (change: string): string =>
  `case "$*" in *-cf*) ${change}; exec /bin/tar "$@" ;; *) exec /bin/tar "$@" ;; esac`;

const faults = [
  [
    "has a block without its index",
    { tar: inSnapshot("rm -- */index") },
    {},
    /it can't be read back: .*has no index that can be read/,
  ],
  [
    "has an index of other bytes",
    { tar: inSnapshot("for i in */index; do head -c 200 $i >i && mv i $i; done") },
    {},
    /it can't be read back: /,
  ],
  [
    "has a block without its chunks",
    { tar: inSnapshot("rm -r -- */chunks") },
    {},
    /it can't be read back: block \S+ has no chunks/,
  ],
  [
    "has no block",
    { tar: inSnapshot("rm -r -- *") },
    {},
    /it can't be read back: it has no block with a sample in it/,
  ],
  [
    "fails while it is packed",
    { tar: 'case "$*" in *-cf*) /bin/tar "$@"; exit 2 ;; *) exec /bin/tar "$@" ;; esac' },
    {},
    /its program ended with 2/,
  ],
  [
    "is given by a server that has no API for it",
    { wget: 'case "$*" in *admin*) echo "403 Forbidden" >&2; exit 1 ;; *) exec /usr/bin/wget "$@" ;; esac' },
    {},
    /its program ended with 1: .*--web.enable-admin-api/,
  ],
  [
    "has no server",
    {},
    { DATABASE_PORT: "1" },
    /what there is to dump isn't known: (nothing answers at|wget: can't connect)/,
  ],
  ["is of another server's volume", {}, { FILES: "/srv" }, /which isn't in this volume/],
] as const;
test.each(inTime(2, faults))(
  "a dump that %s is a failure, the one before stays, and nothing of it in the volume",
  async (_, shadow, environment, says) => {
    await world.pod("prometheus-server.sh");
    const before = world.files();
    const { runner } = await world.pod("prometheus-server.sh", { shadow, environment });
    expect([runner.stdout, runner.status]).toEqual([expect.stringMatching(says), 1]);
    expect(world.files()).toEqual(before);
    const left = namespace.outside(join(server.data, "snapshots"));
    // What another server was asked for is in that one's volume.
    expect(readdirSync(left)).toHaveLength("FILES" in environment ? 1 : 0);
    for (const name of readdirSync(left)) rmSync(join(left, name), { recursive: true });
  },
);
