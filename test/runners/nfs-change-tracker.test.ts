import { spawn } from "node:child_process";
import {
  appendFileSync,
  cpSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { NfsChangeTrackerConfig } from "../../plan/contracts/nfs-change-tracker";
import { acknowledge, type Debt, readDebt } from "../../host-scripts/runtime/journal-consumer";
import { askedFile, watchedThrough } from "../../host-scripts/runtime/journal-watched";
import { runnerOf } from "../../stacks/runner";
import { long } from "../long";
import { makeDiskImage } from "./support/disk-image";
import { mountNamespace, type MountNamespace } from "./support/namespace";
import { type Recorder, startRecorder } from "./support/recorder";
import { startRunner, type StartedRun } from "./support/started-run";

const folder = mkdtempSync(join(tmpdir(), "holdfast-tracker-"));
let namespace: MountNamespace;
let pushes: Recorder;
let program: string;
let fsUuid: string;
/** A consumer that has brought all there is. */
let stamp: string;
let running: StartedRun | undefined;

const disk = join(folder, "disk");
const journal = join(folder, "journal");
/** The watched folder, one beside it on the same file system, as this process reaches them. */
const root = (): string => namespace.outside(join(disk, "nfs"));
const beside = (): string => namespace.outside(join(disk, "beside"));

beforeAll(async () => {
  namespace = await mountNamespace();
  pushes = await startRecorder();
  ({ path: program } = await runnerOf("nfs-change-tracker"));
  mkdirSync(disk);
  fsUuid = await makeDiskImage(join(folder, "disk.img"), 256, ["-O", "^has_journal", "-N", "60000"]);
  await mount();
  mkdirSync(root());
  mkdirSync(beside());
});

afterEach(async () => {
  running?.kill("SIGKILL");
  await running?.finished;
});

afterAll(async () => {
  await namespace.close();
  await pushes.close();
  rmSync(folder, { recursive: true });
});

const mount = (): Promise<string> => namespace.run("mount", "-o", "loop", join(folder, "disk.img"), disk);

function configOf(change: Partial<NfsChangeTrackerConfig> = {}): NfsChangeTrackerConfig {
  return {
    job: "nfs-change-tracker",
    host: "pve",
    watches: [{ root: join(disk, "nfs"), mount: { path: disk, fsUuid }, journal }],
    ...{ proveMs: 100, reconcileMs: 3_600_000, mostNames: 5_000, budgetMs: 20_000 },
    stateDir: join(folder, "state"),
    textfile: join(folder, "nfs-change-tracker.prom"),
    pushgateway: { url: pushes.url, timeoutMs: 2_000, attempts: 1 },
    ...change,
  };
}

function begin(change: Partial<NfsChangeTrackerConfig> = {}, env: Record<string, string> = {}): StartedRun {
  const config = join(folder, "config.json");
  writeFileSync(config, JSON.stringify(configOf(change)));
  running = startRunner(
    namespace.inside([process.execPath, program, "--config", config]),
    { ...process.env, INVOCATION_ID: "", JOURNAL_STREAM: undefined, ...env },
    join(folder, "state"),
  );
  return running;
}

/** Waits until the journal says that all changes until now are in it. */
async function settled(run: StartedRun): Promise<void> {
  const now = Date.now();
  await run.until(() => {
    const watched = watchedThrough(journal);
    return "throughMs" in watched && watched.throughMs >= now;
  });
}

/** Starts it, for a consumer that owes nothing. */
async function watching(change: Partial<NfsChangeTrackerConfig> = {}): Promise<StartedRun> {
  const run = begin(change);
  await settled(run);
  stamp = acknowledge(journal, "test", readDebt(journal, "test", undefined));
  return run;
}

const debt = (): Debt => readDebt(journal, "test", stamp);

function isOwed(path: string, { paths, subtrees, whole }: Debt): boolean {
  const isIn = [...subtrees].some(above => path === above || path.startsWith(`${above}/`));
  return whole !== undefined || paths.has(path) || isIn;
}

/** The program that watches for a run, which starts others as well. */
function watcherOf(run: StartedRun): number {
  const children = readFileSync(`/proc/${run.pid}/task/${run.pid}/children`, "utf8").trim().split(" ");
  const found = children.find(pid => readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith("perl\0"));
  return Number(found);
}

const metrics = (): Record<string, number> =>
  Object.fromEntries(
    [...readFileSync(configOf().textfile, "utf8").matchAll(/^nfs_change_tracker_(\w+) (\d+)$/gm)].map(
      ([, name = "", value]) => [name, Number(value)],
    ),
  );

test("names what changes, and of a folder that comes, goes or is called otherwise, all of it", async () => {
  const many = join(beside(), "many");
  mkdirSync(many);
  for (let n = 0; n < 10_000; n += 1) writeFileSync(join(many, `f${n}`), "");
  for (const name of ["nasty", "gone", "old", "far"])
    mkdirSync(join(root(), name, "deep"), { recursive: true });
  writeFileSync(join(root(), "old", "deep", "file"), "");
  const only = ["nasty", "new", "far", "many", "more", "gone", "old", "renamed"];
  const run = await watching({ watches: configOf().watches.map(watch => ({ ...watch, only })) });
  expect(debt()).toMatchObject({ whole: undefined, segments: 0 });

  writeFileSync(join(root(), "old", "deep", "file"), "1");
  await settled(run);
  expect(debt()).toMatchObject({ whole: undefined, paths: new Set(["old/deep/file"]) });
  const nasty = ["a\nb", "\xff\xfe", " -x", "'\"$(id)\\"].map(name => Buffer.from(name, "latin1"));
  for (const name of nasty) writeFileSync(Buffer.concat([Buffer.from(`${root()}/nasty/`), name]), "1");
  mkdirSync(join(root(), "new/er/est"), { recursive: true });
  writeFileSync(join(root(), "new/er/est/file"), "1");
  writeFileSync(join(root(), "far/deep/file"), "1");
  mkdirSync(join(root(), "frigate"));
  writeFileSync(join(root(), "frigate", "clip"), "1");
  writeFileSync(join(beside(), "other"), "1");
  renameSync(many, join(root(), "many"));
  renameSync(join(root(), "gone"), join(beside(), "gone"));
  renameSync(join(root(), "old"), join(root(), "renamed"));
  await settled(run);
  let owed = debt();
  expect(owed.whole).toBeUndefined();
  const expected = [
    ...nasty.map(name => `nasty/${name.toString("latin1")}`),
    ...["new/er/est/file", "far/deep/file", "many/f9999", "gone", "old", "renamed/deep/file"],
  ];
  for (const path of expected) expect([path, isOwed(path, owed)]).toEqual([path, true]);
  expect([...owed.paths, ...owed.subtrees].filter(path => /frigate|other|beside|many\//.test(path))).toEqual(
    [],
  );

  // By its new name from then on, whatever was known of the old one.
  stamp = acknowledge(journal, "test", owed);
  writeFileSync(join(root(), "renamed/deep/file"), "22");
  rmSync(join(root(), "far"), { recursive: true });
  renameSync(join(root(), "many"), join(root(), "more"));
  writeFileSync(join(root(), "more", "f1"), "22");
  await settled(run);
  owed = debt();
  expect([...owed.paths]).toEqual(expect.arrayContaining(["renamed/deep/file", "far"]));
  expect([...owed.paths].filter(path => /^old|^many|^more/.test(path))).toEqual([]);
  expect(owed).toMatchObject({ whole: undefined, subtrees: new Set(["many", "more"]) });

  // Of more than it keeps, what they have in common.
  stamp = acknowledge(journal, "test", owed);
  // It stands still meanwhile: on a slow machine it would hand them over a few at a time.
  run.kill("SIGSTOP");
  for (let n = 0; n < 10_000; n += 1) rmSync(join(root(), "more", `f${n}`));
  run.kill("SIGCONT");
  await settled(run);
  owed = debt();
  for (let n = 0; n < 10_000; n += 1) expect(isOwed(`more/f${n}`, owed)).toBe(true);
  expect(owed.whole).toBeUndefined();
  expect(owed.subtrees).toEqual(new Set(["more"]));
  expect(metrics()).toMatchObject({ up: 1, last_status: 0, overflows: 0 });
  expect(pushes.received.at(-1)?.body).toMatch(/^nfs_change_tracker_up 1$/m);

  run.kill("SIGTERM");
  expect((await run.finished).status).toBe(143);
  expect(metrics()).toMatchObject({ up: 0, last_status: 143 });
  expect(watchedThrough(journal)).toEqual({ since: "yet" });
});

test("a file that changes by a name of which nobody reads makes all of the tree owed", async () => {
  const [file, beyond, left] = [
    join(root(), "app", "file"),
    join(beside(), "linked"),
    join(root(), "frigate", "linked"),
  ];
  for (const name of ["app", "frigate"]) mkdirSync(join(root(), name), { recursive: true });
  writeFileSync(file, "1");
  for (const name of [beyond, left]) linkSync(file, name);
  const run = await watching({
    watches: configOf().watches.map(watch => ({ ...watch, without: ["frigate"] })),
  });
  appendFileSync(file, "2");
  for (const folder of [beside(), join(root(), "frigate")]) writeFileSync(join(folder, "own"), "1");
  await settled(run);
  expect(debt()).toMatchObject({ whole: undefined, paths: new Set(["app/file"]) });
  for (const name of [beyond, left]) {
    stamp = acknowledge(journal, "test", debt());
    appendFileSync(name, "3");
    await settled(run);
    expect([name, debt().whole]).toEqual([name, "its writer handed over all of the tree"]);
  }
});

test("a journal that was put back as it was earlier lacks names, so that all is handed over", async () => {
  const run = await watching();
  const earlier = `${journal}.earlier`;
  const after = async (name: string): Promise<Debt> => {
    writeFileSync(join(root(), name), "1");
    await settled(run);
    return debt();
  };
  expect(await after("first")).toMatchObject({ whole: undefined });
  cpSync(journal, earlier, { recursive: true, preserveTimestamps: true });
  expect(await after("lost")).toMatchObject({ paths: new Set(["first", "lost"]) });
  rmSync(journal, { recursive: true });
  renameSync(earlier, journal);
  expect(await after("last")).toMatchObject({ whole: "its writer handed over all of the tree" });
});

test("more changes than the kernel keeps, while it stands still, are all of the tree, and it goes on", async () => {
  // It has room for all the names: else their folder would be all of the tree by itself.
  const run = await watching({ mostNames: 1_000_000 });
  const watcher = watcherOf(run);
  for (const pid of [run.pid, watcher]) process.kill(pid, "SIGSTOP");
  for (let n = 0; n < (long ? 25_000 : 7_000); n += 1) {
    const [path, other] = [join(root(), `s${n}`), join(root(), `t${n}`)];
    writeFileSync(path, "1");
    renameSync(path, other);
    rmSync(other);
  }
  for (const pid of [run.pid, watcher]) process.kill(pid, "SIGCONT");
  await settled(run);
  expect(debt()).toMatchObject({ whole: "its writer handed over all of the tree" });
  await run.until(() => (metrics()["overflows"] ?? 0) > 0);
  expect(metrics()).toMatchObject({ up: 1, last_status: 0 });
  expect(metrics()["memory_bytes"]).toBeLessThan(200e6);
  stamp = acknowledge(journal, "test", debt());
  writeFileSync(join(root(), "after"), "1");
  await settled(run);
  expect(debt()).toMatchObject({ whole: undefined, paths: new Set(["after"]) });
});

test("killed at any time, it hands over all when it is there again, and leaves nothing behind", async () => {
  const run = await watching();
  const watcher = watcherOf(run);
  writeFileSync(join(root(), "unheard"), "1");
  run.kill("SIGKILL");
  await run.finished;
  while (isThere(watcher)) await sleep(5);
  writeFileSync(join(root(), "while away"), "1");
  // A while later, nobody takes its silence for quiet.
  expect(watchedThrough(journal, Date.now() + 86_400_000)).toHaveProperty("since");
  await settled(begin());
  expect(debt().whole).toBe("its writer handed over all of the tree");
});

test("one whose journal has no room ends and is believed nothing, and hands over all once there is some", async () => {
  const small = join(folder, "small");
  mkdirSync(small);
  await namespace.run("mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", small);
  const full = join(small, "journal");
  const [seen, filler] = [namespace.outside(full), namespace.outside(join(small, "filler"))];
  const watches = configOf().watches.map(watch => ({ ...watch, journal: full }));
  const run = begin({ watches });
  await run.until(() => "throughMs" in watchedThrough(seen));
  const before = acknowledge(seen, "test", readDebt(seen, "test", undefined));
  expect(() => writeFileSync(filler, Buffer.alloc(1024 * 1024))).toThrow("ENOSPC");
  for (let n = 0; n < 2_000; n += 1) writeFileSync(join(root(), `unsaid ${n}`), "1");
  const ended = await run.finished;
  expect([ended.status, ended.stdout + ended.stderr]).toEqual([1, expect.stringContaining("ENOSPC")]);
  expect(watchedThrough(seen)).toHaveProperty("since");
  rmSync(filler);
  const again = begin({ watches });
  await again.until(() => "throughMs" in watchedThrough(seen));
  expect(readDebt(seen, "test", before).whole).toBe("its writer handed over all of the tree");
  for (let n = 0; n < 2_000; n += 1) rmSync(join(root(), `unsaid ${n}`));
});

test("one that hears nothing any more ends, and so does one whose file system was changed under it", async () => {
  const run = await watching({ budgetMs: 5_000 });
  process.kill(watcherOf(run), "SIGSTOP");
  const deaf = await run.finished;
  expect([deaf.status, deaf.stdout + deaf.stderr]).toEqual([
    1,
    expect.stringContaining("nothing is heard of"),
  ]);

  // It looks when it is asked, and not between the two, when nothing is mounted.
  const other = await watching({ proveMs: 3_600_000 });
  await namespace.run("umount", "--lazy", disk);
  await mount();
  writeFileSync(join(journal, askedFile), "");
  const moved = await other.finished;
  expect([moved.status, moved.stdout + moved.stderr]).toEqual([
    1,
    expect.stringContaining("what is watched isn't"),
  ]);

  await namespace.run("mount", "-t", "tmpfs", "tmpfs", join(disk, "nfs"));
  const over = await begin().finished;
  await namespace.run("umount", join(disk, "nfs"));
  expect([over.status, over.stdout + over.stderr]).toEqual([
    3,
    expect.stringMatching(/another file system \(tmpfs\) is mounted over ".*\/disk\/nfs"/),
  ]);
  // A folder of the same one shows what is watched.
  await namespace.run("mount", "--bind", join(disk, "beside"), join(disk, "nfs"));
  await watching();
  running?.kill("SIGKILL");
  await running?.finished;
  // Its program ends a moment later.
  await namespace.run("umount", "--lazy", join(disk, "nfs"));

  await namespace.run("umount", disk);
  const away = await begin().finished;
  expect([away.status, away.stdout + away.stderr]).toEqual([
    3,
    expect.stringContaining("is not a mount point"),
  ]);
  await mount();
});

test("it is ready once all is watched, and says again and again that it works", async () => {
  const socket = join(folder, "notify");
  const text = `use Socket; socket(S, AF_UNIX, SOCK_DGRAM, 0); bind(S, pack_sockaddr_un($ARGV[0])) or die; $| = 1; print "$_\\n" while defined recv(S, $_, 99, 0)`;
  const listener = spawn("perl", ["-e", text, socket]);
  let said = "";
  listener.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
  try {
    const run = begin({}, { NOTIFY_SOCKET: socket });
    await run.until(() => said.includes("WATCHDOG=1"));
    expect(said).toMatch(/^READY=1\nWATCHDOG=1\n/);
    expect(watchedThrough(journal)).toHaveProperty("throughMs");
  } finally {
    listener.kill();
  }
});

test("it warns of a Pushgateway that is away once, and once more when that has changed; its program is in no argument", async () => {
  const answers = [503, 503, 503, 200, 503, 503, 500, 500];
  let asked = 0;
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(answers[asked] ?? 200).end();
    asked += 1;
  });
  await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  try {
    const run = begin({ pushgateway: { url: `http://127.0.0.1:${port}`, timeoutMs: 5_000, attempts: 1 } });
    await run.until(() => asked > answers.length);
    const warned = run
      .output()
      .split("\n")
      .filter(line => line.includes("Pushgateway"))
      .map(line => /HTTP status \d+/.exec(line)?.[0]);
    expect(warned).toEqual(["HTTP status 503", "HTTP status 503", "HTTP status 500"]);
    expect(readFileSync(`/proc/${watcherOf(run)}/cmdline`, "utf8")).not.toContain("fanotify");
  } finally {
    server.close();
  }
});

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
