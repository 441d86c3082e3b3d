import { createHash } from "node:crypto";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { readManifest, writeManifest } from "../../cluster-scripts/cluster-dump/manifest";
import { until } from "../../lab/process";
import { projectRoot } from "../../lab/cache";
import { long, testLong } from "../long";
import { certificates } from "./support/certificates";
import { createDumpWorld, type DumpWorld } from "./support/dump-world";
import type { DatabaseServer } from "./support/postgresql-server";
import { backupSecret, startVault, type VaultServer } from "./support/vault-server";

// A Vault is a build of five to ten minutes where nobody has made it yet: `npm test` has a snapshot of one, and no server.
let world: DumpWorld;
let server: VaultServer;
let another: () => Promise<VaultServer>;
let refusedSecret: string;

const nobody: DatabaseServer = {
  programs: "/usr/bin",
  environment: { PATH: process.env["PATH"] ?? "", LC_ALL: "C.UTF-8" },
  sql: () => Promise.reject(new Error("no server")),
  client: () => Promise.reject(new Error("no server")),
  stop: () => Promise.resolve(),
};

beforeAll(async () => {
  world = await createDumpWorld("vault-backup", async (namespace, folder) => {
    if (!long) return nobody;
    another = () => startVault(namespace, folder, "other");
    server = await startVault(namespace, folder, "data");
    const secret = await backupSecret(server, join(folder, "data"));
    refusedSecret = join(folder, "refused");
    writeFileSync(join(folder, "password"), secret);
    writeFileSync(refusedSecret, secret.replace(/.*/, "hvs.another"));
    await server.sql("secrets\nenable\n-version=2\n-path=secret\nkv");
    await server.sql("kv\nput\nsecret/nas\npassword=a b c");
    return server;
  });
});
afterAll(() => world.close());
afterEach(() => world.reset());

const file = "dump_2026-11-28T01-05-00Z.snap";
const counted = { "raft index": 46, "raft term": 3, "bytes of state": 20_972 };

/** Puts a snapshot where a run would have, with a manifest that has its bytes' own sum. @param change a shell's, in the folder of its parts */
async function snapshotIs(change?: string): Promise<void> {
  const path = join(world.target, file);
  copyFileSync(join(projectRoot, "test/fixtures/vault-1.14.1.raft"), path);
  if (change !== undefined) {
    const parts = mkdtempSync(join(tmpdir(), "holdfast-vault-"));
    const sh = `tar -xzf "$1" && ${change} && tar -czf "$1" *`;
    await execa("sh", ["-c", sh, "sh", path], { cwd: parts });
    rmSync(parts, { recursive: true });
  }
  const bytes = readFileSync(path);
  writeManifest(world.target, {
    ...{ job: "vault-backup", database: "", form: "vault-snapshot", file, server: "Vault 1.14.1" },
    ...{ startedAt: "2026-11-28T01:05:00Z", endedAt: "2026-11-28T01:05:02Z" },
    ...{ bytes: bytes.length, contentBytes: bytes.length, tables: counted },
    sha256: createHash("sha256").update(bytes).digest("hex"),
  });
}

test("a snapshot is proven whole by the sums that it brings, where no Vault is left, and nobody restores it by a job", async () => {
  await snapshotIs();
  const { runner, client } = await world.ask("vault-restore.sh", "verify");
  expect([runner.stdout, runner.status, client.stderr]).toEqual([expect.stringMatching(/: whole/), 0, ""]);
  const refused = await world.ask("vault-restore.sh", "restore");
  expect([refused.runner.stdout, refused.runner.status]).toEqual([
    expect.stringMatching(/comes back by hand/),
    1,
  ]);
});

test.each([
  ["has another state than its sum says", "printf x >>state.bin", /it can't be read: state.bin: FAILED/],
  [
    "is cut in its midst",
    "head -c 9000 state.bin >s && mv s state.bin",
    /it can't be read: state.bin: FAILED/,
  ],
  ["has no state", ": >state.bin", /it can't be read: it has no state.bin, or an empty one/],
  ["has no sum of its state", "sed -i /state/d SHA256SUMS", /its SHA256SUMS has no sum of state.bin/],
  [
    "is of a log in which nothing was written",
    'sed -i \'s/"Index":[0-9]*/"Index":0/\' meta.json && sha256sum meta.json state.bin >SHA256SUMS',
    /its meta.json has no Index/,
  ],
  [
    "is another one than its manifest tells of",
    'sed -i \'s/"Index":[0-9]*/"Index":45/\' meta.json && sha256sum meta.json state.bin >SHA256SUMS',
    /raft index has 45 of 46/,
  ],
])("a snapshot that %s is told as no whole one", async (_, change, says) => {
  await snapshotIs(change);
  const { runner } = await world.ask("vault-restore.sh", "verify");
  expect([runner.stdout + runner.stderr, runner.status]).toEqual([expect.stringMatching(says), 1]);
});

/** Where its client, which is a stand-in there, doesn't go. */
const nowhere = { SCHEME: "https", DATABASE_HOST: "127.0.0.1", DATABASE_PORT: "1" };

test("the end of the certificate behind the token is told, also by a run that fails, and the token goes nowhere", async () => {
  const folder = join(world.target, "..");
  await certificates(folder);
  writeFileSync(join(folder, "secret"), `hvs.secret\n${readFileSync(join(folder, "ca.pem"), "utf8")}`);
  const { runner } = await world.pod("vault-server.sh", {
    environment: { ...nowhere, PASSWORD_FILE: join(world.config.target, "..", "secret") },
    shadow: { vault: "exit 2" },
  });
  expect([runner.stdout, runner.status]).toEqual([expect.stringMatching(/the Vault is sealed/), 1]);
  expect(world.pushes.received.map(({ body }) => body).join("")).toMatch(
    /^backup_client_certificate_end_timestamp\{certificate="CN=ca"\} \d+$/m,
  );
  expect(readFileSync(join(folder, "exchange/certificates"), "utf8")).not.toContain("hvs");
});

test("when the token ends is told by what its renewal says; one that isn't renewed is noted, and what was told stays", async () => {
  const folder = join(world.target, "..");
  writeFileSync(join(folder, "secret"), "hvs.secret\n");
  const snapshot = join(projectRoot, "test/fixtures/vault-1.14.1.raft");
  const renewals = async (renewal: string) => {
    const { runner } = await world.pod("vault-server.sh", {
      environment: { ...nowhere, PASSWORD_FILE: join(world.config.target, "..", "secret") },
      shadow: {
        vault: `case "$*" in *status*) echo '{"version": "1.14.1"}' ;; *renew*) ${renewal} ;; *) cp ${snapshot} "$SCRATCH/snapshot" ;; esac`,
      },
    });
    const told = world.pushes.received.filter(({ path }) => path.endsWith("/part/token"));
    return [runner.stdout, runner.status, told.map(({ body }) => body.replaceAll(/^#.*\n/gm, ""))] as const;
  };
  const says = (lives: number): string =>
    `printf '{\n"lease_duration": 7,\n"auth": {\n"client_token": "hvs.secret",\n"lease_duration": ${lives},\n"renewable": true } }\n'`;
  const name = "backup_client_token_end_timestamp";
  const [good, , [first = ""]] = await renewals(says(86_400));
  expect([good, first]).toEqual([expect.stringContaining("1 good dumps"), expect.any(String)]);
  const [, end] = first.trim().split(`${name} `);
  expect(Number(end) - 86_400 - Date.now() / 1000).toBeCloseTo(0, -2);
  expect(await renewals('echo "Code: 403. permission denied" >&2; exit 2')).toEqual([
    expect.stringMatching(/the token isn't renewed, and each dump fails once it has ended: Code: 403/),
    0,
    [first],
  ]);
  // Another one by now, of a kind that isn't renewed: the end that was told isn't its own.
  expect(await renewals('echo "Code: 400. Errors: batch tokens cannot be renewed" >&2; exit 2')).toEqual([
    expect.stringMatching(/the token isn't renewed/),
    0,
    [first, ""],
  ]);
  expect(await renewals(says(0))).toEqual([expect.any(String), 0, [first, "", ""]]);
  expect(readFileSync(join(folder, "exchange/token-lives"), "utf8")).toBe("0");
});

test("a Vault that was never initialised isn't told as a sealed one", async () => {
  const { runner } = await world.pod("vault-server.sh", {
    environment: { ...nowhere, PASSWORD_FILE: "/etc/hostname" },
    shadow: { vault: `echo '{\n  "initialized": false,\n  "sealed": true }'; exit 2` },
  });
  expect([runner.stdout, runner.status]).toEqual([
    expect.stringMatching(/the Vault was never initialised, and has nothing to dump/),
    1,
  ]);
});

testLong(
  "a token that can do nothing else takes a snapshot, and a Vault that was empty unseals with the old keys and has the secret",
  async () => {
    const { client, runner } = await world.pod("vault-server.sh");
    expect([client.stderr, runner.stdout, client.status, runner.status]).toEqual([
      "",
      expect.stringContaining("1 good dumps"),
      0,
      0,
    ]);
    const [json = "", dump = ""] = world.files();
    expect(readManifest(join(world.target, json))).toMatchObject({
      ...{ form: "vault-snapshot", database: "", server: "Vault 1.14.1" },
      tables: { "raft index": expect.any(Number) as number },
    });
    // By the period that the page of the layer has.
    const told = world.pushes.received.findLast(({ path }) => path.endsWith("/part/token"));
    const [, end] = /^backup_client_token_end_timestamp (\d+)$/m.exec(told?.body ?? "") ?? [];
    expect(Number(end) - 768 * 3600 - Date.now() / 1000).toBeCloseTo(0, -3);
    expect((await world.ask("vault-restore.sh", "verify")).runner).toMatchObject({ status: 0 });
    const [token = ""] = readFileSync(join(world.target, "../password"), "utf8").split("\n");
    await expect(server.as(token, "kv\nget\nsecret/nas")).rejects.toThrow(/Code: 403/);
    // As a person does it.
    const other = await another();
    await other.sql(`operator\nraft\nsnapshot\nrestore\n-force\n${join(world.target, dump)}`);
    await expect(other.as(server.rootToken, "kv\nget\nsecret/nas")).rejects.toThrow(/sealed/);
    await other.as("", `operator\nunseal\n${server.unsealKey}`);
    let password: string | undefined;
    const leads = async (): Promise<boolean> => {
      password = await other
        .as(server.rootToken, "kv\nget\n-field=password\nsecret/nas")
        .catch(() => undefined);
      return password !== undefined;
    };
    await until(leads, 120_000, 200);
    expect(password).toBe("a b c");
    await other.stop();
  },
);

const cut =
  'case "$*" in *"snapshot save"*) REAL "$@" && head -c 3000 "$SCRATCH/snapshot" >"$SCRATCH/s" && mv "$SCRATCH/s" "$SCRATCH/snapshot" ;; *) exec REAL "$@" ;; esac';
for (const [how, shadow, environment, says] of [
  ["is cut", { vault: cut }, {}, /it can't be read back: /],
  ["has no server", {}, { DATABASE_PORT: "1" }, /what there is to dump isn't known: .*refused/],
  [
    "has a server whose certificate nobody signed that it trusts",
    {},
    { PASSWORD_FILE: "/etc/hostname" },
    /what there is to dump isn't known: .*unknown authority/,
  ],
] as const)
  testLong(`a dump that ${how} is a failure, and the one before stays`, async () => {
    await world.pod("vault-server.sh");
    const before = world.files();
    const { runner } = await world.pod("vault-server.sh", { shadow, environment });
    expect([runner.stdout + runner.stderr, runner.status]).toEqual([expect.stringMatching(says), 1]);
    expect(world.files()).toEqual(before);
  });

testLong(
  "a token lives for its whole period again after a run; one that is refused and a Vault that is sealed are told as such",
  async () => {
    const [token = ""] = readFileSync(join(world.target, "../password"), "utf8").split("\n");
    const endsAt = async (): Promise<number> => {
      const said = JSON.parse(await server.sql(`token\nlookup\n-format=json\n${token}`)) as {
        data: { expire_time: string };
      };
      return Date.parse(said.data.expire_time);
    };
    const before = await endsAt();
    await world.pod("vault-server.sh");
    expect(await endsAt()).toBeGreaterThan(before);
    const refused = await world.pod("vault-server.sh", { environment: { PASSWORD_FILE: refusedSecret } });
    expect([refused.runner.stdout, refused.runner.status]).toEqual([
      expect.stringMatching(
        /its program ended with 2: .*permission denied[^]*the token isn't renewed, .*permission denied/,
      ),
      1,
    ]);
    await server.sql("operator\nseal");
    const { runner } = await world.pod("vault-server.sh");
    expect([runner.stdout, runner.status]).toEqual([expect.stringMatching(/the Vault is sealed/), 1]);
  },
);
