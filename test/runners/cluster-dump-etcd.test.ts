import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readManifest } from "../../cluster-scripts/cluster-dump/manifest";
import { inTime } from "../long";
import { createDumpWorld, type DumpWorld } from "./support/dump-world";
import { serveEtcd, startEtcd } from "./support/etcd-server";
import type { DatabaseServer } from "./support/postgresql-server";

// Each case is a handful of pods.
let world: DumpWorld;
let another: (data: string) => Promise<DatabaseServer>;

beforeAll(async () => {
  world = await createDumpWorld("etcd-backup", (namespace, folder) => {
    another = data => serveEtcd(namespace, folder, data);
    return startEtcd(namespace, folder);
  });
  for (const n of [1, 2, 3]) await world.server.sql(`put\n/registry/pods/${n}\nvalue ${n}`);
});
afterAll(() => world.close());
afterEach(() => world.reset());

test("a snapshot is taken, proven by the sum that it brings, and an etcd that is made of it has the same keys", async () => {
  const { client, runner } = await world.pod("etcd-server.sh");
  expect([runner.stdout, client.status, runner.status]).toEqual([
    expect.stringContaining("1 good dumps"),
    0,
    0,
  ]);
  const [dump = "", json = ""] = world.files();
  expect(readManifest(join(world.target, json))).toMatchObject({
    ...{ form: "etcd-snapshot", database: "", server: expect.stringMatching(/^etcd, client 3\./) as string },
    bytes: readFileSync(join(world.target, dump)).length,
  });
  const verified = await world.ask("etcd-restore.sh", "verify");
  expect([verified.runner.stdout, verified.runner.status]).toEqual([expect.stringMatching(/: whole/), 0]);
  const refused = await world.ask("etcd-restore.sh", "restore");
  expect([refused.runner.stdout, refused.runner.status]).toEqual([
    expect.stringMatching(/comes back on the machine that it runs on/),
    1,
  ]);
  // As a person does it on the machine.
  const data = join(world.target, "..", "restored");
  await world.server.client([
    "etcdctl",
    "snapshot",
    "restore",
    join(world.target, dump),
    `--data-dir=${data}`,
  ]);
  const other = await another(data);
  const all = "get\n--prefix\n/registry/";
  expect(await other.sql(all)).toBe(await world.server.sql(all));
  await other.stop();
});

const faults = [
  [
    "is cut",
    {
      etcdctl:
        'case "$*" in *"snapshot save"*) REAL "$@" && head -c 9000 "$SCRATCH/snapshot" >"$SCRATCH/s" && mv "$SCRATCH/s" "$SCRATCH/snapshot" ;; *) exec REAL "$@" ;; esac',
    },
    {},
    /it can't be read back: its SHA-256 is/,
  ],
  [
    "fails in its midst",
    { etcdctl: 'case "$*" in *"snapshot save"*) exit 3 ;; *) exec REAL "$@" ;; esac' },
    {},
    /its program ended with 3/,
  ],
  [
    "is refused",
    {},
    { PASSWORD_FILE: "/etc/hostname" },
    /what there is to dump isn't known: the secret lacks a part/,
  ],
  [
    "has no server",
    {},
    { DATABASE_PORT: "1" },
    /what there is to dump isn't known: .*(refused|unhealthy|deadline)/,
  ],
] as const;
test.each(inTime(2, faults))(
  "a dump that %s is a failure, and the one before stays",
  async (_, shadow, environment, says) => {
    await world.pod("etcd-server.sh");
    const before = world.files();
    const { runner } = await world.pod("etcd-server.sh", { shadow, environment });
    expect([runner.stdout, runner.status]).toEqual([expect.stringMatching(says), 1]);
    expect(world.files()).toEqual(before);
  },
);
