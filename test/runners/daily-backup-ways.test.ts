import {
  appendFileSync,
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { versionsAnswer } from "../../plan/contracts/versions";
import { parseEstate, planOf } from "../../plan";
import { restoreSteps, restoreText } from "../../plan/graph/restore-steps";
import { estate } from "../../stacks/homelab/estate";
import { runnerOf } from "../../stacks/runner";
import { inTime, testLong } from "../long";
import { failingFolder } from "./support/failing-folder";
import { makeDiskImage, mountLiar } from "./support/disk-image";
import { makeNasty } from "./support/nasty";
import { rsyncTools } from "./support/rsync-tools";
import { bundleProgram, type SqliteNamespace, sqliteNamespace } from "./support/sqlite-world";
import { type FinishedRun, startRunner, type StartedRun } from "./support/started-run";
import { differences, snapshot, withoutRoot } from "./support/tree";

// What an operator asks of the copies that nights have made: on a real disk, by the runner's own program.

/** A night's own code, for what a test wants of it: it runs where the disk is mounted. */
const night = `
import { configurationPhase } from "./host-scripts/daily-backup/configuration";
import { copyStores } from "./host-scripts/daily-backup/copy-stores";
import { keepIncomplete } from "./host-scripts/daily-backup/incomplete";
import { makeGeneration } from "./host-scripts/daily-backup/make-generation";
import { firstGeneration } from "./host-scripts/runtime/generations";
import { backupRun, volumeTask } from "./test/runners/support/backup-run";
const [folder, what, date, source, path] = process.argv.slice(2);
const run = backupRun(folder, date);
const [namespace, name] = path.split("/");
const task = { ...volumeTask(), claim: { namespace, name }, path };
const stop = new AbortController().signal;
async function lacking() {
  const fresh = firstGeneration(folder + "/disk/pvc-data", "2026-23", task.path);
  require("node:fs").writeFileSync(fresh.folder + "/text", "in part");
  await keepIncomplete(run, task, fresh, [{ path: Buffer.from("lost\\n"), reason: "EIO" }], stop);
}
const parts = {
  files: () => makeGeneration(run, task, source, { every: "week" }, undefined, stop),
  databases: () => copyStores(run, task, source, undefined, stop).then(({ failed }) => { if (failed) throw failed; }),
  configuration: () => {
    run.config.configuration = { every: "week", count: 4, paths: ["/etc/pve"] };
    return configurationPhase(() => undefined, source).run(run).then(() => {
      if (run.configurationFailure) throw run.configurationFailure;
    });
  },
  lacking,
};
parts[what]().catch(error => { console.error(error); process.exitCode = 1; });
`;

let folder: string;
let world: SqliteNamespace;
let environment: Readonly<Record<string, string>>;
let fsUuid: string;
const disk = (): string => join(folder, "disk");
const onDisk = (path: string): string => world.namespace.outside(join(disk(), path));

beforeEach(async () => {
  folder = mkdtempSync("/dev/shm/holdfast-ways-");
  for (const name of ["disk", "source", "state", "sqlite"]) mkdirSync(join(folder, name));
  const image = join(folder, "disk.img");
  world = await sqliteNamespace(join(folder, "sqlite"));
  fsUuid = await makeDiskImage(image, 48, ["-m", "0", "-O", "^has_journal"]);
  await world.namespace.run("mount", "-o", "loop,nosuid,nodev", image, disk());
  const rsync = await rsyncTools(join(folder, "sqlite/bin"));
  const own = Object.fromEntries(world.environment.map(pair => pair.split(/=(.*)/s) as [string, string]));
  environment = {
    PATH: `${rsync.PATH}:${own["PATH"]}`,
    LD_LIBRARY_PATH: `${rsync.LD_LIBRARY_PATH}:${own["LD_LIBRARY_PATH"]}`,
  };
  await bundleProgram(night, join(folder, "night.cjs"));
  // What the host says of itself.
  world.shadow("apt-mark", "echo bash");
  writeFileSync(join(folder, "config.json"), JSON.stringify(config()));
});
afterEach(async () => {
  await world.namespace.close();
  rmSync(folder, { recursive: true, force: true });
});

function config(): object {
  return {
    ...{ job: "daily-backup", host: "pve", budgetMs: 600_000, stateDir: join(folder, "state"), zone: "UTC" },
    ...{ textfile: join(folder, "job.prom"), credentialsDir: join(folder, "credentials") },
    pushgateway: { url: "http://127.0.0.1:9", timeoutMs: 1_000, attempts: 1 },
    target: { path: disk(), fsUuid },
    sumsDir: join(folder, "scrub"),
    sqlite: { every: "week", count: 4 },
    configuration: { every: "week", count: 4, paths: ["/etc/pve"] },
    volumesTextfile: join(folder, "volumes.prom"),
  };
}

const inside = (...argv: readonly string[]): Promise<string> => {
  const [program = "", ...args] = argv;
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  return world.namespace.run("env", ...variables, program, ...args);
};

/** Makes a copy as the night of this date would. */
const make = (
  what: string,
  date: string,
  source = join(folder, "source"),
  path = "shop/data",
): Promise<string> => inside(process.execPath, join(folder, "night.cjs"), folder, what, date, source, path);

async function ask(...words: readonly string[]): Promise<FinishedRun> {
  return (await start(...words)).finished;
}

function start(...words: readonly string[]): Promise<StartedRun> {
  return startBy([], ...words);
}

/** @param by command that runs it */
async function startBy(by: readonly string[], ...words: readonly string[]): Promise<StartedRun> {
  const { path: bundle } = await runnerOf("daily-backup");
  const argv = [process.execPath, bundle, "--config", join(folder, "config.json"), ...words];
  return startRunner(
    world.namespace.inside(["unshare", "--mount", "--propagation", "private", ...by, ...argv]),
    { ...process.env, ...environment, INVOCATION_ID: "", JOURNAL_STREAM: undefined },
    join(folder, "state"),
  );
}

const tree = (path: string) =>
  snapshot({ inside: (...argv: string[]) => inside(...argv), outside: path => path }, path);

const weeks = { "2026-21": "2026-05-19T03:00:00Z", "2026-22": "2026-05-26T03:00:00Z" } as const;

async function twoWeeks(): Promise<void> {
  for (const date of Object.values(weeks)) {
    writeFileSync(join(folder, "source/text"), `of ${date}`);
    await make("files", date);
  }
}

describe("files of a volume", () => {
  test("all that a nasty tree has comes back into a new folder, which is root's alone, and is compared", async () => {
    const source = join(folder, "source");
    await makeNasty({
      source,
      config: { source: { path: source } },
      inside: (...argv: string[]) => inside(...argv),
    } as never);
    await make("files", weeks["2026-22"]);
    const into = join(folder, "back");
    const { status, stdout } = await ask("restore", "shop/data", "--into", into);
    expect(stdout).toContain("each compared with the copy by content");
    expect(stdout).toContain("The folder itself is root's alone");
    expect(status).toBe(0);
    expect(differences(withoutRoot(await tree(source)), withoutRoot(await tree(into)))).toEqual([]);
    expect(statSync(into).mode & 0o7777).toBe(0o700);
    // The holes are holes.
    expect(statSync(join(into, "nasty/sparse")).blocks).toBeLessThan(1_000);
  });

  test("the newest is taken, or the newest of a time; the lists and the result for a program say which", async () => {
    await twoWeeks();
    const list = await ask("list", "--json");
    expect(JSON.parse(list.stdout)).toMatchObject({
      ...{ command: "list", status: 0 },
      copies: [
        { name: "shop/data", kind: "files", period: "2026-22", isComplete: true, lacks: [] },
        { period: "2026-21" },
      ],
    });
    const answer = JSON.parse((await ask("list", "--versions", "--json")).stdout) as unknown;
    const [newer, older] = versionsAnswer.parse(answer).versions;
    expect([newer, older]).toMatchObject([
      { of: "shop/data", at: "2026-05-31T23:59:59Z", path: expect.stringMatching(/2026-22\/shop\/data$/) },
      { of: "shop/data", at: "2026-05-24T23:59:59Z", lacks: [] },
    ]);
    const one = await ask("list", "shop/data");
    expect(one.stdout).toMatch(
      /^shop\/data, files\n {2}2026-05-31T23:59:59Z {2}2026-22 .* KiB {2}complete\n/,
    );
    const restored = await ask("restore", "shop/data", "--into", join(folder, "new"), "--json");
    expect(JSON.parse(restored.stdout)).toMatchObject({ status: 0, kind: "files", entries: 1 });
    expect(readFileSync(join(folder, "new/text"), "utf8")).toBe(`of ${weeks["2026-22"]}`);
    expect(
      await ask("restore", "shop/data", ...(older?.pick ?? []), "--into", join(folder, "old")),
    ).toMatchObject({
      status: 0,
    });
    expect(readFileSync(join(folder, "old/text"), "utf8")).toBe(`of ${weeks["2026-21"]}`);
    // The time that a list shows is that of its copy, not a moment before it.
    const shown = / {2}(\S+Z) {2}2026-22 /.exec(one.stdout)?.[1] ?? "";
    const same = await ask("restore", "shop/data", "--at", shown, "--into", join(folder, "same"));
    expect([same.status, readFileSync(join(folder, "same/text"), "utf8")]).toEqual([
      0,
      `of ${weeks["2026-22"]}`,
    ]);
    const none = await ask("restore", "shop/data", "--at", "2026-01-01", "--into", join(folder, "no"));
    expect(none.status).toBe(3);
    expect(none.stdout).toContain("the oldest is of 2026-05-24T23:59:59Z");
    expect(existsSync(join(folder, "no"))).toBe(false);
  });

  test("a folder that can't be read hides no copy that lies elsewhere, and none is taken for the newest that may not be", async () => {
    await twoWeeks();
    await make("files", weeks["2026-22"], join(folder, "source"), "zoo/data");
    const kept = environment;
    environment = { ...kept, ...failingFolder(folder, "2026-22/zoo") };
    const list = await ask("list");
    expect([list.status, list.stdout]).toEqual([
      1,
      expect.stringMatching(/shop\/data, files\n.*2026-22.*\n.*2026-21/),
    ]);
    expect(list.stdout).toMatch(
      /1 folders of the backup disk can't be read, the first is ".*2026-22.zoo": EIO/,
    );
    const into = join(folder, "other");
    expect(await ask("verify", "shop/data")).toMatchObject({ status: 0 });
    expect(await ask("restore", "shop/data", "--into", into)).toMatchObject({ status: 0 });
    expect(readFileSync(join(into, "text"), "utf8")).toBe(`of ${weeks["2026-22"]}`);
    const gone = await ask("restore", "zoo/data", "--into", join(folder, "zoo"));
    expect(gone).toMatchObject({ status: 3 });
    expect(gone.stdout).toMatch(/no copy of "zoo\/data" can be seen: ".*2026-22.zoo": EIO/);

    environment = kept;
    const week = onDisk("pvc-data/2026-22");
    renameSync(week, onDisk("aside"));
    symlinkSync("2026-22", week);
    const older = await ask("restore", "shop/data", "--into", join(folder, "older"));
    expect(older).toMatchObject({ status: 3 });
    expect(older.stdout).toContain("a newer copy of shop/data than that of 2026-05-24T23:59:59Z may lie");
    const [, at = ""] = /the same with --at (\S+)\)/.exec(older.stdout) ?? [];
    expect(await ask("restore", "shop/data", "--at", at, "--into", join(folder, "older"))).toMatchObject({
      status: 0,
    });
    expect(readFileSync(join(folder, "older/text"), "utf8")).toBe(`of ${weeks["2026-21"]}`);
  });

  test("a newer copy that lacks something is told, and only taken when it is asked for", async () => {
    await twoWeeks();
    await make("lacking", "2026-06-02T03:00:00Z");
    const whole = await ask("restore", "shop/data", "--into", join(folder, "whole"));
    expect(whole).toMatchObject({ status: 0 });
    expect(whole.stdout).toContain(
      'a newer one of 2026-06-07T23:59:59Z, which lacks 1 entries, first "lost\\x0a": EIO',
    );
    expect(readFileSync(join(folder, "whole/text"), "utf8")).toBe(`of ${weeks["2026-22"]}`);
    expect(await ask("restore", "shop/data", "--incomplete", "--into", join(folder, "part"))).toMatchObject({
      status: 0,
    });
    expect(readFileSync(join(folder, "part/text"), "utf8")).toBe("in part");
    rmSync(onDisk("pvc-data/2026-21"), { recursive: true });
    rmSync(onDisk("pvc-data/2026-22"), { recursive: true });
    const only = await ask("restore", "shop/data", "--into", join(folder, "none"));
    expect(only).toMatchObject({ status: 3 });
    expect(only.stdout).toContain("all that there is of shop/data is incomplete");
  });

  // What an incomplete one lacks is told above.
  testLong("what a whole copy lacks as it was accepted is told", async () => {
    await twoWeeks();
    const { ino, birthtimeNs } = lstatSync(onDisk("pvc-data/2026-22/shop/data"), { bigint: true });
    const record = {
      ...{ namespace: "shop", claim: "data", path: "shop/data", successMs: 1, base: { uuid: "", thinId: 1 } },
      generations: [{ every: "week", period: "2026-22", identity: `${ino}-${birthtimeNs}` }],
      ...{ accepted: [{ path: "too long", reason: "ENAMETOOLONG" }], holds: { files: 1, bytes: 4096 } },
    };
    mkdirSync(join(folder, "state/volumes"));
    writeFileSync(join(folder, "state/volumes/vm-1-pvc-app.json"), JSON.stringify(record));
    const list = await ask("list");
    expect(list.stdout).toMatch(
      /4 KiB {2}lacks 1 entries, first "too long": ENAMETOOLONG, which was accepted\n.*complete\n/,
    );
    const restored = await ask("restore", "shop/data", "--into", join(folder, "back"));
    expect(restored).toMatchObject({ status: 0 });
    expect(restored.stdout).toContain('it lacks 1 entries, first "too long"');
  });

  test("a folder that has something, lies on the backup disk or can be reached by others' programs is refused", async () => {
    await twoWeeks();
    const full = join(folder, "full");
    mkdirSync(full);
    writeFileSync(join(full, "mine\n"), "kept");
    const strangers = join(folder, "strangers");
    mkdirSync(strangers);
    await inside("chown", "1000", strangers);
    const mounted = join(folder, "mounted");
    mkdirSync(mounted);
    await inside("mount", "-t", "tmpfs", "none", mounted);
    for (const [into, text] of inTime(4, [
      [full, 'is not empty: it has 1 entries, the first is "mine\\x0a"'],
      [join(disk(), "new"), "lies on the backup disk"],
      [join(strangers, "new"), "others than root may put something else in its place"],
      [mounted, "is mounted without nosuid or nodev"],
      [join(folder, "no/such"), "is not there"],
    ] as const)) {
      const refused = await ask("restore", "shop/data", "--into", into);
      expect(refused.stdout).toContain(text);
      expect(refused).toMatchObject({ status: 3 });
    }
    expect(readFileSync(join(full, "mine\n"), "utf8")).toBe("kept");
    // What it is mounted with keeps the tree from acting on the host: then it is a volume's own root.
    await inside("mount", "-o", "remount,nosuid,nodev", mounted);
    // In a drill's own unit all is nosuid: the host's table says what acts.
    const table = join(folder, "mountinfo");
    const seen = await inside("cat", "/proc/self/mountinfo");
    writeFileSync(
      table,
      seen.replaceAll(/.*/g, row => (row.includes(` ${mounted} `) ? row.replace("nosuid,", "") : row)),
    );
    await inside("mount", "--bind", table, "/proc/1/mountinfo");
    expect((await ask("restore", "shop/data", "--into", mounted)).stdout).toContain(
      "is mounted without nosuid or nodev",
    );
    await inside("umount", "/proc/1/mountinfo");
    expect(await ask("restore", "shop/data", "--into", mounted)).toMatchObject({ status: 0 });
    expect(await inside("cat", join(mounted, "text"))).toBe(`of ${weeks["2026-22"]}`);
  });

  test("onto a file system that keeps no owners nothing begins", async () => {
    await twoWeeks();
    // A namespace of one account refuses every other owner, as vfat and a share do.
    const back = join(folder, "back");
    const alone = await startBy(
      ["unshare", "--user", "--map-root-user"],
      "restore",
      "shop/data",
      "--into",
      back,
    );
    expect(await alone.finished).toMatchObject({
      status: 3,
      stdout: expect.stringContaining("is on a file system that keeps no owners or modes") as string,
    });
    expect(existsSync(back)).toBe(false);
  });

  // The test above has what keeps no owner at all.
  testLong(
    "nor where nobody's account is the only other one, which is whom a share makes of root",
    async () => {
      await twoWeeks();
      const back = join(folder, "back");
      // As there, a change of owner to it succeeds, and to no other.
      const squashed = [
        'mkfifo "$0"; unshare --user sh -c \'read -r _ <"$0"; exec "$@"\' "$0" "$@" & child=$!',
        'while [ "$(readlink "/proc/$child/ns/user")" = "$(readlink /proc/self/ns/user)" ]; do :; done',
        'for map in uid_map gid_map; do printf "0 0 1\\n65534 65534 1\\n" >"/proc/$child/$map"; done',
        'echo go >"$0"; wait "$child"',
      ].join("\n");
      const alone = await startBy(
        ["sh", "-c", squashed, join(folder, "mapped")],
        ...["restore", "shop/data", "--into", back],
      );
      expect(await alone.finished).toMatchObject({
        status: 3,
        stdout: expect.stringContaining("is on a file system that keeps no owners or modes") as string,
      });
      expect(existsSync(back)).toBe(false);
    },
  );

  test("into a folder without room for it nothing begins, and a path alone comes all the same", async () => {
    await twoWeeks();
    const small = join(folder, "small");
    mkdirSync(small);
    await inside("mount", "-t", "tmpfs", "-o", "size=1m,nosuid,nodev", "none", small);
    writeFileSync(onDisk("pvc-data/2026-22/shop/data/large"), Buffer.alloc(2 ** 21, "x"));
    for (const words of [["--dry-run"], []]) {
      const refused = await ask("restore", "shop/data", "--into", join(small, "back"), ...words);
      expect(refused).toMatchObject({
        status: 3,
        stdout: expect.stringContaining("has room for 1 MiB and "),
      });
      expect(await inside("ls", small)).toBe("");
    }
    // One of the operator's own stays as it is, and one that a file system begins with has nothing of a copy.
    for (const own of ["own", "lost+found"]) {
      await inside("mkdir", "--mode=755", join(small, own));
      const into = own === "own" ? join(small, own) : small;
      const refused = await ask("restore", "shop/data", "--into", into);
      expect(refused).toMatchObject({ status: 3, stdout: expect.not.stringContaining("What came of it") });
      expect(await inside("stat", "-c", "%a", join(small, own))).toBe("755");
      await inside("rmdir", join(small, own));
    }
    expect(await ask("restore", "shop/data", "text", "--into", join(small, "back"))).toMatchObject({
      status: 0,
    });
  });

  test("a path alone comes into a new folder of root's, and asks for no volume", async () => {
    await twoWeeks();
    const dry = await ask("restore", "shop/data", "text", "--dry-run");
    expect(dry.stdout).toContain("would restore 1 paths of shop/data of ");
    const { status, stdout } = await ask("restore", "shop/data", "text", "--at", "2026-05-28");
    const [, into = ""] = /into "(\/root\/restored-files-\w+)"/.exec(stdout) ?? [];
    try {
      expect(status).toBe(0);
      expect(statSync(into).mode & 0o7777).toBe(0o700);
      expect(readdirSync(into)).toEqual(["text"]);
      expect(readFileSync(join(into, "text"), "utf8")).toBe(`of ${weeks["2026-21"]}`);
    } finally {
      if (into !== "") rmSync(into, { recursive: true });
    }
    const databases = await ask("restore", "shop/data", "text", "--databases");
    expect(databases).toMatchObject({ status: expect.any(Number) });
    expect(databases.status).not.toBe(0);
  });

  test("a path that came alone goes into its volume by the step that is printed, whatever its name is", async () => {
    const names = ["--checkpoint-action=exec=touch pwned", "a\\tb", "it's\n# $(date)", "deep/-er"];
    mkdirSync(join(folder, "source/deep"), { mode: 0o710 });
    for (const name of names) writeFileSync(join(folder, "source", name), name);
    await make("files", weeks["2026-22"]);
    const copy = planOf(parseEstate(estate)).copies.find(
      ({ way, dataset }) =>
        dataset.service === "nextcloud" &&
        way.jobs.map(({ name }) => name).join() === "lvm-pvc-snapshot,daily-backup",
    );
    if (!copy) throw new Error("no generation of nextcloud");
    // A pod, whose volume is a folder here.
    world.shadow("kubectl", 'until [ "$1" = -- ]; do shift; done; shift; tee stream | "$@"');
    const into = join(folder, "back");
    mkdirSync(join(folder, "pod"));
    for (const name of names) {
      const back = await ask("restore", "shop/data", "--into", into, "--", name);
      expect(back).toMatchObject({ status: 0 });
      // Its own owner and mode come with a folder that is asked for, and not with one above what is.
      expect(back.stdout.includes("Folders above")).toBe(name.includes("/"));
      if (name.includes("/")) expect(statSync(join(into, "deep")).mode & 0o7777).not.toBe(0o710);
      const [, step] = restoreSteps(copy, undefined, name);
      const [, printed = ""] =
        /: (tar .*?)(?: {3}\(.*)?$/s.exec(step?.kind === "manual" ? step.text : "") ?? [];
      const typed = printed.replace("FOLDER", into).replace("MOUNT", join(folder, "pod"));
      await inside("bash", "-c", `cd "$1" && ${typed}`, "bash", folder);
      expect(readFileSync(join(folder, "pod", name), "utf8")).toBe(name);
      // A name of an owner would be looked up in the pod, where another one may have it.
      expect(readFileSync(join(folder, "stream")).subarray(265, 329)).toEqual(Buffer.alloc(64));
      rmSync(into, { recursive: true });
    }
    expect(readdirSync(folder)).not.toContain("pwned");
  });

  test("names that are one file in the volume, and several in the copy, become files of their own", async () => {
    const [source, volume] = [join(folder, "source"), join(folder, "volume")];
    mkdirSync(volume);
    for (const name of ["a", "b"]) writeFileSync(join(source, name), "the same");
    chmodSync(join(source, "a"), 0o600);
    await inside(
      "sh",
      "-c",
      'touch -d 2026-01-01 "$1"/*; cp -p "$1/b" "$2/a"; ln "$2/a" "$2/b"',
      "sh",
      source,
      volume,
    );
    const text = `
import { restoreTree } from "./host-scripts/runtime/restore-tree";
import { backupRun } from "./test/runners/support/backup-run";
const [folder, from, into] = process.argv.slice(2);
const { lock, log, stop } = backupRun(folder, "2026-05-26T03:00:00Z");
const tree = { from, into, deletes: true, keeps: ["lost+found"], stateDir: folder + "/state", lockFd: lock.fd };
restoreTree({ ...tree, log, stop: stop.signal }).catch(error => { console.error(error); process.exitCode = 1; });
`;
    await bundleProgram(text, join(folder, "tree.cjs"));
    await inside(process.execPath, join(folder, "tree.cjs"), folder, source, volume);
    expect(differences(withoutRoot(await tree(source)), withoutRoot(await tree(volume)))).toEqual([]);
    expect(statSync(join(volume, "a")).nlink).toBe(1);
  });

  test("a copy that was not made isn't told as one, whatever the program that makes it says", async () => {
    await twoWeeks();
    // Says that all went well, and does nothing.
    world.shadow("rsync", 'case "$*" in *--dry-run*) PATH=${PATH#*:} exec rsync "$@" ;; esac');
    const { status, stdout } = await ask("restore", "shop/data", "--into", join(folder, "back"));
    expect(stdout).toContain("1 entries of");
    expect(stdout).toContain('are not what the copy has, the first is "text"');
    expect(status).toBe(1);
  });

  test("a file that is another than the copy, at its size and time, is told, and no other is", async () => {
    for (let index = 0; index < 20; index += 1)
      writeFileSync(join(folder, "source", `file ${index}`), "some text ".repeat(60_000));
    await make("files", weeks["2026-22"]);
    // In its last piece.
    world.shadow(
      "rsync",
      `PATH=\${PATH#*:}
case "$*" in *--dry-run*) exec rsync "$@" ;; esac
rsync "$@" >${folder}/said || exit
for into; do :; done
for name in 7 19; do
  printf x | dd of="$into/file $name" bs=1 seek=599990 conv=notrunc status=none
  touch -r "file $name" "$into/file $name"
done
cat ${folder}/said`,
    );
    const { status, stdout } = await ask("restore", "shop/data", "--into", join(folder, "back"));
    expect(stdout).toMatch(/ 2 entries of .* are not what the copy has, the first is "file 19" /);
    expect(status).toBe(1);
  });

  test("what the disk didn't take is told, though another program was told so before", async () => {
    const into = await mountLiar(inside, folder);
    writeFileSync(join(folder, "source/large"), Buffer.alloc(16 * 2 ** 20, "text"));
    await make("files", weeks["2026-22"]);
    world.shadow("rsync", `PATH=\${PATH#*:}; rsync "$@"; ended=$?; sync -f ${into}; exit $ended`);
    const { status, stdout } = await ask("restore", "shop/data", "--into", into);
    expect(stdout).toContain("what was restored can't be written to disk: syncfs ended with");
    expect(status).toBe(1);
  });

  test("a link in the place of the folder leads nowhere else, and a tree's own links are not followed", async () => {
    symlinkSync("/etc", join(folder, "source/etc"));
    await make("files", weeks["2026-22"]);
    mkdirSync(join(folder, "real"));
    symlinkSync(join(folder, "real"), join(folder, "link"));
    const { status, stdout } = await ask("restore", "shop/data", "--into", join(folder, "link"));
    expect(status).toBe(0);
    expect(stdout).toContain(join(folder, "real"));
    expect(lstatSync(join(folder, "real/etc")).isSymbolicLink()).toBe(true);
  });

  test("what was lost with the disk comes back from off the site as it is printed, and then from the newest of its weeks", async () => {
    // Where the NAS says what it takes, the off-site job itself brings it back.
    const destinations = Object.entries(estate.destinations ?? {}).map(([name, nas]) => [
      name,
      { ...nas, receives: undefined },
    ]);
    const byHand = { ...estate, destinations: Object.fromEntries(destinations) } as typeof estate;
    const plan = planOf(parseEstate(byHand));
    const copy = plan.copies.find(
      ({ way, location }) =>
        way.jobs.map(({ name }) => name).join() === "lvm-pvc-snapshot,daily-backup,offsite-sync-backup" &&
        location.path.endsWith("pvc-data/nextcloud/nextcloud"),
    );
    if (!copy) throw new Error("no copy of nextcloud off the site");
    for (const date of Object.values(weeks)) {
      writeFileSync(join(folder, "source/text"), `of ${date}`);
      await make("files", date, undefined, "nextcloud/nextcloud");
      await make("files", date, undefined, "other/claim");
    }
    // Of `-l USER ADDRESS rsync --server …` what the NAS would run, on a folder in the NAS' place.
    const nas = join(folder, "nas");
    const script = `shift 3\nexec sh -c "$(echo "$*" | sed 's#/Backup/#${nas}/Backup/#')"`;
    world.shadow("remote", script);
    const printed = restoreText(restoreSteps(copy)).split("\n");
    const [, rsync = "", from = ""] = /: (rsync .* \S+:(\S+?)(?:'|\.\/).*)$/.exec(printed[1] ?? "") ?? [];
    mkdirSync(join(nas, from), { recursive: true });
    await inside("cp", "-a", `${disk()}/pvc-data/.`, join(nas, from));
    await inside("sh", "-c", `rm -r ${disk()}/pvc-data/????-??`);
    await inside("sh", "-c", "mount -t tmpfs none /mnt; mkdir /mnt/backup");
    await inside("mount", "--bind", disk(), "/mnt/backup");
    await inside("env", `RSYNC_RSH=${join(folder, "sqlite/bin/remote")}`, "bash", "-c", rsync);
    expect(readdirSync(onDisk("pvc-data/2026-22"))).toEqual(["nextcloud"]);
    expect(printed[2]).toBe("# then: daily-backup restore nextcloud/nextcloud");
    const into = join(folder, "back");
    expect(await ask("restore", "nextcloud/nextcloud", "--into", into)).toMatchObject({ status: 0 });
    expect(readFileSync(join(into, "text"), "utf8")).toBe(`of ${weeks["2026-22"]}`);
  });

  test("while a run is at work nothing is restored, and a stop leaves what came of it, and says so", async () => {
    await twoWeeks();
    const waits = "require('fs').writeFileSync('held', ''); setTimeout(() => undefined, 60_000)";
    const holder = ["flock", "--no-fork", "state/run.lock", process.execPath, "-e", waits];
    const holding = startRunner(["env", "-C", folder, ...holder], process.env, join(folder, "state"));
    try {
      await holding.until(() => existsSync(join(folder, "held")));
      const held = await ask("restore", "shop/data", "--into", join(folder, "back"));
      expect(held).toMatchObject({ status: 75 });
      expect(existsSync(join(folder, "back"))).toBe(false);
    } finally {
      holding.kill("SIGTERM");
      await holding.finished;
    }
    // rsync stands until it is ended.
    world.shadow("rsync", "touch started; exec sleep 60");
    const stopped = await start("restore", "shop/data", "--into", join(folder, "back"));
    await stopped.until(() => existsSync(onDisk("pvc-data/2026-22/shop/data/started")));
    stopped.kill("SIGTERM");
    expect(await stopped.finished).toMatchObject({ status: 143 });
    expect(stopped.output()).toContain("stopped by SIGTERM");
    expect(existsSync(join(folder, "job.prom"))).toBe(false);
  });
});

test("nothing goes on to write once a restore is killed: somebody may start what uses the volume", async () => {
  await twoWeeks();
  world.shadow("rsync", `echo $$ >${folder}/pid.part; mv ${folder}/pid.part ${folder}/pid; exec sleep 60`);
  const killed = await start("restore", "shop/data", "--into", join(folder, "back"));
  await killed.until(() => existsSync(join(folder, "pid")));
  const pid = readFileSync(join(folder, "pid"), "utf8").trim();
  killed.kill("SIGKILL");
  await killed.finished;
  // The kernel's own work, of a moment.
  for (let tries = 0; tries < 100 && isAlive(pid); tries += 1)
    await new Promise(resolve => setTimeout(resolve, 20));
  expect(isAlive(pid)).toBe(false);
});

/** A process that has ended, and that nobody has asked for its end, is none. */
function isAlive(pid: string): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

describe("what is recorded of copies", () => {
  test("a file that isn't what was recorded of it comes back as what it is: no success", async () => {
    await twoWeeks();
    await scrub();
    expect(await ask("restore", "shop/data", "--into", join(folder, "good"))).toMatchObject({ status: 0 });
    await rot(onDisk("pvc-data/2026-22/shop/data/text"));
    const bad = await ask("restore", "shop/data", "--into", join(folder, "bad"));
    expect([bad.stdout, bad.status]).toEqual([
      expect.stringMatching(/1 files of the copy .*text": it doesn't hold what was recorded of it\n.*is in/),
      1,
    ]);
    expect(readdirSync(join(folder, "bad"))).toEqual(["text"]);
    const old = ["--at", "2026-05-28", "--into", join(folder, "old")];
    expect(await ask("restore", "shop/data", ...old)).toMatchObject({ status: 0 });
  });

  test("a file that can't be what it was is named, in the newest of each or in all of one", async () => {
    await twoWeeks();
    expect(await ask("verify")).toMatchObject({ status: 0 });
    const copy = onDisk("pvc-data/2026-21/shop/data/text");
    await scrub();
    expect((await ask("verify", "shop/data")).stdout.match(/1 of them as recorded/g)).toHaveLength(2);
    await rot(copy);
    expect(await ask("verify")).toMatchObject({ status: 0 });
    const all = await ask("verify", "shop/data", "--json");
    expect(all.status).toBe(1);
    expect(JSON.parse(all.stdout)).toMatchObject({
      verified: [
        { faults: [] },
        { faults: [expect.stringContaining("it doesn't hold what was recorded of it")] },
      ],
    });
  });
});

/** Other content, as a disk that rots gives it: no size and no time tells. */
async function rot(path: string): Promise<void> {
  const times = join(folder, "times");
  await inside("touch", "-r", path, times);
  const bytes = readFileSync(path);
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  writeFileSync(path, bytes);
  await inside("touch", "-r", times, path);
}

/** A night of the job that keeps checksums. */
async function scrub(): Promise<void> {
  const { path: bundle } = await runnerOf("backup-scrub");
  const file = join(folder, "scrub.json");
  const own = {
    ...{ job: "backup-scrub", host: "pve", budgetMs: 600_000, stateDir: join(folder, "scrub"), periodMs: 1 },
    ...{ textfile: join(folder, "scrub.prom"), target: { path: disk(), fsUuid } },
    pushgateway: { url: "http://127.0.0.1:9", timeoutMs: 1_000, attempts: 1 },
    generations: [{ folder: "pvc-data", depth: 2 }],
    ...{ sources: [], writers: [], accepted: [] },
  };
  writeFileSync(file, JSON.stringify(own));
  const argv = [process.execPath, bundle, "--config", file];
  await inside("unshare", "--mount", "--propagation", "private", ...argv);
}

describe("databases", () => {
  const sql = (file: string, statements: string): Promise<string> =>
    inside("sqlite3", "-batch", "-bail", file, statements);
  const copy = "sqlite-backup/2026-22/shop/data";

  beforeEach(async () => {
    mkdirSync(join(folder, "source/deep\n"));
    await sql(
      join(folder, "source/deep\n/app.db"),
      "CREATE TABLE t(x UNIQUE); INSERT INTO t VALUES('kept');",
    );
    appendFileSync(join(folder, "source/other"), "no database");
    await make("databases", weeks["2026-22"]);
  });

  test("proven copies come into a folder, without what the job keeps beside them", async () => {
    writeFileSync(onDisk(`${copy}/.holdfast-failed`), "gone.db\0");
    const into = join(folder, "back");
    const { status, stdout } = await ask("restore", "shop/data", "--databases", "--into", into);
    expect(stdout).toContain('it lacks 1 databases, first "gone.db"');
    expect(status).toBe(0);
    expect(readdirSync(into)).toEqual(["deep\n"]);
    expect(await sql(join(into, "deep\n/app.db"), "SELECT x FROM t;")).toBe("kept");
  });

  test("take the place of a volume's own, whose logs go; a link in a folder's place leads nowhere else", async () => {
    const volume = join(folder, "volume");
    for (const name of ["volume", "volume/deep\n", "other"]) mkdirSync(join(folder, name));
    for (const suffix of ["", "-wal", "-shm", "-journal"])
      writeFileSync(join(volume, `deep\n/app.db${suffix}`), "of another time");
    writeFileSync(join(volume, "deep\n/other-wal"), "no database's");
    chmodSync(join(volume, "deep\n"), 0o711);
    expect(await intoVolume(volume)).toMatchObject({ left: [] });
    expect(readdirSync(join(volume, "deep\n")).sort()).toEqual(["app.db", "other-wal"]);
    expect(await sql(join(volume, "deep\n/app.db"), "SELECT x FROM t;")).toBe("kept");
    expect(statSync(join(volume, "deep\n")).mode & 0o777).toBe(0o711);
    rmSync(join(volume, "deep\n"), { recursive: true });
    symlinkSync(join(folder, "other"), join(volume, "deep\n"));
    writeFileSync(join(folder, "other/app.db-wal"), "another's");
    expect(await intoVolume(volume)).toMatchObject({
      left: ['"deep\\x0a/app.db": a link or a file is in the place of a folder above it'],
    });
    expect(readdirSync(join(folder, "other"))).toEqual(["app.db-wal"]);
  });

  /** The part of a restore that has the volume mounted. */
  async function intoVolume(volume: string): Promise<unknown> {
    const text = `
import { restoreDatabases } from "./host-scripts/daily-backup/ways/restore-databases";
import { backupRun } from "./test/runners/support/backup-run";
const [folder, from, volume] = process.argv.slice(2);
restoreDatabases({ folder: from }, volume, backupRun(folder, "2026-05-26T03:00:00Z")).then(
  restored => console.log(JSON.stringify(restored)),
).catch(error => { console.error(error); process.exitCode = 1; });
`;
    await bundleProgram(text, join(folder, "databases.cjs"));
    return JSON.parse(
      await inside(process.execPath, join(folder, "databases.cjs"), folder, join(disk(), copy), volume),
    );
  }

  test("a copy that is no database any more is bad, and not left out of a restore in silence", async () => {
    await sql(join(folder, "source/other.db"), "CREATE TABLE t(x); INSERT INTO t VALUES('kept');");
    rmSync(onDisk("sqlite-backup/2026-22"), { recursive: true });
    await make("databases", weeks["2026-22"]);
    await rot(onDisk(`${copy}/deep\n/app.db`));
    writeFileSync(onDisk(`${copy}/.holdfast-failed`), "gone.db\0");
    const bad = await ask("verify");
    expect([bad.stdout, bad.status]).toEqual([expect.stringContaining("no database any more"), 1]);
    mkdirSync(join(folder, "volume"));
    expect(await intoVolume(join(folder, "volume"))).toMatchObject({
      entries: 1,
      left: ['"deep\\x0a/app.db": its copy is no database any more'],
    });
  });

  // daily-backup-sqlite.test.ts has what finds such damage; what becomes of it, the test above.
  testLong("a copy whose index is not its table's is named, and the copy itself stays as it is", async () => {
    expect((await ask("verify", "shop/data")).stdout).toContain("integrity_check of 1 databases");
    const file = onDisk(`${copy}/deep\n/app.db`);
    // The table's row says another text than the index: quick_check doesn't look.
    const bytes = readFileSync(file);
    bytes.write("kepz", bytes.lastIndexOf("kept"));
    writeFileSync(file, bytes);
    const before = await tree(onDisk(copy));
    const bad = await ask("verify");
    expect(bad).toMatchObject({ status: 1 });
    expect(bad.stdout).toMatch(/app\.db.*damaged/);
    expect(differences(before, await tree(onDisk(copy)))).toEqual([]);
    expect(readdirSync(join(folder, "state")).filter(name => name.startsWith("verify-"))).toEqual([]);
  });
});

describe("the host's configuration", () => {
  beforeEach(async () => {
    for (const [path, text] of [
      ["etc/pve/storage.cfg", "dir: local"],
      ["etc/systemd/system/x.service", "[Unit]"],
      ["etc/shadow", "root:secret"],
    ] as const) {
      mkdirSync(dirname(join(folder, "host", path)), { recursive: true });
      writeFileSync(join(folder, "host", path), text);
    }
    await make("configuration", weeks["2026-22"], join(folder, "host"));
  });

  test("comes into a folder that root alone can read, and into no place of the host", async () => {
    const { status, stdout } = await ask("restore", "configuration");
    const [, into = ""] = /into "(\/root\/restored-configuration-\w+)"/.exec(stdout) ?? [];
    try {
      expect(status).toBe(0);
      expect(statSync(into).mode & 0o7777).toBe(0o700);
      expect(readFileSync(join(into, "files/etc/pve/storage.cfg"), "utf8")).toBe("dir: local");
      expect(readdirSync(into).sort()).toEqual(["facts", "files", "manifest.json"]);
      const [version] = versionsAnswer.parse(
        JSON.parse((await ask("list", "--versions", "--json")).stdout),
      ).versions;
      const path = relative(join(folder, "disk"), join(version?.path ?? "", "etc/pve/storage.cfg"));
      expect(readFileSync(onDisk(path), "utf8")).toBe("dir: local");
    } finally {
      if (into !== "") rmSync(into, { recursive: true });
    }
  });

  test("of which a newer copy lacks something is told so, and that one is taken when it is asked for", async () => {
    rmSync(join(folder, "host/etc/pve"), { recursive: true });
    await expect(make("configuration", "2026-06-02T03:00:00Z", join(folder, "host"))).rejects.toThrow(
      '"/etc/pve" is missing',
    );
    const lacks = 'lacks 1 entries, first "/etc/pve": "/etc/pve" is missing';
    expect((await ask("list", "configuration")).stdout).toContain(lacks);
    const restored = (name: string, ...words: readonly string[]) =>
      ask("restore", "configuration", "--into", join(folder, name), ...words);
    const whole = await restored("whole");
    expect([whole.status, whole.stdout]).toEqual([
      0,
      expect.stringContaining(`which ${lacks}; --incomplete`),
    ]);
    expect(existsSync(join(folder, "whole/files/etc/pve/storage.cfg"))).toBe(true);
    const asked = await restored("lacking", "--incomplete");
    expect([asked.status, asked.stdout]).toEqual([0, expect.stringContaining(`it ${lacks}`)]);
    expect(readdirSync(join(folder, "lacking/files/etc")).sort()).toEqual(["shadow", "systemd"]);
  });

  test("is compared with its manifest", async () => {
    expect(await ask("verify", "configuration")).toMatchObject({ status: 0 });
    chmodSync(onDisk("pve-config/2026-22/files/etc/shadow"), 0o604);
    await rot(onDisk("pve-config/2026-22/files/etc/pve/storage.cfg"));
    const bad = await ask("verify");
    expect(bad).toMatchObject({ status: 1 });
    expect(bad.stdout).toMatch(/storage\.cfg": its sha256 is/);
    expect(bad.stdout).toMatch(/shadow": its mode is 0604/);
    const restored = await ask("restore", "configuration", "--into", join(folder, "back"));
    expect(restored).toMatchObject({ status: 1 });
    expect(restored.stdout).toContain("are not what the manifest");
  });
});

test("what isn't there is refused with what there is, and wrong words with those that are right", async () => {
  await twoWeeks();
  for (const [words, status, text] of [
    [["restore", "shop/other", "--into", join(folder, "x")], 3, "there is no copy of"],
    [["list", "../../etc"], 3, "there is no copy of"],
    [["restore", "configuration", "--databases"], 2, "--databases goes with NAMESPACE/CLAIM"],
    [["restor"], 2, "expected run, list, verify or restore"],
  ] as const) {
    const refused = await ask(...words);
    expect(refused.stdout).toContain(text);
    expect(refused).toMatchObject({ status });
  }
  expect((await ask("restore", "shop/data")).stdout).toContain("this job has no volumes");
  expect((await ask("--help")).stdout).toContain("restore NAMESPACE/CLAIM [PATH]... | configuration");
});
