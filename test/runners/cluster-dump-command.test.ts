import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readManifest } from "../../cluster-scripts/cluster-dump/manifest";
import { inTime } from "../long";
import { createDumpWorld, type DumpWorld } from "./support/dump-world";

// Each case is a handful of pods.
let world: DumpWorld;
let things: string;

/** The estate's own commands: things are lines, and the last line of a dump says how many. */
const commands = () => ({
  MAKE: `cat '${things}' && echo "$(wc -l <'${things}') lines"`,
  CHECK: `awk 'END { if ($2 != "lines" || $1 != NR - 1) { print "it says " $0 > "/dev/stderr"; exit 1 } printf "%d\\tthings\\n", NR - 1 }'`,
  RESTORE: `sed '$d' >'${things}'`,
});

beforeAll(async () => {
  world = await createDumpWorld("things-backup", async (_, folder) => {
    things = join(folder, "things");
    const environment = { PATH: process.env["PATH"] ?? "" };
    const none = async () => "";
    return { programs: "/usr/bin", environment, client: none, sql: none, stop: async () => undefined };
  });
});
afterAll(() => world.close());
beforeEach(() => writeFileSync(things, "one\ntwo\nthree\n"));
afterEach(() => world.reset());

test("what a command makes is read by another, kept with its counts, and put back by a third", async () => {
  const environment = commands();
  const { runner, client } = await world.pod("command-server.sh", { environment });
  expect([runner.stdout, runner.status, client.status]).toEqual([
    expect.stringContaining("1 good dumps"),
    0,
    0,
  ]);
  const [dump = "", json = ""] = world.files();
  expect(dump).toMatch(/\.dump\.gz$/);
  expect(readManifest(join(world.target, json))).toMatchObject({ form: "command", tables: { things: 3 } });
  writeFileSync(things, "another\n");
  const restored = await world.ask("command-restore.sh", "restore", { environment });
  expect([restored.runner.stdout, restored.runner.status]).toEqual([
    expect.stringMatching(/is as of .*\n.*what was there before is in dump_/),
    0,
  ]);
  expect(readFileSync(things, "utf8")).toBe("one\ntwo\nthree\n");
  expect((await world.ask("command-restore.sh", "verify .", { environment })).runner.status).toBe(0);
});

test("whose words are none is told so, and the client waits for nobody", async () => {
  const environment = commands();
  for (const words of ["restore --at yesterday", "retsore", "--help"]) {
    const { runner, client } = await world.ask("command-restore.sh", words, { environment });
    expect([words, runner.status, client.status, `${runner.stdout}${runner.stderr}`]).toEqual([
      words,
      words === "--help" ? 0 : 2,
      0,
      expect.stringMatching(/yesterday|retsore|restore \[DATABASE\]/),
    ]);
  }
});

test("a dump that a node's clock has dated years ahead is the newest for nobody once there is another", async () => {
  const environment = commands();
  await world.pod("command-server.sh", { environment, at: "2060-01-01T00:00:00Z" });
  const right = await world.pod("command-server.sh", { environment });
  expect(right.runner.stdout).toMatch(/this host's clock went back/);
  const age = (): string | undefined =>
    world.pushes.received
      .map(({ body }) => /^backup_database_last_success_timestamp\S* (\d+)$/m.exec(body)?.[1])
      .findLast(value => value !== undefined);
  expect(age()).toBe("0");
  writeFileSync(things, "one\ntwo\nthree\nfour\n");
  expect((await world.pod("command-server.sh", { environment })).runner.status).toBe(0);
  expect(Math.abs(Number(age()) - Date.now() / 1000)).toBeLessThan(3600);
  writeFileSync(things, "another\n");
  expect((await world.ask("command-restore.sh", "restore", { environment })).runner.status).toBe(0);
  expect(readFileSync(things, "utf8")).toBe("one\ntwo\nthree\nfour\n");
});

test.each(
  inTime(1, [
    ["that ends with an error", { MAKE: "echo '0 lines'; exit 4" }, /its program ended with 4/],
    [
      "of which a half is there",
      { MAKE: "echo one; echo two; echo '3 lines'" },
      /can't be read back: it says 3 lines/,
    ],
    ["that nobody counts", { CHECK: "cat >/dev/null" }, /its last line isn't there/],
  ]),
)("a dump %s is a failure, and the one before stays", async (_, change, says) => {
  await world.pod("command-server.sh", { environment: commands() });
  const before = world.files();
  const { runner } = await world.pod("command-server.sh", { environment: { ...commands(), ...change } });
  expect([runner.stdout, runner.status]).toEqual([expect.stringMatching(says), 1]);
  expect(world.files()).toEqual(before);
});

test.each(
  inTime(1, [
    ["fails", { RESTORE: "cat >/dev/null; exit 5" }, /isn't restored: .*"restore" ended with 5/],
    [
      "leaves out what the dump has",
      { RESTORE: `head -n 1 >THINGS` },
      /isn't restored: .*things has 1 of 3 rows/,
    ],
    ["isn't in the estate", { RESTORE: "" }, /: the estate has no command that restores it/],
  ]),
)("where a restore %s, what was there is there", async (_, change, says) => {
  await world.pod("command-server.sh", { environment: commands() });
  writeFileSync(things, "another\n");
  const RESTORE = change.RESTORE.replace("THINGS", `'${things}'`);
  // The second time it is what was there that is put back.
  const once =
    RESTORE === ""
      ? ""
      : `if [ -e '${things}.tried' ]; then ${commands().RESTORE}; else touch '${things}.tried'; ${RESTORE}; fi`;
  const { runner } = await world.ask("command-restore.sh", "restore", {
    environment: { ...commands(), RESTORE: once },
  });
  rmSync(`${things}.tried`, { force: true });
  expect([runner.stdout, runner.status]).toEqual([expect.stringMatching(says), 1]);
  expect(readFileSync(things, "utf8")).toBe("another\n");
});
