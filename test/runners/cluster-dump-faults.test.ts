import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { createDumpWorld, type DumpWorld } from "./support/dump-world";

// What goes wrong between what a client offers and what is taken of it: the client waits for its pipes meanwhile, and a run that doesn't
// open them ends by its budget alone. Each case here would; jest's own time is a part of that.
let world: DumpWorld;
/** A client's text, which offers what it likes. */
let script: string;
const environment = { MAKE: "echo one", CHECK: "wc -l | sed 's/$/\tthings/'", RESTORE: "cat >/dev/null" };

beforeAll(async () => {
  world = await createDumpWorld("things-backup", async (_, folder) => {
    script = join(folder, "client.sh");
    const none = async () => "";
    const path = { PATH: process.env["PATH"] ?? "" };
    return { programs: "/usr/bin", environment: path, client: none, sql: none, stop: async () => undefined };
  });
});
afterAll(() => world.close());
afterEach(() => world.reset());

/** Writes a client that does this. @returns the name of its script */
function scriptOf(text: string): string {
  const folder = join(process.cwd(), "cluster-scripts/clients");
  writeFileSync(script, `. ${folder}/exchange.sh\ntell server "a test"\n${text}\n`);
  return relative(folder, script);
}

const pod = (text: string): ReturnType<DumpWorld["pod"]> => world.pod(scriptOf(text), { environment });

const each = `one() { hand_over command "$1" sh -c "$MAKE" && read_back sh -c "$CHECK"; }`;

/** Databases with a good dump. */
const kept = (): string[] =>
  world
    .files()
    .filter(name => name.endsWith(".dump.gz"))
    .map(name => name.split("/")[0] ?? "")
    .sort();

test.each(["one a; one b; one c; one d; finish", "side_by_side one a b c d; finish"])(
  "a folder that can't be made costs its own database alone: %s",
  async text => {
    writeFileSync(join(world.target, "b"), "somebody's");
    const { runner } = await pod(`${each}; ${text}`);
    expect([runner.stdout, runner.status]).toEqual([expect.stringMatching(/database "b": .*EEXIST/), 1]);
    expect(kept()).toEqual(["a", "c", "d"]);
    expect(readFileSync(join(world.target, "b"), "utf8")).toBe("somebody's");
  },
);

test("a dump that doesn't fit is a failure, and the next one of its client's is taken", async () => {
  // More than is free; a size that the pipe and what reads it hold by themselves would do as well.
  writeFileSync(join(world.target, "much"), Buffer.alloc(2 ** 24 - 8 * 4096));
  const all = `hand_over command a head -c 60000 /dev/urandom && read_back sh -c "$CHECK"; rm '${join(world.config.target, "much")}'; one b; finish`;
  const { runner } = await pod(`${each}; ${all}`);
  expect([runner.stdout, runner.status]).toEqual([
    expect.stringMatching(/database "a": the target has no room/),
    1,
  ]);
  expect(kept()).toEqual(["b"]);
});

test.each([
  ["before it opens its pipe", "mkfifo 1.data; tell 1.form command; tell 1.name a; kill -9 $$"],
  ["before it reads back", `hand_over command a echo one; mkfifo 1.back 1.plain; kill -9 $$`],
])("a client that is killed %s is told, and its run ends", async (_, text) => {
  const { runner } = await pod(text);
  expect([runner.stdout, runner.status]).toEqual([expect.stringMatching(/the client ended in its midst/), 1]);
  expect(kept()).toEqual([]);
});

test("so is one that is killed before it reads what it is asked to restore", async () => {
  await world.pod("command-server.sh", { environment });
  const text = "mkfifo asked; read -r ask word <asked; mkfifo $ask.in $ask.out; kill -9 $$";
  const { runner } = await world.ask(scriptOf(text), "restore", { environment });
  expect([runner.stdout, runner.status]).toEqual([expect.stringMatching(/the client ended in its midst/), 1]);
});

test("an offer that can't be read ends the run with its reason, also while another lane waits", async () => {
  const client = world.client(scriptOf(`${each}; mkdir a-1.name; side_by_side one a b c; finish`), {
    environment,
  });
  const { stdout, status } = await world.runner().finished;
  client.kill("SIGKILL");
  await client.finished;
  expect([stdout, status]).toEqual([expect.stringMatching(/EISDIR/), 1]);
});

test("a client whose room is used up ends, and isn't waited for", async () => {
  const { client, runner } = await pod(`${each}; mv() { return 1; }; one a; one b; finish`);
  expect([client.status, runner.status]).toEqual([1, 1]);
});

test("a dump that can't be read to its end isn't taken for good by a check that takes a half", async () => {
  const part = `'${world.config.target}'/a/.holdfast-part-*`;
  const { runner } = await pod(
    `hand_over command a head -c 9000000 /dev/urandom && read_back sh -c "truncate -s 5000000 ${part}; wc -c | sed 's/$/ things/' | tr ' ' '\\t'"; finish`,
  );
  expect([runner.stdout, runner.status]).toEqual([
    expect.stringMatching(/database "a": .*unexpected end of file/),
    1,
  ]);
  expect(kept()).toEqual([]);
});

test("a run that is told to stop while it reads back says so, and nothing else", async () => {
  const text = "hand_over command a echo one && read_back sh -c 'cat; exec sleep 5'; finish";
  const client = world.client(scriptOf(text), { environment });
  const runner = world.runner();
  await runner.until(() => existsSync(join(world.config.exchange, "1.back-errors")));
  runner.kill("SIGTERM");
  const { stdout, stderr, status } = await runner.finished;
  client.kill("SIGKILL");
  await client.finished;
  expect([stdout, stderr, status]).toEqual([
    expect.stringMatching(/stopped by SIGTERM in phase receive/),
    "",
    143,
  ]);
});

test("what a restore can't dump before it goes ends the restore, and its client too", async () => {
  await world.pod("command-server.sh", { environment });
  const full = join(world.target, "full");
  expect(() => writeFileSync(full, Buffer.alloc(2 ** 24))).toThrow("ENOSPC");
  const { client, runner } = await world.ask("command-restore.sh", "restore", { environment });
  expect([runner.stdout, runner.status, client.status]).toEqual([
    expect.stringMatching(/the target has no room for it/),
    1,
    0,
  ]);
});
