import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { versionsAnswer } from "../../plan/contracts/versions";
import { setRetention } from "../../components/nas-retention";
import { sinceMidnight } from "./support/noon";
import { createNasWorld, type NasWorld } from "./support/nas-world";

/* A real sshd, and behind it stand-ins of a Synology's programs and of sudo. The world goes on from test to test, as a NAS does. */
let world: NasWorld;

const hour = 3_600_000;
const day = 24 * hour;

beforeAll(async () => {
  world = await createNasWorld();
  world.set(
    "df",
    "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/x 1000 900 100 90% /volume1\n",
  );
  world.set("qgroup", "qgroupid rfer excl max_rfer max_excl\n0/257 4096 10 1000000 none\n");
  world.set(
    "qgroups",
    "qgroupid rfer excl max_rfer max_excl\n0/257 4096 10 none none\n0/258 9 512 none none\n0/259 9 99 none none\n",
  );
  world.set(
    "subvolumes",
    "ID 258 gen 9 cgen 9 top level 5 otime x path @sharesnap/Backup/GMT-x\nID 259 gen 9 cgen 9 top level 5 otime x path @sharesnap/Other/GMT-x\n",
  );
  setConf("snap_auto_remove_keep_days=7\n");
});
afterAll(() => world.close());

function setConf(text: string): void {
  const file = join(world.snapshots, "..", "Backup.conf");
  writeFileSync(file, text);
  chmodSync(file, 0o666);
}

/** The NAS's snapshots are those of the last days at midnight of its zone, as its schedule has them. */
function daily(...days: number[]): string[] {
  for (const name of readdirSync(world.snapshots)) rmSync(join(world.snapshots, name), { recursive: true });
  return days.map(ago => world.snapshot(ago * day + sinceMidnight(Date.now())));
}

test("a look tells what is there, how full it is, and that all is as the estate has it", async () => {
  daily(6, 5, 4, 3, 2, 1, 0);
  const { status, result, output } = await world.run();
  expect({ status, output }).toEqual({ status: 0, output: expect.any(String) as string });
  expect(result).toMatchObject({ drifts: [], faults: [], keepDays: 7, mayDelete: false });
  expect(world.metrics()).toMatchObject({
    ...{ last_status: 0, count: 7, unknown_lines: 0, clock_skew_seconds: expect.any(Number) as number },
    ...{ volume_size_bytes: 1_024_000, volume_free_bytes: 102_400 },
    ...{ share_used_bytes: 4096, share_quota_bytes: 1_000_000, pinned_bytes: 512 },
    ...{ "drift schedule": 0, "drift keep_days": 0, "drift rights": 0 },
  });
  expect(world.pushes.received.map(({ path }) => path)).toContain(
    "/metrics/job/nas-snapshots/instance/pve/part/drift",
  );
});

test("what is used is noted on each day on which one snapshot comes and one goes", async () => {
  const used = (): number => {
    const text = readFileSync(join(world.config.stateDir, "memory.json"), "utf8");
    return (JSON.parse(text) as { used: unknown[] }).used.length;
  };
  daily(7, 6, 5, 4, 3, 2, 1);
  await world.run();
  const before = used();
  daily(6, 5, 4, 3, 2, 1, 0);
  await world.run();
  expect(used()).toBe(before + 1);
});

test("the password is in no output, no file, and no process's arguments or environment", async () => {
  world.shadow(
    "synosharesnapshot",
    `cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ >"$SUDO_STATE/seen" 2>/dev/null; exec REAL "$@"`,
  );
  world.set("seen", "");
  const { output, status } = await world.run();
  world.unshadow();
  expect(status).toBe(0);
  expect(world.read("seen")).toContain("synosharesnapshot");
  for (const text of [
    output,
    world.read("seen"),
    readFileSync(join(world.config.stateDir, "memory.json"), "utf8"),
  ])
    expect(text).not.toContain(world.password);
});

test("what somebody changed in DSM is told, by what it shows and by what it does", async () => {
  setConf("snap_auto_remove_keep_days=3\n");
  const [, early = ""] = daily(12, 3, 2, 1, 0);
  await world.run();
  rmSync(join(world.snapshots, early), { recursive: true });
  world.set("rights", `${world.read("rights")}/usr/syno/sbin/synosharesnapshot delete Backup *\n`);
  const { output, status } = await world.run();
  expect(status).toBe(0);
  expect(output).toContain("drift of keep_days: declared 7 d, nas says 3 d");
  expect(output).toMatch(/drift of kept_longer: declared 7 d, and GMT-.* is there after 1[23] d/);
  expect(output).toMatch(/drift of gone_early: declared 7 d, and \d went before their time/);
  expect(output).toContain("drift of rights");
  // For who asks the host later.
  const kept = readFileSync(join(world.config.stateDir, "differences"), "utf8");
  expect(kept).toMatch(/^declared 7 d, nas says 3 d\n(declared .*\n){3}$/);
  expect(world.metrics()).toMatchObject({
    ...{ "drift schedule": 0, "drift keep_days": 1, "drift kept_longer": 1, "drift gone_early": 1 },
    ...{ "drift rights": 1, last_status: 0 },
  });
  setConf("snap_auto_remove_keep_days=7\n");
  world.set("rights", world.read("rights").replace(/.*delete Backup.*\n/, ""));
});

test("snapshots at another hour than the declared one fail the run once the declared one is missing", async () => {
  daily(3, 2, 1);
  const { status, output } = await world.run();
  expect(status).toBe(1);
  const dueAt = new Date(Date.now() - sinceMidnight(Date.now())).toISOString().slice(0, 13);
  expect(output).toMatch(
    new RegExp(`the newest snapshot of Backup on nas is of .*, and one was due at ${dueAt}:00:00Z`),
  );
  expect(world.metrics()).toMatchObject({ "drift schedule": 1, last_status: 1 });
});

test("no snapshot at all is a failure, also of a look that tells nobody", async () => {
  daily();
  const told = world.pushes.received.length;
  const look = await world.run("--dry-run");
  expect([look.status, look.output, world.pushes.received.length]).toEqual([
    1,
    expect.stringContaining("Backup on nas has no snapshot at all"),
    told,
  ]);
  const { status, output } = await world.run();
  expect(status).toBe(1);
  expect(output).toContain("Backup on nas has no snapshot at all");
  expect(world.metrics()).toMatchObject({ count: 0 });
});

test("a run that is started when one is due waits for it", async () => {
  daily(2, 1);
  const soon = new Date(Date.now() - 1_000);
  const calendar = `*-*-* ${soon.toISOString().slice(11, 19)}`;
  world.writeConfig({ calendar, zone: "UTC", graceMs: 40_000 });
  // It is made between the first look and the second.
  world.shadow(
    "synosharesnapshot",
    `REAL "$@"; s=$?; mkdir -p ${world.snapshots}/GMT-$(/bin/date -u -d '-1 sec' +%Y.%m.%d-%H.%M.%S); exit $s`,
  );
  const { output, status } = await world.run();
  world.unshadow();
  world.writeConfig({});
  expect({ status, output }).toEqual({
    status: 0,
    output: expect.stringContaining("isn't there yet: it is looked for again") as string,
  });
});

test("lines that nobody knows are told and never taken for snapshots", async () => {
  daily(1, 0);
  world.shadow("synosharesnapshot", `REAL "$@"; [ "$1" != list ] || echo 'GMT-2026.02.31-00.00.00 [locked]'`);
  const { status, output, result } = await world.run();
  world.unshadow();
  expect(status).toBe(1);
  expect(output).toContain("1 lines that are no snapshot's name");
  expect(result["snapshots"]).toHaveLength(2);
  expect(world.metrics()).toMatchObject({ unknown_lines: 1, count: 2 });
});

test("a wrong password is tried once, and says so", async () => {
  world.set("password", "changed in DSM");
  const { status, output } = await world.run();
  expect(world.read("tries")).toBe("failed\n");
  expect(status).toBe(1);
  expect(output).toContain("sudo on nas doesn't take the password of nas. It was tried once");
  world.set("password", world.password);
  world.set("tries", "");
});

test("an account whose sudo doesn't take the listing is told as such", async () => {
  const rights = world.read("rights");
  world.set("rights", "");
  const { status, output } = await world.run();
  world.set("rights", rights);
  expect(status).toBe(1);
  expect(output).toContain("sudo on nas doesn't let nas run");
});

test("a clock that is wrong is told, also what it dated ahead", async () => {
  daily(1, 0);
  const future = world.snapshot(-3 * day);
  world.set("clock", String(Math.floor(Date.now() / 1000) - 7200));
  const { status, output } = await world.run();
  world.set("clock", "");
  expect(status).toBe(1);
  expect(output).toContain("the clock of nas is 2 h");
  expect(output).toContain(`the first is ${future}`);
  expect(world.metrics()["clock_skew_seconds"]).toBeGreaterThan(7100);
  expect(world.metrics()["newest_timestamp"]).toBeLessThan(Date.now() / 1000);
  rmSync(join(world.snapshots, future), { recursive: true });
});

test("a NAS that is away, or another one, gets nothing and leaves the last figures", async () => {
  daily(1, 0);
  await world.run();
  const before = world.metrics();
  await world.far.stop();
  const away = await world.run();
  expect(away.status).toBe(1);
  expect(away.output).toContain("nas at 127.0.0.1 can't be asked");
  expect(world.metrics()).toMatchObject({
    ...before,
    last_status: 1,
    last_run_timestamp: expect.any(Number) as number,
  });
  await world.far.start();
  world.writeConfig({
    nas: {
      ...world.config.nas,
      hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB",
    },
  });
  const other = await world.run();
  world.writeConfig({});
  expect(other.status).toBe(1);
  expect(other.output).toContain("another host key than the one that is pinned");
  expect(world.read("tries")).toBe("");
});

test("list shows all of it, and a restore prints steps that bring a path back beside what is there", async () => {
  const [, newest = ""] = daily(1, 0);
  // A clock that was ahead has made this one: it is the newest for nobody.
  world.snapshot(-3 * day);
  const listed = await world.run("list");
  expect(listed.result["snapshots"]).toHaveLength(3);
  const told = versionsAnswer.parse((await world.run("list", "--versions")).result).versions;
  expect(told.map(({ of }) => of)).toEqual(["/Backup", "/Backup"]);
  const picked = await world.run("restore", "/Backup/books", ...(told[0]?.pick ?? []));
  expect(picked.result["snapshot"]).not.toBe(newest);
  const { result, status } = await world.run("restore", "/Backup/books");
  expect(status).toBe(0);
  const { volume } = world.config.nas;
  const steps = result["steps"] as string[];
  // The account that looks may do none of them there.
  expect(steps[0]).toMatch(/^ssh -t -p \d+ ADMINISTRATOR@/);
  // What an administrator types there, but for the login and sudo.
  const type = (step: string) => execa("sh", ["-c", step.replaceAll("sudo ", "")], { reject: false });
  for (const step of steps.slice(1)) expect(await type(step)).toMatchObject({ exitCode: 0 });
  const back = join(volume, `Backup/books.${newest}/one`);
  expect(readFileSync(back, "utf8")).toBe("a book");
  writeFileSync(back, "mended since");
  expect(await type(steps[2] ?? "")).toMatchObject({ exitCode: 1 });
  expect(readFileSync(back, "utf8")).toBe("mended since");
  for (const wrong of ["/Other/books", "/Backup/../etc", "/Backup/.", "/Backup"])
    expect(await world.run("restore", wrong)).toMatchObject({ status: 3 });
  mkdirSync(join(volume, "Backup/later"), { recursive: true });
  expect((await world.run("restore", "/Backup/later", "--at", "2001-01-01")).status).toBe(3);
});

describe("deletion", () => {
  const deleting = "/usr/syno/sbin/synosharesnapshot delete Backup *\n";
  const sender = (): string => join(world.config.stateDir, "..", "offsite");
  const is = (name: string): boolean => existsSync(join(world.snapshots, name));

  function sent(status: number, agoMs: number): void {
    const endedAt = new Date(Date.now() - agoMs).toISOString();
    mkdirSync(sender(), { recursive: true });
    writeFileSync(
      join(sender(), "last-end.json"),
      JSON.stringify({ endedAt, invocation: "", status, pushed: true }),
    );
  }

  beforeAll(() => {
    world.set("rights", `${world.read("rights")}${deleting}`);
    world.writeConfig({
      ...{ mayDelete: true, keepAtLeast: 2 },
      senders: [{ job: "offsite-sync-backup", stateDir: sender() }],
    });
  });
  afterAll(() => {
    world.writeConfig({});
    world.set("rights", world.read("rights").replace(deleting, ""));
  });

  test("the last one with a verified copy stays also after the run that made it was followed by ones that failed", async () => {
    const [sixth = "", second = "", newest = ""] = daily(6, 2, 0);
    expect((await world.run("delete", sixth)).output).toContain(
      "offsite-sync-backup never had all of its copies there",
    );
    sent(0, 2 * day + sinceMidnight(Date.now()) + hour);
    expect((await world.run()).status).toBe(0);
    sent(1, hour);
    const kept = await world.run("delete", second);
    expect(kept.status).toBe(3);
    expect(kept.output).toContain(`${second} is the first one after offsite-sync-backup had all`);
    sent(0, 0);
    expect((await world.run("delete", newest)).output).toContain(
      `${newest} is the newest, and no snapshot has yet`,
    );
    expect([sixth, second, newest].every(is)).toBe(true);
  });

  test("what goes is shown first, goes by name alone, is looked for afterwards, and is no drift", async () => {
    const [sixth = "", fifth = "", , newest = ""] = daily(6, 5, 1, 0);
    sent(0, hour + sinceMidnight(Date.now()));
    const { drifts } = (await world.run()).result;
    const refused = await world.run("delete", sixth, `${fifth}0`);
    expect(refused.status).toBe(3);
    expect(refused.output).toContain(`${fifth}0\\\" is no snapshot of Backup on nas; did you mean`);
    expect((await world.run("delete", sixth, fifth, newest)).output).toContain(
      "1 of 4 snapshots would be left",
    );
    const previewed = await world.run("delete", sixth, fifth, "--dry-run");
    expect(previewed.result).toMatchObject({ names: [sixth, fifth], stays: 2, deleted: false });
    expect([sixth, fifth].every(is)).toBe(true);
    const { result, status } = await world.run("delete", sixth, fifth);
    expect({ status, ...result }).toMatchObject({ status: 0, stays: 2, deleted: true });
    expect([sixth, fifth].some(is)).toBe(false);
    expect(is(newest)).toBe(true);
    expect((await world.run()).result["drifts"]).toEqual(drifts);
  });

  test("a NAS that says it deleted, and still lists it, is no success", async () => {
    const [third = ""] = daily(3, 1, 0);
    sent(0, hour + sinceMidnight(Date.now()));
    world.shadow("synosharesnapshot", `[ "$1" = delete ] || exec REAL "$@"`);
    const { status, output } = await world.run("delete", third);
    world.unshadow();
    expect(status).toBe(1);
    expect(output).toContain(`still lists 1 of them, first ${third}`);
  });

  test("a NAS that no longer lists another one is no success", async () => {
    const [third = "", second = ""] = daily(3, 2, 1, 0);
    sent(0, hour + sinceMidnight(Date.now()));
    world.shadow("synosharesnapshot", `REAL "$@"; [ "$1" != delete ] || rm -r ${world.snapshots}/${second}`);
    const { status, output } = await world.run("delete", third);
    world.unshadow();
    expect(status).toBe(1);
    expect(output).toContain(`doesn't list 1 others any more, first ${second}`);
  });

  test("what went of a deletion that failed in its middle is no drift", async () => {
    const [fifth = "", fourth = ""] = daily(5, 4, 1, 0);
    sent(0, hour + sinceMidnight(Date.now()));
    const { drifts } = (await world.run()).result;
    world.shadow("synosharesnapshot", `[ "$1" = delete ] || exec REAL "$@"; REAL "$1" "$2" "$3"; exit 1`);
    const { status } = await world.run("delete", fifth, fourth);
    world.unshadow();
    expect({ status, left: [fifth, fourth].filter(is) }).toEqual({ status: 1, left: [fourth] });
    expect((await world.run()).result["drifts"]).toEqual(drifts);
  });

  test("an account that only looks deletes nothing, and the step for an administrator is printed", async () => {
    const [third = ""] = daily(3, 1, 0);
    world.writeConfig({ keepAtLeast: 2 });
    const { drifts } = (await world.run()).result;
    expect((await world.run("delete", third, "--dry-run")).result).toMatchObject({ deleted: false });
    const { status, result } = await world.run("delete", third);
    expect(status).toBe(0);
    expect(result["step"]).toContain(`synosharesnapshot delete Backup ${third}`);
    expect(is(third)).toBe(true);
    // The administrator does it: nobody is told that it went before its time.
    rmSync(join(world.snapshots, third), { recursive: true });
    expect((await world.run()).result["drifts"]).toEqual(drifts);
  });
});

describe("retention that a deployment sets", () => {
  const rights = "/usr/syno/sbin/synosharesnapshot shareconf set Backup snap_auto_remove_keep_days=*\n";
  beforeAll(() => world.set("rights", `${world.read("rights")}${rights}`));
  afterAll(() => world.set("rights", world.read("rights").replace(rights, "")));

  /** What the command plugin runs there, and how it gives it the password. */
  async function set(days: number, password = world.password) {
    const { address, port, user } = world.config.nas;
    const key = join(world.config.credentialsDir, "key");
    const options = [
      "-o",
      "StrictHostKeyChecking=no",
      "-o",
      "UserKnownHostsFile=/dev/null",
      "-o",
      "LogLevel=ERROR",
    ];
    const ssh = ["-F", "none", ...options, "-i", key, "-p", String(port), `${user}@${address}`];
    const { exitCode, stdout, stderr } = await execa("ssh", [...ssh, setRetention("Backup", days)], {
      input: `${password}\n`,
      reject: false,
    });
    return { exitCode, stdout, stderr };
  }
  const conf = (): string => readFileSync(join(world.snapshots, "..", "Backup.conf"), "utf8");

  test("is set where it differs, and read back", async () => {
    setConf("snap_auto_remove_keep_days=3\nother=1\n");
    expect(await set(9)).toEqual({
      ...{ exitCode: 0, stderr: "" },
      stdout: "Backup keeps snapshots for 9 days (before: 3)",
    });
    expect(conf()).toBe("other=1\nsnap_auto_remove_keep_days=9\n");
    world.set("rights", world.read("rights").replace(rights, ""));
    expect((await set(9)).stdout).toBe("Backup keeps snapshots for 9 days (before: 9)");
    const refused = await set(8);
    world.set("rights", `${world.read("rights")}${rights}`);
    expect(refused).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining("can't be set to 8 days") as string,
    });
    expect(conf()).toContain("days=9\n");
  });

  test("fails where the NAS takes it and says another number then, and tries a wrong password once", async () => {
    world.shadow("synosharesnapshot", `[ "$2" = set ] || exec REAL "$@"`);
    const deaf = await set(5);
    world.unshadow();
    expect(deaf).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('was told to keep snapshots for 5 days, and says "9" then') as string,
    });
    const wrong = await set(5, "wrong");
    expect(wrong).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("can't be read") as string });
    expect(world.read("tries")).toBe("failed\n");
    world.set("tries", "");
    setConf("snap_auto_remove_keep_days=7\n");
  });
});
