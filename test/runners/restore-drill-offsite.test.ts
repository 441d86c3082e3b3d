import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { OffsiteSyncConfig } from "../../plan/contracts/offsite-sync";
import type { RestoreDrillConfig } from "../../plan/contracts/restore-drill";
import { runnerOf } from "../../stacks/runner";
import { testLong } from "../long";
import { makeDiskImage } from "./support/disk-image";
import { type Far, startFar } from "./support/far";
import type { FinishedRun } from "./support/started-run";
import { createWorld, type World } from "./support/world";

// Drills of what lies at a destination, by the real programs and a real sshd: a service of the mirror, a volume's generation, and a
// tree that goes there without a copy on the host.

let world: World;
let far: Far;
let config: RestoreDrillConfig;
let tier: Extract<RestoreDrillConfig["tiers"][number], { kind: "offsite" }>;
let photos: string;

beforeAll(async () => {
  world = await createWorld({ sourceMb: 32, targetMb: 64 });
  const { folder } = world;
  far = await startFar(join(folder, "far"));
  await world.inside("chmod", "711", folder);
  mkdirSync(join(folder, "credentials"));
  writeFileSync(join(folder, "credentials/nas-key"), far.privateKey, { mode: 0o600 });
  const scratch = join(folder, "scratch");
  mkdirSync(scratch);
  const fsUuid = await makeDiskImage(join(folder, "scratch.img"), 32, ["-m", "0", "-O", "^has_journal"]);
  await world.inside("mount", "-o", "loop,nosuid,nodev", join(folder, "scratch.img"), scratch);
  await world.inside("mkdir", "-m", "0700", join(scratch, "drills"));
  const { target, source } = world.config;
  photos = join(source.path, "photos");
  const common = {
    ...{ host: "pve", budgetMs: 600_000 },
    pushgateway: { url: world.pushes.url, timeoutMs: 2000, attempts: 1 },
  };
  const own = (job: string) => ({
    ...{ job, stateDir: join(folder, `${job}-state`), textfile: join(folder, "textfile", `${job}.prom`) },
  });
  const sent: OffsiteSyncConfig = {
    ...{ ...common, ...own("offsite-sync-backup"), metricsJob: "offsite-backup-sync" },
    ...{ credentialsDir: join(folder, "credentials"), legsTextfile: join(folder, "textfile/legs.prom") },
    destination: {
      ...{ name: "nas", address: "127.0.0.1", port: far.port, user: far.user },
      ...{ hostKey: far.hostKey, key: "nas-key" },
    },
    legs: [
      {
        ...{ from: target.path, to: "pve-backup", mount: target, excludes: [], journals: [] },
        generations: ["pvc-data", "sqlite-backup"].map(folder => ({ folder, keeps: 2 })),
      },
      { from: photos, to: "photos", mount: source, excludes: [], journals: [], generations: [] },
    ],
    ...{ predecessors: [], fullPass: "Sun *-*-1..7 UTC", scrub: { periodMs: 30 * 86_400_000 } },
    ...{ collapse: { leastPercent: 20, mostChangedPercent: 90 }, sample: 16, stallMs: 60_000 },
  };
  const daily = {
    ...{ ...common, ...own("daily-backup"), target, zone: "UTC", credentialsDir: join(folder, "none") },
    volumesTextfile: join(folder, "textfile", "volumes.prom"),
  };
  const send = await world.addJob("offsite-sync", sent);
  await world.addJob("daily-backup", daily);
  world.writeConfig({ keep: ["pvc-data", "sqlite-backup"], excludes: ["photos"] });
  const command = async (runner: string, file: string): Promise<string[]> => [
    ...[process.execPath, (await runnerOf(runner)).path, "--config", join(folder, file)],
  ];
  const lock = (stateDir: string): string => join(stateDir, "run.lock");
  tier = {
    ...{ tier: "offsite-sync-backup", kind: "offsite", job: "offsite-sync-backup" },
    command: await command("offsite-sync", "offsite-sync.json"),
    ...{ lock: lock(sent.stateDir), stateDir: sent.stateDir },
    legs: [
      { from: target.path, to: "nas:/pve-backup", excludes: [], trees: [] },
      { from: photos, to: "nas:/photos", excludes: [], trees: [photos] },
    ],
  };
  config = {
    ...{ ...common, ...own("restore-drill"), job: "restore-drill", target },
    scratch: { folder: join(scratch, "drills"), on: { path: scratch, fsUuid } },
    ...{ periodMs: 2, mostBytes: 8_000_000, leaveFreeBytes: 1_000_000 },
    tiers: [
      {
        ...{ tier: "generations", kind: "generations", job: "daily-backup" },
        command: await command("daily-backup", "daily-backup.json"),
        ...{ below: join(target.path, "pvc-data"), lock: lock(daily.stateDir) },
      },
      {
        ...{ tier: "mirror", kind: "mirror", job: "nfs-mirror", below: target.path },
        ...{ command: await command("nfs-mirror", "config.json"), lock: lock(world.config.stateDir) },
      },
      tier,
      {
        ...{ tier: "databases", kind: "databases", job: "daily-backup" },
        command: await command("daily-backup", "daily-backup.json"),
        ...{ below: join(target.path, "sqlite-backup"), lock: lock(daily.stateDir) },
      },
    ],
    copiesTextfile: join(folder, "textfile", "drilled.prom"),
  };
  await world.inside(
    "sh",
    "-ec",
    `cd ${source.path}; mkdir books photos; cd books
    echo text >'a b'; ln 'a b' other; ln -s /etc/passwd passwd; mkfifo pipe
    head -c 3000000 /dev/urandom >large; setfattr -n user.kept -v yes large; chown 1000:1000 large; chmod 4750 large
    cd ../photos; mkdir 2026; echo picture >2026/one; chown 1234:1234 2026/one`,
  );
  await well(world.start());
  await world.inside(
    "sh",
    "-ec",
    `cd ${target.path}; mkdir -p pvc-data/2026-21/shop/data; cp -a ${source.path}/books/. pvc-data/2026-21/shop/data/
    mkdir -p sqlite-backup/2026-21/shop/data/deep; echo database >sqlite-backup/2026-21/shop/data/deep/store
    touch -d '1 hour ago' pvc-data/2026-21/shop/data sqlite-backup/2026-21/shop/data
    # A run says when it began by the second: what was written in that second may have been written since.
    second=$(date +%s); while [ "$(date +%s)" = "$second" ]; do sleep 0.1; done`,
  );
  await well(send());
});
afterAll(async () => {
  await far.stop();
  await world.close();
});

async function well({ finished }: { readonly finished: Promise<FinishedRun> }): Promise<void> {
  const { status, stderr } = await finished;
  if (status !== 0) throw new Error(stderr);
}

async function drilled(only: readonly string[], change: Partial<RestoreDrillConfig> = {}) {
  const start = await world.addJob("restore-drill", { ...config, ...change });
  const run = await start([...only.map(name => `--only=${name}`), "--json"]).finished;
  return { ...run, answer: JSON.parse(run.stdout || "{}") as Record<string, unknown> };
}
const records = (): Record<string, unknown>[] =>
  readFileSync(join(config.stateDir, "evidence.log"), "utf8")
    .split("\n")
    .slice(0, -1)
    .map(line => JSON.parse(line.slice(65)) as Record<string, unknown>);
const books = "offsite-sync-backup:books";

test("brings back what a destination has, and holds it to what was noted when it was sent", async () => {
  const { status, stderr, answer } = await drilled(["offsite-sync-backup"]);
  expect(stderr).toContain("books at nas:/pve-backup/books came back");
  expect({ status, ...answer }).toMatchObject({ status: 0, proved: 4, notProved: 0, skipped: 0 });
  expect(readdirSync(world.outside(config.scratch.folder))).toEqual([]);
  const found = records().sort((a, b) => (String(a["of"]) < String(b["of"]) ? -1 : 1));
  expect(found).toMatchObject([
    { of: photos, copy: { path: "nas:/photos" }, compared: { recorded: 1, copy: 0, far: 0 } },
    { of: "books", copy: { path: "nas:/pve-backup/books" }, restored: { entries: 6 } },
    { of: "databases:shop/data", copy: { path: "nas:/pve-backup/sqlite-backup/2026-21/shop/data" } },
    { of: "shop/data", copy: { path: "nas:/pve-backup/pvc-data/2026-21/shop/data" }, scope: "whole" },
  ]);
  for (const record of found)
    expect(record).toMatchObject({ tier: "offsite-sync-backup", result: "proved", scope: "whole" });
});

test("of one that is larger than a drill may take, brings files that are as they were sent, and doesn't claim the whole", async () => {
  writeFileSync(join(world.target, "books/young"), "written since it was sent");
  const { answer } = await drilled([books], { mostBytes: 1000 });
  expect(answer).toMatchObject({ status: 0, proved: 1 });
  expect(records().at(-1)).toMatchObject({
    scope: "sample",
    restored: { entries: 2 },
    compared: { recorded: 2 },
  });
});

testLong("what a line can't bring in the run's time is drilled in part", async () => {
  const slow = { ...tier, tier: "offsite-slow", bytesPerSecond: 20_000 };
  const { answer } = await drilled(["offsite-slow:books"], {
    tiers: [...config.tiers.slice(0, 2), slow],
    budgetMs: 60_000,
  });
  expect(answer).toMatchObject({ status: 0, proved: 1, drills: [{ scope: "sample" }] });
});

test("finds what the destination holds otherwise than it was sent, though a restore brings all that is there", async () => {
  const there = join(far.tree, "pve-backup/books");
  const change = (script: string): Promise<string> => world.inside("sh", "-ec", `cd ${there}; ${script}`);
  const good = readFileSync(join(there, "a b"));
  // At its size and time, as a bit that flips leaves it; and an owner, as the account there keeps it.
  const owner = "user.rsync.%stat";
  const kept = await change(`getfattr --only-values -n ${owner} large`);
  await change(
    `cp --preserve=all 'a b' ../kept; printf T | dd of='a b' conv=notrunc status=none; touch --reference=../kept 'a b'
    setfattr -n ${owner} -v '${kept.replace("1000:1000", "0:0")}' large`,
  );
  const { status, stderr } = await drilled([books]);
  expect(status).toBe(1);
  expect(stderr).toMatch(/books at nas:\S+ did not come back as it is to be: 3 entries differ: /);
  for (const name of ["a b", "other"])
    expect(stderr).toContain(`"${name}": it doesn't hold what was noted when it was sent`);
  expect(stderr).toMatch(/"large": \.f\.*og/);
  expect(records().at(-1)).toMatchObject({ of: "books", result: "failed" });
  await change(
    `cp ../kept 'a b'; touch --reference=../kept 'a b'; rm ../kept; setfattr -n ${owner} -v '${kept}' large`,
  );
  expect(readFileSync(join(there, "a b"))).toEqual(good);
});

test("one that was made since all was sent is drilled if it is there, and passed over if it isn't", async () => {
  await world.inside(
    "sh",
    "-ec",
    `cd ${config.target.path}; cp -a books again; rm -r books; mv again books; cp -a books new`,
  );
  const { status, answer } = await drilled([books, "offsite-sync-backup:new"]);
  expect({ status, ...answer }).toMatchObject({
    ...{ status: 0, proved: 1 },
    passedOver: [{ of: "new", why: expect.stringContaining("may not be there yet") }],
  });
  await world.inside("rm", "-r", join(config.target.path, "new"));
});

test("one that can't be asked is a fault, and proves nothing", async () => {
  await far.stop();
  const before = records().length;
  // Also of one that was made since all was sent, as the test above has left it: nobody said that it isn't there.
  const { status, answer } = await drilled([books]);
  expect(status).toBe(1);
  expect(answer).toMatchObject({
    failed: expect.stringMatching(
      /books was not drilled: offsite-sync-backup can't be asked for it: rsync ended/,
    ),
    skipped: 1,
  });
  expect(records()).toHaveLength(before);
  await far.start();
});
