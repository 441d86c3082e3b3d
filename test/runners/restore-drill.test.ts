import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { manifestFile, manifestOf } from "../../host-scripts/daily-backup/configuration-manifest";
import type { RestoreDrillConfig } from "../../plan/contracts/restore-drill";
import { runnerOf } from "../../stacks/runner";
import { exampleEstate } from "../../plan/estate/example";
import { makeDiskImage } from "./support/disk-image";
import { holdfastIn } from "./support/holdfast";
import { rotFiles } from "./support/rot";
import { useRsyncTools } from "./support/rsync-tools";
import type { FinishedRun, StartedRun } from "./support/started-run";
import { createWorld, type World } from "./support/world";

// Drills of a mirror and of a volume's generation, by the real programs, on real disks.

type Start = (args?: readonly string[], env?: Readonly<Record<string, string>>) => StartedRun;

let world: World;
let config: RestoreDrillConfig;
let drill: Start;
let scrub: Start;
let scratch: string;

beforeAll(async () => {
  world = await createWorld({ sourceMb: 32, targetMb: 96 });
  const { folder } = world;
  scratch = join(folder, "scratch");
  mkdirSync(scratch);
  const fsUuid = await makeDiskImage(join(folder, "scratch.img"), 32, ["-m", "0", "-O", "^has_journal"]);
  await world.inside("mount", "-o", "loop,nosuid,nodev", join(folder, "scratch.img"), scratch);
  await world.inside("mkdir", "-m", "0700", join(scratch, "drills"));
  const common = {
    ...{
      host: "pve",
      budgetMs: 60_000,
      pushgateway: { url: world.pushes.url, timeoutMs: 2000, attempts: 1 },
    },
    target: world.config.target,
  };
  const own = (job: string) => ({
    ...{ job, stateDir: join(folder, `${job}-state`), textfile: join(folder, "textfile", `${job}.prom`) },
  });
  const sumsDir = own("backup-scrub").stateDir;
  const daily = {
    ...{ ...common, ...own("daily-backup"), zone: "UTC", sumsDir, credentialsDir: join(folder, "none") },
    volumesTextfile: join(folder, "textfile", "volumes.prom"),
  };
  await world.addJob("daily-backup", daily);
  world.writeConfig({ keep: ["pvc-data"], sumsDir });
  const programs = new Map(
    await Promise.all(
      ["nfs-mirror", "daily-backup"].map(async job => [job, (await runnerOf(job)).path] as const),
    ),
  );
  const command = (job: string, file: string): string[] => [
    ...[process.execPath, programs.get(job) ?? "", "--config", join(folder, file)],
  ];
  const target = world.config.target.path;
  config = {
    ...{ ...common, ...own("restore-drill"), job: "restore-drill", sumsDir },
    scratch: { folder: join(scratch, "drills"), on: { path: scratch, fsUuid } },
    ...{ periodMs: 2, mostBytes: 8_000_000, leaveFreeBytes: 1_000_000 },
    tiers: [
      {
        ...{
          ...{ tier: "generations", kind: "generations" },
          job: "daily-backup",
          command: command("daily-backup", "daily-backup.json"),
        },
        ...{ below: join(target, "pvc-data"), lock: join(daily.stateDir, "run.lock") },
      },
      {
        ...{
          tier: "mirror",
          kind: "mirror",
          job: "nfs-mirror",
          command: command("nfs-mirror", "config.json"),
        },
        ...{ below: target, lock: join(world.config.stateDir, "run.lock") },
      },
    ],
    copiesTextfile: join(folder, "textfile", "drilled.prom"),
  };
  drill = await world.addJob("restore-drill", config);
  await world.inside(
    "sh",
    "-ec",
    `cd ${world.config.source.path}; mkdir books; cd books
    echo text >'a b'; ln 'a b' other; ln -s /etc/passwd passwd; mknod zero c 1 5; mkfifo pipe
    head -c 3000000 /dev/urandom >large; setfattr -n user.kept -v yes large; chown 1000:1000 large; chmod 4750 large`,
  );
  expect((await world.start().finished).status).toBe(0);
  await world.inside(
    "sh",
    "-ec",
    `cd ${target}; mkdir -p pvc-data/2026-21/shop/data; cd pvc-data/2026-21/shop/data
    cp -a ${world.config.source.path}/books/. .`,
  );
  scrub = await world.addJob("backup-scrub", {
    ...{ ...common, ...own("backup-scrub"), periodMs: 1, sources: [], accepted: [], writers: [] },
    generations: [
      ...["pvc-data", "sqlite-backup"].map(folder => ({ folder, depth: 2 })),
      { folder: "pve-config", depth: 0 },
    ],
  } as { stateDir: string });
  expect((await scrub().finished).status).toBe(0);
});
afterAll(() => world.close());

/** Drills with another config than the world's. */
async function drilled(change: Partial<RestoreDrillConfig> = {}): Promise<FinishedRun> {
  const start = await world.addJob("restore-drill", { ...config, ...change });
  return start(["--json"]).finished;
}

const answer = (run: FinishedRun): Record<string, unknown> =>
  JSON.parse(run.stdout) as Record<string, unknown>;
const records = (): Record<string, unknown>[] =>
  readFileSync(join(config.stateDir, "evidence.log"), "utf8")
    .split("\n")
    .slice(0, -1)
    .map(line => JSON.parse(line.slice(65)) as Record<string, unknown>);
const onDisk = (): string => join(world.target, ".holdfast/restore-drill/evidence.log");
const left = (): string[] => readdirSync(world.outside(config.scratch.folder));

test("brings back a generation and a service of the mirror, compares them with what is on record, and leaves a record of each", async () => {
  const run = await drilled();
  expect(run.stderr).toContain("came back");
  expect(answer(run)).toMatchObject({ status: 0, proved: 2, notProved: 0, skipped: 0 });
  expect(left()).toEqual([]);
  expect(records()).toMatchObject([
    { number: 1, tier: "generations", of: "shop/data", result: "proved", scope: "whole" },
    { number: 2, tier: "mirror", of: "books", result: "proved", scope: "whole" },
  ]);
  for (const { compared, restored } of records()) {
    // Two names are one file; a link, a pipe and a device have no content to read.
    expect(compared).toEqual({ recorded: 2, copy: 0 });
    expect(restored).toEqual({ entries: 7, bytes: 3_000_005 });
  }
  expect(readFileSync(onDisk(), "utf8")).toBe(readFileSync(join(config.stateDir, "evidence.log"), "utf8"));
  const told = readFileSync(config.copiesTextfile, "utf8");
  expect(told).toMatch(
    /restore_drill_copy_proved_timestamp\{tier="generations",service="shop\/data"\} \d{10}\n/,
  );
  expect(told).toContain('restore_drill_copy_bytes{tier="mirror",service="books"} 3000005\n');
  const list = await drill(["list", "--json"]).finished;
  expect(answer(list)).toMatchObject({ status: 0, drills: [{ of: "shop/data" }, { of: "books" }] });
  // The disk in another host, which had drilled nothing.
  const moved: RestoreDrillConfig = { ...config, host: "other" };
  const other = await world.addJob("restore-drill", moved);
  const otherTold = (await other(["list"]).finished).stdout;
  expect(otherTold).toMatch(
    /^Nothing was drilled yet\.\n2 more records are of drills on another host, .* "pve": /,
  );
  await world.addJob("restore-drill", config);
});

test("of a copy that is larger than a drill may take, restores a part, and doesn't claim the whole", async () => {
  const run = await drilled({ mostBytes: 1000 });
  expect(answer(run)).toMatchObject({ status: 0, proved: 2 });
  for (const record of records().slice(-2)) {
    expect(record).toMatchObject({ result: "proved", scope: "sample", whole: { bytes: 3_000_005 } });
    expect(record).toMatchObject({ restored: { bytes: 10 }, compared: { recorded: 1, copy: 0 } });
  }
});

test("drills what somebody asks for though it isn't its turn, and leaves monitoring as the night has told it", async () => {
  const start = await world.addJob("restore-drill", { ...config, periodMs: 3_600_000 } as {
    stateDir: string;
  });
  const before = records().length;
  const told = readFileSync(config.textfile, "utf8");
  const would = answer(await start(["--dry-run", "--only=mirror", "--json"]).finished);
  expect(would).toMatchObject({ status: 0, would: [{ tier: "mirror", of: "books" }] });
  const run = await start(["--only=mirror:books", "--json"]).finished;
  expect(answer(run)).toMatchObject({ status: 0, proved: 1, drills: [{ of: "books", result: "proved" }] });
  expect(records()).toHaveLength(before + 1);
  const slip = await start(["--only=mirror:book", "--json"]).finished;
  expect(slip).toMatchObject({ status: 3 });
  expect(slip.stderr).toContain('is no copy that is there; did you mean "mirror:books"');
  expect(readFileSync(config.textfile, "utf8")).toBe(told);
});

test("holdfast drill asks it over SSH, tells its lines, and what came back", async () => {
  const far = join(world.folder, "far");
  mkdirSync(far);
  const { path: program } = await runnerOf("restore-drill");
  const command = [process.execPath, program, "--config", join(world.folder, "restore-drill.json")].join(" ");
  const scripts = {
    "restore-drill": `exec ${command} "$@"`,
    ssh: `for last; do :; done\nexec ${world.fromHost("sh")} -c "$last"`,
  };
  for (const [name, script] of Object.entries(scripts))
    writeFileSync(join(far, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  writeFileSync(join(world.folder, "estate.json"), JSON.stringify(exampleEstate()));
  const restoreEnvironment = await useRsyncTools(join(world.folder, "bin"));
  process.env["PATH"] = `${far}:${process.env["PATH"]}`;
  try {
    const { exitCode, text } = await holdfastIn(world.folder, ["drill", "books", "--tier", "mirror"]);
    expect(text).toContain("restore-drill: the mirror of books came back: 7 entries");
    expect(text).toMatch(
      /books \(mirror\): proved\n.*\n {2}restored {2}all of it, 7 entries, 3 MB in [^]*\n1 copy proved, 0 failed, 0 not drilled\.\n$/,
    );
    expect(exitCode).toBe(0);
    const none = await holdfastIn(world.folder, ["drill", "nextcloud", "--tier", "generations"]);
    expect(none.text).toContain('--only="generations:nextcloud/nextcloud" is no copy that is there');
    expect(none.exitCode).toBe(1);
  } finally {
    restoreEnvironment();
  }
});

test("makes the scratch folder where its service never ran, and not in a dry run", async () => {
  const { folder } = config.scratch;
  await world.inside("rmdir", folder);
  expect(answer(await drill(["--dry-run", "--json"]).finished)).toMatchObject({ status: 0 });
  expect(existsSync(world.outside(folder))).toBe(false);
  expect(answer(await drilled())).toMatchObject({ status: 0, proved: 2 });
  expect(lstatSync(world.outside(folder)).mode & 0o777).toBe(0o700);
});

test("passes over what the scratch folder has no room for, and says so", async () => {
  const before = records().length;
  const run = await drilled({ leaveFreeBytes: 30_000_000 });
  expect(answer(run)).toMatchObject({
    ...{ status: 0, proved: 0, skipped: 2, drills: [] },
    passedOver: [{ of: "shop/data" }, { of: "books", why: expect.stringContaining("has room for") }],
  });
  expect(run.stderr).toMatch(/the mirror of books was not drilled: .* has room for /);
  expect(records()).toHaveLength(before);
});

test("finds a restore that brings something else than the copy and says that all is well", async () => {
  const [generations, mirror] = config.tiers;
  if (!generations || !mirror) throw new Error("two tiers");
  const liar = join(world.folder, "liar");
  const restored = join(config.scratch.folder, "drill/books");
  writeFileSync(
    liar,
    `#!/bin/sh\n"$@"; status=$?; [ -e ${restored} ] && { printf T | dd of='${restored}/a b' conv=notrunc status=none; touch -d @1 ${restored}/new; chmod 755 ${restored}/large; }\nexit $status\n`,
    { mode: 0o755 },
  );
  const run = await drilled({ tiers: [{ ...mirror, command: [liar, ...mirror.command] }] });
  expect(run.status).toBe(1);
  const { failed } = answer(run) as { failed: string };
  expect(failed).toContain("the mirror of books did not come back as it is to be: ");
  expect(failed).toContain('"books/new": the copy has no such');
  expect(failed).toMatch(/"books\/large": \.f\.*p/);
  // One file of two names, of which the disk gives either first.
  expect(failed).toMatch(/"books\/(a b|other)": it doesn't hold what is on record of the copy's file/);
  expect(records().at(-1)).toMatchObject({ of: "books", result: "failed" });
  expect(left()).toEqual([]);
});

test("beside a run that is at work no other one drills; one that is stopped leaves nothing but what was through, and one that is killed nothing after the next", async () => {
  const [, mirror] = config.tiers;
  if (!mirror) throw new Error("two tiers");
  const mark = join(world.folder, "is-copying");
  world.shadow(
    "rsync",
    `case "$*" in *drill/.holdfast-restore/*) touch ${mark}; exec sleep 60;; esac\nexec REAL "$@"`,
  );
  const start = await world.addJob("restore-drill", { ...config, tiers: [mirror] } as { stateDir: string });
  const before = records().length;
  const stopped = start();
  await stopped.until(() => existsSync(mark));
  const beside = await start(["--only=mirror"]).finished;
  expect(beside).toMatchObject({ status: 75, stdout: expect.stringContaining("another run holds the lock") });
  expect(left()).toEqual(["drill"]);
  process.kill(stopped.pid, "SIGTERM");
  expect(await stopped.finished).toMatchObject({
    status: 143,
    stdout: expect.stringContaining("what was at work is removed again, and leaves no record"),
  });
  expect([left(), records().length]).toEqual([[], before]);
  rmSync(mark);
  const killed = start();
  await killed.until(() => existsSync(mark));
  process.kill(killed.pid, "SIGKILL");
  await killed.finished;
  expect(left()).toEqual(["drill"]);
  world.unshadow("rsync");
  const run = await drilled();
  expect(answer(run)).toMatchObject({ status: 0, proved: 2 });
  expect(left()).toEqual([]);
  const night = await world.start().finished;
  expect(night).toMatchObject({ status: 0 });
  expect(night.stdout).not.toContain("was cut");
});

test("refuses a scratch folder in which something else lies, and removes nothing of it", async () => {
  const beside = join(world.outside(config.scratch.folder), "mine");
  writeFileSync(beside, "mine");
  const run = await drilled();
  expect(run.status).toBe(3);
  expect(run.stderr).toContain('holds "mine", which no drill has made');
  expect(readFileSync(beside, "utf8")).toBe("mine");
  rmSync(beside);
});

test("brings back a volume's databases and the host's configuration, and of neither a part", async () => {
  const generation = join(world.target, "pve-config/2026-21");
  await world.inside(
    "sh",
    "-ec",
    `cd ${world.config.target.path}; mkdir -p sqlite-backup/2026-21/shop/data/deep pve-config/2026-21/files/etc pve-config/2026-21/facts
    echo database >sqlite-backup/2026-21/shop/data/deep/store; chown 1000:1000 sqlite-backup/2026-21/shop/data/deep/store
    echo UUID=1 >pve-config/2026-21/files/etc/fstab; echo bash >pve-config/2026-21/facts/packages.txt`,
  );
  const manifest = await manifestOf(generation, "pve", new Date(), [], new AbortController().signal);
  writeFileSync(join(generation, manifestFile), JSON.stringify(manifest));
  const [daily] = config.tiers;
  if (daily?.kind !== "generations") throw new Error("the first tier is that of generations");
  const tier = (kind: "databases" | "configuration", folder: string) => ({
    ...{ ...daily, tier: kind, kind, below: join(config.target.path, folder) },
  });
  const tiers = [tier("databases", "sqlite-backup"), tier("configuration", "pve-config")];
  // Each is compared with what the scrub has on record of it, by the scrub's own names.
  expect((await scrub().finished).status).toBe(0);
  const run = await drilled({ tiers });
  expect(answer(run)).toMatchObject({ status: 0, proved: 2, skipped: 0 });
  expect(run.stderr).toContain("the newest generation of shop/data's databases came back: 3 entries");
  expect(records().slice(-2)).toMatchObject([
    {
      ...{ tier: "configuration", of: "configuration", result: "proved", scope: "whole" },
      ...{
        copy: { path: join(config.target.path, "pve-config/2026-21") },
        compared: { recorded: 3, copy: 0 },
      },
    },
    {
      ...{ tier: "databases", of: "shop/data", result: "proved", scope: "whole" },
      ...{ copy: { path: join(config.target.path, "sqlite-backup/2026-21/shop/data") } },
      compared: { recorded: 1, copy: 0 },
    },
  ]);
  const small = await drilled({ tiers, mostBytes: 5 });
  expect(answer(small)).toMatchObject({
    status: 0,
    proved: 0,
    passedOver: [
      { of: "configuration", why: expect.stringContaining("brings all of it or nothing") as string },
      { of: "shop/data", why: expect.stringContaining("brings all of it or nothing") as string },
    ],
  });
  await world.inside(
    "sh",
    "-ec",
    `cd ${config.target.path}; echo ransom >pve-config/2026-21/files/etc/fstab`,
  );
  const bad = await drilled({ tiers });
  expect(bad.status).toBe(1);
  expect(String(answer(bad)["failed"])).toContain("are not what the manifest");
  await world.inside(
    "rm",
    "-r",
    ...["sqlite-backup", "pve-config"].map(name => join(config.target.path, name)),
  );
});

test("notices a record that was changed, taken out of the one file, or taken from both", async () => {
  const own = join(config.stateDir, "evidence.log");
  const good = readFileSync(own, "utf8");
  const verify = () => drill(["verify"]).finished;
  expect((await verify()).stdout).toContain("are those that were written");
  writeFileSync(own, good.replace('"result":"failed"', '"result":"proved"'));
  const changed = await verify();
  expect(changed.status).toBe(1);
  expect(changed.stdout).toMatch(/record \d+ \(line \d+\) was changed/);
  const shorter = good.split("\n").slice(0, -2).join("\n") + "\n";
  for (const file of [own, onDisk()]) writeFileSync(file, shorter);
  expect((await verify()).stdout).toMatch(/record \d+ was written, and the last one that is there is \d+/);
  const state = join(config.stateDir, "drills.json");
  const before = readFileSync(state, "utf8");
  expect((await drilled()).status).toBe(1);
  expect((await verify()).stdout).toMatch(/record \d+ \(line \d+\) comes after record \d+/);
  for (const file of [own, onDisk()]) writeFileSync(file, good);
  writeFileSync(state, before);
  expect((await verify()).status).toBe(0);
});

test("a service whose name a terminal or a shell would read otherwise is drilled as that, and keeps its line", async () => {
  const name = "a\\x41\nmirror  books";
  const folder = join(world.config.target.path, name);
  await world.inside("cp", "-a", join(world.config.target.path, "books"), folder);
  const run = await drill([`--only=mirror:${name}`, "--json"]).finished;
  expect(answer(run)).toMatchObject({ status: 0, proved: 1 });
  for (const words of [["list"], ["--dry-run", "--only=mirror"]])
    expect((await drill(words).finished).stdout).toContain("a\\\\x41\\x0amirror  books");
  await world.inside("rm", "-r", folder);
});

test("a service whose name isn't UTF-8 is passed over in a sentence, and comes back by what that says", async () => {
  const { target } = world.config;
  await world.inside("sh", "-ec", `cd ${target.path}; cp -a books "$(printf "it's\\351")"`);
  const run = await drill(["--only=mirror", "--json"]).finished;
  expect(answer(run)).toMatchObject({ status: 0, proved: 1, notProved: 0 });
  const [, said = ""] =
    /it's\\xe9 of the mirror was not drilled: .* by hand: nfs-mirror (.*)$/m.exec(run.stderr) ?? [];
  expect(said).toBe("restore --into DIR -- 'it'\\''s\\xe9'");
  const into = join(scratch, "by-hand");
  expect(await world.start(["restore", "--into", into, "--", "it's\\xe9"]).finished).toMatchObject({
    status: 0,
  });
  expect(readdirSync(world.outside(into), "latin1")).toEqual(["it's\xe9"]);
  await world.inside("sh", "-ec", `rm -r ${into} ${target.path}/"$(printf "it's\\351")"`);
});

test("names the file of a copy in which a byte has rotted", async () => {
  const file = join(world.target, "pvc-data/2026-21/shop/data/large");
  const { ino } = lstatSync(file);
  await world.inside("umount", world.config.target.path);
  await rotFiles(join(world.folder, "dst.img"), [ino], { blockBytes: 1024 });
  await world.mount("dst");
  const run = await drilled();
  expect(run.status).toBe(1);
  expect(answer(run)).toMatchObject({ proved: 1, notProved: 1 });
  expect(String(answer(run)["failed"])).toContain("pvc-data/2026-21/shop/data/large");
  expect(
    records()
      .slice(-2)
      .map(({ tier, result }) => `${String(tier)} ${String(result)}`)
      .sort(),
  ).toEqual(["generations failed", "mirror proved"]);
});
