import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
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
  expect(endsTold()).toEqual([`{certificate="CN=client"} ${await endOf("client.pem")}`]);
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

/** What the Pushgateway was told of the secret's certificates, run by run. */
function endsTold(): string[] {
  const groups = world.pushes.received.filter(({ path }) => path.includes("/part/certificates"));
  return groups.map(({ body }) => /^backup_client_certificate_end_timestamp(.*)$/m.exec(body)?.[1] ?? "none");
}

/** In epoch seconds, as OpenSSL says. @param name of a file beside the secret */
async function endOf(name: string): Promise<number> {
  const path = join(world.target, "..", name);
  const { stdout } = await execa("openssl", ["x509", "-noout", "-enddate", "-in", path]);
  return Date.parse(stdout.replace("notAfter=", "")) / 1000;
}

test("of certificates that a dump fails by, those that can be read are told, the others noted, and the key goes nowhere", async () => {
  const folder = join(world.target, "..");
  const secret = readFileSync(join(folder, "password"), "utf8");
  const broken = secret.replace("BEGIN CERTIFICATE-----\nMI", "BEGIN CERTIFICATE-----\nXX");
  const cut = broken.replace(/-----END CERTIFICATE-----\n(-----BEGIN [A-Z ]*PRIVATE)/, "$1");
  for (const [text, ends] of [
    [broken, `{certificate="CN=ca"} ${await endOf("ca.pem")}`],
    // Without the line that ends it, what follows is the key.
    [cut, "none"],
  ] as const) {
    writeFileSync(join(folder, "other"), text);
    const { runner } = await world.pod("etcd-server.sh", {
      environment: { PASSWORD_FILE: join(world.config.target, "..", "other") },
    });
    expect([runner.stdout, runner.status]).toEqual([
      expect.stringMatching(/a certificate in the client's secret can't be read, .*before it ends: /),
      1,
    ]);
    expect([endsTold().at(-1), readFileSync(join(folder, "exchange/certificates"), "utf8")]).toEqual([
      ends,
      expect.not.stringContaining("PRIVATE"),
    ]);
  }
});

// Debian's client is older, and says nothing of alarms.
test("a server that takes no writes for want of space is dumped, and one that calls itself corrupt isn't", async () => {
  const alarm = (what: string): string =>
    `case "$*" in *"endpoint health"*) printf 'https://etcd is unhealthy: failed to commit proposal: Active Alarm(s): ${what} \nError: unhealthy cluster\n' >&2; exit 1 ;; *) exec REAL "$@" ;; esac`;
  const full = await world.pod("etcd-server.sh", { shadow: { etcdctl: alarm("NOSPACE NOSPACE") } });
  expect([full.runner.stdout, full.runner.status]).toEqual([expect.stringContaining("1 good dumps"), 0]);
  const corrupt = await world.pod("etcd-server.sh", { shadow: { etcdctl: alarm("NOSPACE CORRUPT") } });
  expect([corrupt.runner.stdout, corrupt.runner.status]).toEqual([
    expect.stringMatching(/isn't known: .*Active Alarm\(s\): NOSPACE CORRUPT/),
    1,
  ]);
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
