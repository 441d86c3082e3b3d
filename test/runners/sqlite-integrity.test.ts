import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sqliteIntegrityConfig } from "../../plan/contracts/sqlite-integrity";
import { owner } from "../../lab/house/vaultwarden";
import { type Application, startApplication } from "./support/application";
import { createDumpWorld, type DumpWorld } from "./support/dump-world";

// Each case is a pod.
let world: DumpWorld;
let application: Application;

beforeAll(async () => {
  world = await createDumpWorld(
    "vaultwarden-integrity",
    async (namespace, folder) => (application = await startApplication(namespace, folder)),
    { client: owner, runner: 64_738 },
    {
      name: "sqlite-integrity",
      configOf: ({ job, host, budgetMs, stateDir, textfile, pushgateway, exchange, clientWithinMs }) =>
        sqliteIntegrityConfig.parse({
          ...{ job, host, budgetMs, stateDir, textfile, pushgateway, exchange, clientWithinMs },
          namespace: "vaultwarden",
          metrics: "vaultwarden_sqlite_integrity",
        }),
    },
  );
});
afterAll(() => world.close());
beforeEach(() => application.begin());
afterEach(() => world.reset());

const flag = (): string => readFileSync(join(world.target, ".holdfast/integrity.prom"), "utf8");
const sound = 'vaultwarden_sqlite_integrity_ok{status="ok"} 1';
const unsound = 'vaultwarden_sqlite_integrity_ok{status="ok"} 0';

test("live databases that are sound give the flag 1, while the application writes to them and nobody else does", async () => {
  const running = await application.run();
  const sqlite3 = 'echo "$@" >>"$SCRATCH/asked"; exec REAL "$@"';
  const { client, runner } = await world.pod("sqlite-integrity.sh", { shadow: { sqlite3 } });
  await running.end();
  expect([runner.stdout, client.status, runner.status]).toEqual([
    expect.stringContaining("2 of 2 databases are sound"),
    0,
    0,
  ]);
  expect(flag()).toContain(sound);
  expect(world.metrics()["vaultwarden_sqlite_integrity_last_success_timestamp"]).toBeGreaterThan(0);
  const asked = readFileSync(join(world.target, "../scratch/asked"), "utf8");
  const looks = asked.split("\n").filter(line => line.includes("integrity_check"));
  expect(looks).toHaveLength(2);
  expect(looks.every(line => line.includes("-readonly"))).toBe(true);
});

test.each([
  ["some of whose pages are other bytes", (bytes: Buffer) => bytes.fill(0x5a, 8192, 20_480)],
  ["whose header is cut from the rest", (bytes: Buffer) => bytes.fill(0xff, 16, 100)],
])("a database %s gives the flag 0, and the run has done its work", async (_, spoil) => {
  const path = join(application.files, "db.sqlite3");
  const bytes = readFileSync(path);
  spoil(bytes);
  writeFileSync(path, bytes);
  const { runner } = await world.pod("sqlite-integrity.sh");
  expect([runner.stdout, runner.status]).toEqual([
    expect.stringMatching(/db\.sqlite3: [^]*1 of 2 databases are sound/),
    0,
  ]);
  expect(flag()).toContain(unsound);
});

test.each([
  [
    "a database that somebody holds is no verdict",
    {
      sqlite3:
        'case "$*" in *integrity*) echo "Error: stepping, database is locked (5)" >&2; exit 5 ;; *) exec REAL "$@" ;; esac',
    },
    {},
    /isn't known: .*database is locked/,
  ],
  [
    "a volume without a database is another one",
    {},
    { FILES: "/etc/default" },
    /isn't known: .*has no SQLite database/,
  ],
  ["a client that is killed says nothing", { sqlite3: "kill -KILL $PPID" }, {}, /isn't known: /],
])("%s: the run fails, and what was told last stands", async (_, shadow, environment, says) => {
  await world.pod("sqlite-integrity.sh");
  const before = flag();
  const { runner } = await world.pod("sqlite-integrity.sh", { shadow, environment });
  expect([runner.stdout, runner.status]).toEqual([expect.stringMatching(says), 1]);
  expect(flag()).toBe(before);
});

test("a look that is told to end names what makes another one, in the cluster", async () => {
  const looking = join(world.target, "../scratch/looking");
  const sqlite3 =
    'case "$*" in *integrity*) : >"$SCRATCH/looking"; exec sleep 600 ;; *) exec REAL "$@" ;; esac';
  const client = world.client("sqlite-integrity.sh", { shadow: { sqlite3 } });
  const runner = world.runner();
  await runner.until(() => existsSync(looking));
  for (const half of [runner, client]) half.kill("SIGTERM");
  const { status, stdout } = await runner.finished;
  await client.finished;
  const next =
    "kubectl --namespace vaultwarden create job vaultwarden-integrity-$(date +%s) --from=cronjob/vaultwarden-integrity";
  expect([stdout, status]).toEqual([expect.stringContaining(next), 143]);
});
