import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openSegment } from "../../host-scripts/runtime/journal";
import { until } from "../../lab/process";
import { syncingModule } from "./support/far";
import { createOffsiteWorld, type OffsiteWorld } from "./support/offsite-world";
import type { FinishedRun } from "./support/started-run";

/* All that a run asks of a destination goes over one connection of a real sshd. The world goes on from test to test. */
let world: OffsiteWorld;

beforeAll(async () => {
  world = await createOffsiteWorld();
  world.writeConfig({ legs: world.config.legs.slice(0, 1) });
  mkdirSync(join(world.backup, "books"));
  put("one");
  await run();
  world.far.shadow(`echo $SSH_CONNECTION >>${sessions()}\n${asUsual}`);
});
afterEach(() => rmSync(world.far.outside(sessions()), { force: true }));
afterAll(() => world.close());

const asUsual = "exec REAL --server --daemon --config=CONFIG .";
const sessions = (): string => join(world.far.tree, "sessions");
const socket = (): string => join(world.config.stateDir, "ssh");

function put(name: string): void {
  writeFileSync(join(world.backup, "books", name), name);
  const segment = openSegment(world.journal, "paths");
  segment.add(Buffer.from(`books/${name}`));
  segment.promote();
}

const isThere = (name: string): boolean => existsSync(join(world.far.tree, "pve-backup/books", name));

async function run(): Promise<FinishedRun> {
  return world.start(["--json"]).finished;
}

/** Of each session, in their order, the two ends of its connection. */
function connections(): string[] {
  return readFileSync(world.far.outside(sessions()), "utf8").trim().split("\n");
}

/** Processes of this machine that hold the run's connection. */
function holders(): string[] {
  return readdirSync("/proc").filter(pid => {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, "utf8");
      return words.includes("ControlMaster=yes") && words.includes(socket());
    } catch {
      return false;
    }
  });
}

test("a run has one connection, in a folder of root's own, and it ends with the run", async () => {
  put("two");
  world.far.shadow(`echo $SSH_CONNECTION >>${sessions()}; sleep 0.2\n${asUsual}`);
  const running = world.start();
  await running.until(() => existsSync(world.far.outside(sessions())));
  expect(holders()).toHaveLength(1);
  expect(statSync(world.config.stateDir).mode & 0o777).toBe(0o700);
  expect(statSync(socket()).mode & 0o777).toBe(0o600);
  expect((await running.finished).status).toBe(0);
  expect(connections().length).toBeGreaterThanOrEqual(5);
  expect(new Set(connections()).size).toBe(1);
  expect(holders()).toEqual([]);
  expect(existsSync(socket())).toBe(false);
});

test("it is opened whatever shell whoever starts the run has", async () => {
  const running = world.start(["--json"], { SHELL: "/bin/false" });
  const { status, stderr } = await running.finished;
  expect({ status, stderr }).toMatchObject({ status: 0 });
  expect(new Set(connections()).size).toBe(1);
});

test("it ends with a run that is killed, and what is left of it is in nobody's way", async () => {
  put("three");
  const running = world.start();
  await running.reaches("send");
  expect(holders()).toHaveLength(1);
  running.kill("SIGKILL");
  await running.finished;
  await world.start(["--dry-run"]).finished;
  expect(holders()).toEqual([]);
  expect(existsSync(socket())).toBe(true);
  rmSync(world.far.outside(sessions()));
  expect((await run()).status).toBe(0);
  expect(new Set(connections()).size).toBe(1);
  expect(isThere("three")).toBe(true);
});

test("a run of which nothing may be sent waits for no connection", async () => {
  const late = join(world.folder, "late");
  world.shadow("ssh", `sleep 20; touch ${late}`);
  const legs = world.config.legs.slice(0, 1).map(leg => ({
    ...leg,
    mount: { ...leg.mount, fsUuid: "00000000-0000-0000-0000-000000000000" },
  }));
  const { status, stdout } = await world.start([], {}, { legs }).finished;
  world.unshadow("ssh");
  expect({ status, stdout, waited: existsSync(late) }).toEqual({
    status: 3,
    stdout: expect.stringContaining("has the wrong file system mounted") as string,
    waited: false,
  });
});

const holds = 'touch "$HOLD"; while [ -e "$HOLD" ]; do sleep 0.1; done';
test.each([
  ["while what is here is looked at", "systemd-analyze", `${holds}; exec REAL "$@"`],
  [
    "before it is sent anything",
    "rsync",
    `REAL "$@"; code=$?; case " $* " in *' --times -- '*) ${holds} ;; esac; exit $code`,
  ],
])("where the destination starts anew %s, all that is left goes over another connection", async (...how) => {
  const [when, program, script] = how;
  put(when);
  const hold = join(world.folder, "hold");
  world.shadow(program, script);
  const running = world.start(["--json"], { HOLD: hold });
  await running.until(() => existsSync(hold) && existsSync(world.far.outside(sessions())));
  await world.far.stop();
  await world.far.start();
  world.unshadow(program);
  rmSync(hold);
  const { status, stderr } = await running.finished;
  expect({ status, stderr }).toMatchObject({ status: 0 });
  expect(new Set(connections()).size).toBe(2);
  expect(isThere(when)).toBe(true);
});

test("one that breaks while something is sent fails the run, which sends it next time", async () => {
  put("five");
  // All that the account runs, and so its connection.
  const breaks = `[ $(wc -l <${sessions()}) != 2 ] || kill -KILL -1`;
  world.far.shadow(`echo $SSH_CONNECTION >>${sessions()}; ${breaks}\n${asUsual}`);
  const broken = await run();
  expect(broken.status).toBe(1);
  expect(broken.stderr).toMatch(/rsync ended with (5|12|255) at .*backup/);
  expect(isThere("five")).toBe(false);
  world.far.unshadow();
  const { status, stderr } = await run();
  expect({ status, stderr }).toMatchObject({
    status: 0,
    stderr: expect.stringContaining("by list: 1 names") as string,
  });
  expect(isThere("five")).toBe(true);
});

test("a night without news asks whose destination it is, compares what is its turn, and is told as a success", async () => {
  world.far.configureModule(...syncingModule(world.far.tree));
  put("six");
  expect((await run()).status).toBe(0);
  const leg = (name: string): string => `leg_${name}{leg="backup"}`;
  const before = world.metrics()[leg("last_success_timestamp")] ?? Infinity;
  rmSync(world.far.outside(sessions()), { force: true });
  world.far.shadow(`echo $SSH_CONNECTION >>${sessions()}\n${asUsual}`);
  // Its metrics have whole seconds.
  await until(() => Math.floor(Date.now() / 1000) > before, 60_000, 10);
  expect((await run()).status).toBe(0);
  expect(connections()).toHaveLength(2);
  expect(world.metrics()).toMatchObject({ last_status: 0, [leg("last_status")]: 0, [leg("debt_files")]: 0 });
  expect(world.metrics()[leg("last_success_timestamp")]).toBeGreaterThan(before);
});

test("a restore and a verification of two legs have one connection each, and leave none", async () => {
  const also = { from: join(world.folder, "backup/books"), to: "books-too" };
  const [leg] = world.config.legs;
  if (!leg) throw new Error("the world has no leg");
  const { from } = leg;
  world.writeConfig({ legs: [leg, { ...leg, ...also, journals: [], generations: [] }] });
  expect((await run()).status).toBe(0);
  world.far.shadow(`echo $SSH_CONNECTION >>${sessions()}\n${asUsual}`);
  // A restore asks first how much comes.
  for (const [count, words] of [
    [2, ["verify"]],
    [3, ["restore", from, "--into", join(world.folder, "photos/restored")]],
  ] as const) {
    rmSync(world.far.outside(sessions()), { force: true });
    const { status, stderr } = await world.start([...words, "--json"]).finished;
    expect({ words, status, stderr }).toMatchObject({ status: 0 });
    expect(connections()).toHaveLength(count);
    expect(new Set(connections()).size).toBe(1);
    expect(holders()).toEqual([]);
    expect(readdirSync(world.config.stateDir).filter(name => /^ssh/.test(name))).toEqual([]);
  }
});

test("a destination without rsync is told as that", async () => {
  world.far.shadow("exec /usr/bin/no-such-rsync");
  const { status, stderr } = await run();
  world.far.unshadow();
  expect(status).toBe(1);
  expect(stderr).toContain("rsync isn't installed on nas");
  expect(stderr).toContain("Next: apt-get install rsync");
});

/** As rsync of 3.1.2: it ends without a word over what it doesn't know. */
const old = String.raw`exec perl -e '
  pipe(my $from, my $to);
  $SIG{CHLD} = sub { exit 0 };
  my $child = fork;
  if (!$child) { open STDIN, "<&", $from; close $to; exec "REAL", "--server", "--daemon", "--config=CONFIG", "." }
  close $from;
  my $seen = "";
  while (sysread(STDIN, my $read, 65536)) {
    $seen .= $read if length $seen < 65536;
    $SIG{CHLD} = "IGNORE", kill("KILL", $child), exit 4 if $seen =~ /\0(?:-@-1|--fsync)\0/;
    syswrite($to, $read);
  }
'`;

test("one whose rsync is as old as 3.1.2 gets all, by what that knows", async () => {
  const memory = join(world.config.stateDir, "memory.json");
  rmSync(memory);
  world.far.configureModule();
  world.far.shadow(old);
  put("for-old");
  const [first, second] = [await run(), await run()];
  expect([first.status, second.status]).toEqual([0, 0]);
  expect(first.stderr).toContain("rsync at nas is older than 3.1.3");
  expect(first.stderr).toContain("rsync at nas can't sync what it writes");
  expect(second.stderr).not.toMatch(/rsync at nas (?:is older|can't)/);
  expect(isThere("for-old")).toBe(true);
  expect(await world.start(["verify"]).finished).toMatchObject({ status: 0 });
  world.far.unshadow();
  rmSync(memory);
  // Brought to an older one afterwards, it costs a night, and not each one until it is asked again.
  await run();
  world.far.shadow(old);
  put("for-older");
  expect([(await run()).status, (await run()).status]).toEqual([1, 0]);
  // A line that breaks at that question is none that is older.
  const known = JSON.parse(readFileSync(memory, "utf8")) as object;
  writeFileSync(memory, JSON.stringify({ ...known, rsync: undefined }));
  const broke = join(world.far.tree, "broke");
  world.far.shadow(old.replace("|--fsync)\\0/", `)\\0/ && !-e "${broke}" && open(my $f, ">", "${broke}")`));
  const after = await run();
  expect([after.status, existsSync(world.far.outside(broke))]).toEqual([0, true]);
  expect(after.stderr).not.toContain("rsync at nas is older");
  world.far.unshadow();
  rmSync(memory);
});
