import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readManifest } from "../../cluster-scripts/cluster-dump/manifest";
import { inTime } from "../long";
import { owner } from "../../lab/house/vaultwarden";
import { type Application, startApplication } from "./support/application";
import { createDumpWorld, type DumpWorld } from "./support/dump-world";

// Each case is a handful of pods.
let world: DumpWorld;
let application: Application;

beforeAll(async () => {
  world = await createDumpWorld(
    "vaultwarden-backup",
    async (namespace, folder) => (application = await startApplication(namespace, folder)),
    { client: owner, runner: 64_738 },
  );
});
afterAll(() => world.close());
beforeEach(() => application.begin());
afterEach(() => world.reset());

const asked = "select * from users order by 1; select count(*), sum(length(data)) from ciphers";

/** Each entry of the volume with its mode, owner and content; its databases by what they have. */
async function state(): Promise<string> {
  const files = execFileSync(
    "sh",
    [
      "-c",
      `cd "$1" && find . -mindepth 1 -not -path './.holdfast*' -not -path './icon_cache*' -not -name '*.sqlite3*' -not -name '*.db' -printf '%y %m %U %p %l\\n' | sort; cat attachments/c1/* rsa_key.pem config.json sends/text`,
      "sh",
      application.files,
    ],
    { encoding: "utf8" },
  );
  const other = await application.client([
    "sh",
    "-c",
    'sqlite3 "$FILES/more of it/it\'s.db" "select * from t"',
  ]);
  return `${files}${await application.sql(asked)}${other}`;
}

/** A restore that nobody's use keeps from ending well. */
async function restores(ask: string): Promise<string> {
  const { runner, client } = await world.ask("sqlite-restore.sh", ask);
  expect([runner.stdout, runner.status, client.status]).toEqual([expect.any(String), 0, 0]);
  return runner.stdout;
}

const dumped = () => {
  const [json = "", archive = ""] = world.files("files");
  return {
    manifest: readManifest(join(world.target, "files", json)),
    archive: join(world.target, "files", archive),
  };
};

test("databases that are in use and what belongs to them come back as of one run, and what was there is kept", async () => {
  const running = await application.run();
  const cp = 'case "$*" in *-wal*|*-shm*) exit 1 ;; *) exec /usr/bin/cp "$@" ;; esac';
  const { client, runner } = await world.pod("sqlite-files.sh", { shadow: { cp } });
  await running.end();
  expect([runner.stdout, client.status, runner.status]).toEqual([
    expect.stringContaining("1 good dumps"),
    0,
    0,
  ]);
  const { manifest, archive } = dumped();
  expect(manifest).toMatchObject({
    ...{ form: "sqlite-files", database: "files", server: expect.stringMatching(/^SQLite 3\./) as string },
    bytes: readFileSync(archive).length,
    tables: {
      ...{ "db.sqlite3: users": 3, "db.sqlite3: ciphers": 500, 'db.sqlite3: odd " name': 0 },
      ...{ "more of it/it's.db: t": 2, files: 7 },
    },
  });
  expect(execFileSync("tar", ["-tzf", archive], { encoding: "utf8" })).not.toMatch(/icon_cache|-wal|-shm/);
  const before = await state();
  await application.client([
    "sh",
    "-c",
    'cd "$FILES" && sqlite3 db.sqlite3 "delete from users" && rm -r attachments && printf new >later',
  ]);
  const restored = await world.ask("sqlite-restore.sh", "restore files");
  expect([restored.runner.stdout, restored.runner.status, restored.client.status]).toEqual([
    expect.stringMatching(/database "files" is as of .*\n.* was before is database "files_before_/),
    0,
    0,
  ]);
  expect(await state()).toBe(before);
  const [aside = ""] = readdirSync(application.files).filter(name =>
    name.startsWith(".holdfast-files_before_"),
  );
  expect(readdirSync(join(application.files, aside))).toEqual(
    expect.arrayContaining(["db.sqlite3", "later"]),
  );
  expect(readFileSync(join(application.files, "icon_cache/icon"), "utf8")).toBe("old");
  // With nothing at work on it, the restore is undone, and that too.
  expect(await restores("restore --back")).toMatch(
    /"files" is what is called database "files_before_.*\n.* what it was is database "files_undone_/,
  );
  expect(readFileSync(join(application.files, "later"), "utf8")).toBe("new");
  expect(await application.sql("select count(*) from users")).toBe("0");
  expect(readdirSync(application.files).filter(name => name.startsWith(".holdfast-"))).toEqual([
    expect.stringMatching(/^\.holdfast-files_undone_/),
  ]);
  await restores("restore --back");
  expect(await state()).toBe(before);
  // What is aside is no part of the next dump.
  expect((await world.pod("sqlite-files.sh")).runner.status).toBe(0);
  expect((await world.ask("sqlite-restore.sh", "verify")).runner).toMatchObject({ status: 0 });
});

test.each(
  inTime(2, [
    [
      "a database isn't sound",
      (): void => {
        const path = join(application.files, "db.sqlite3");
        const bytes = readFileSync(path);
        bytes.fill(0x5a, 8192, 20_480);
        writeFileSync(path, bytes);
      },
      {},
      /its program ended with 1: .*db\.sqlite3: /,
    ],
    [
      "it is cut",
      (): void => undefined,
      { tar: 'case "$*" in *-cf*) /usr/bin/tar "$@" | head -c 9000 ;; *) exec /usr/bin/tar "$@" ;; esac' },
      /it can't be read back: /,
    ],
    [
      "its client is killed",
      (): void => undefined,
      { tar: 'case "$*" in *-cf*) kill -KILL 0 ;; *) exec /usr/bin/tar "$@" ;; esac' },
      /the client ended in its midst/,
    ],
    [
      "a copy isn't what it should be",
      (): void => undefined,
      {
        sqlite3:
          'case "$*" in *.backup*) REAL "$@"; printf x | dd of="$SCRATCH/made/1" bs=1 seek=8200 conv=notrunc 2>/dev/null ;; *) exec REAL "$@" ;; esac',
      },
      /its program ended with 1: /,
    ],
  ]),
)("where %s, the dump is a failure, and the one before stays", async (_, harm, shadow, says) => {
  await world.pod("sqlite-files.sh");
  const before = world.files("files");
  harm();
  const { runner } = await world.pod("sqlite-files.sh", { shadow });
  expect([runner.stdout, runner.status]).toEqual([expect.stringMatching(says), 1]);
  expect(world.files("files")).toEqual(before);
});

// SQLite begins a backup anew with each write of another connection, unless it is in a transaction: beside an application that goes on
// writing it would never end.
test("a database is copied as of the instant at which that began, whatever is written meanwhile", async () => {
  const shadow = {
    sqlite3: `for word; do
  shift
  case $word in .backup*) set -- "$@" ".shell later" ;; esac
  set -- "$@" "$word"
done
exec REAL "$@"`,
    later: `exec "\${0%/*}/sqlite3" -batch "$FILES/db.sqlite3" "insert or ignore into users values ('later', '')"`,
  };
  const { runner } = await world.pod("sqlite-files.sh", { shadow });
  expect([runner.stdout, runner.status]).toEqual([expect.stringContaining("1 good dumps"), 0]);
  expect(dumped().manifest?.tables["db.sqlite3: users"]).toBe(2);
  expect(await application.sql("select count(*) from users")).toBe("3");
});

test("a file that is deleted while it is copied is no fault, and one that can't be read is", async () => {
  const cp = (fault: string): string =>
    `case "$*" in *./sends*) ${fault} ;; *) exec /usr/bin/cp "$@" ;; esac`;
  const deleted =
    'if mkdir "$SCRATCH/once"; then set -- "$1" ./sends/gone "$2" "$3"; fi; exec /usr/bin/cp "$@"';
  const { runner } = await world.pod("sqlite-files.sh", { shadow: { cp: cp(deleted) } });
  expect([runner.stdout, runner.status]).toEqual([expect.stringContaining("1 good dumps"), 0]);
  expect(dumped().manifest?.tables["files"]).toBe(7);
  const denied = await world.pod("sqlite-files.sh", {
    shadow: { cp: cp("echo \"cp: './sends/text': Permission denied\" >&2; exit 1") },
  });
  expect([denied.runner.stdout, denied.runner.status]).toEqual([
    expect.stringMatching(/its program ended with 1: cp: '.\/sends\/text': Permission denied/),
    1,
  ]);
});

test("a database that somebody holds locked for long is a failure with its name, and the dump before stays", async () => {
  await world.pod("sqlite-files.sh");
  const before = world.files("files");
  const locked = await application.lock("more of it/it's.db");
  const { runner } = await world.pod("sqlite-files.sh", { environment: { LOCK_WAIT_MS: "200" } });
  await locked.end();
  expect([runner.stdout, runner.status]).toEqual([
    expect.stringMatching(/its program ended with 1: .*it's\.db: .*database is locked/),
    1,
  ]);
  expect(world.files("files")).toEqual(before);
});

test("a volume that is another one's, with nothing in it, is a failure", async () => {
  await application.client(["sh", "-c", 'cd "$FILES" && rm -rf ./*']);
  const { runner } = await world.pod("sqlite-files.sh");
  expect([runner.stdout, runner.status]).toEqual([expect.stringMatching(/has nothing in it/), 1]);
});

test("a restore into what an application has open is refused, and changes nothing", async () => {
  await world.pod("sqlite-files.sh");
  const running = await application.run();
  const before = await state();
  const { runner } = await world.ask("sqlite-restore.sh", "restore files");
  const after = await state();
  await running.end();
  expect([runner.stdout, runner.status]).toEqual([expect.stringMatching(/db\.sqlite3 is open/), 1]);
  expect(after).toBe(before);
});

test("a database that is broken is no hindrance to its restore, and is kept", async () => {
  await world.pod("sqlite-files.sh");
  const before = await state();
  writeFileSync(join(application.files, "db.sqlite3"), "SQLite format 3\0 and then nothing");
  const { runner } = await world.ask("sqlite-restore.sh", "restore files");
  expect([runner.stdout, runner.status]).toEqual([expect.stringMatching(/is as of/), 0]);
  expect(await state()).toBe(before);
});

test("a restore that is cut is put back by the next, which then restores", async () => {
  await world.pod("sqlite-files.sh");
  const before = await state();
  const cut = await world.ask("sqlite-restore.sh", "restore files", {
    shadow: {
      tar: 'case "$*" in */volume*-xpof*) /usr/bin/tar "$@"; kill -KILL 0 ;; *) exec /usr/bin/tar "$@" ;; esac',
    },
  });
  expect([cut.runner.stdout, cut.runner.status]).toEqual([
    expect.stringMatching(/the client ended in its midst/),
    1,
  ]);
  const night = await world.pod("sqlite-files.sh");
  expect([night.runner.stdout, night.runner.status]).toEqual([
    expect.stringMatching(/a restore of database "files" was cut/),
    3,
  ]);
  const { runner } = await world.ask("sqlite-restore.sh", "restore files");
  expect([runner.stdout, runner.status]).toEqual([expect.stringMatching(/is as of/), 0]);
  expect(await state()).toBe(before);
});

test("what is restored beside is there under another name, and what is there isn't touched", async () => {
  await world.pod("sqlite-files.sh");
  await application.sql("delete from users");
  const before = await state();
  const { runner } = await world.ask("sqlite-restore.sh", "restore files --beside");
  expect([runner.stdout, runner.status]).toEqual([expect.stringMatching(/as database "files_beside_/), 0]);
  expect(await state()).toBe(before);
  const [beside = ""] = readdirSync(application.files).filter(name => name.includes("_beside_"));
  expect(existsSync(join(application.files, beside, "rsa_key.pem"))).toBe(true);
});

test("an entry that can't be moved aside, or a kill between two, leaves all of what was there in its place", async () => {
  await world.pod("sqlite-files.sh");
  const before = await state();
  const mvThat = (ends: string): string =>
    `case "$*" in ./db*_before_*) echo "mv: not permitted" >&2; ${ends} ;; *) exec /usr/bin/mv "$@" ;; esac`;
  const refused = await world.ask("sqlite-restore.sh", "restore files", { shadow: { mv: mvThat("exit 1") } });
  expect([refused.runner.stdout, refused.runner.status]).toEqual([
    expect.stringMatching(/mv: not permitted[^]*What was there before is there again/),
    1,
  ]);
  expect(await state()).toBe(before);
  await world.ask("sqlite-restore.sh", "restore files", { shadow: { mv: mvThat("kill -KILL 0") } });
  expect(existsSync(join(application.files, "config.json"))).toBe(false);
  const into = await world.ask("sqlite-restore.sh", "restore --back --into /elsewhere");
  expect(into.runner.status).toBe(3);
  const back = await world.ask("sqlite-restore.sh", "restore --back");
  expect([back.runner.stdout, back.runner.status]).toEqual([expect.stringMatching(/as before it/), 0]);
  expect(await state()).toBe(before);
  expect(readdirSync(application.files).filter(name => name.startsWith(".holdfast-"))).toEqual([]);
});
