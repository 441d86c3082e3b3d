import {
  appendFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { unsealed } from "../../host-scripts/runtime/journal-seal";
import { makeNasty, nastyNames } from "./support/nasty";
import { differences, expectMirrored, snapshot } from "./support/tree";
import { createWorld, metricsOf, type World } from "./support/world";

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.close());

async function mirror(...args: string[]) {
  return world.start(args).finished;
}

/** Owner, group and mode, e.g. "0:0 700". */
async function accessTo(path: string): Promise<string> {
  return world.inside("stat", "--format", "%u:%g %a", path);
}

function journal(): string[] {
  const folder = join(world.config.stateDir, "journal");
  return existsSync(folder) ? readdirSync(folder).filter(name => name !== "last-number") : [];
}

/** Entries of the target but for the runners' own. */
function mirrored(): string[] {
  return readdirSync(world.target)
    .filter(name => name !== ".holdfast")
    .sort();
}

/** Paths of a segment, byte by byte as latin1. */
function paths(segment: string): string[] {
  const text = readFileSync(join(world.config.stateDir, "journal", segment), "latin1");
  return (unsealed(text) ?? "").slice(0, -2).split("\0");
}

test("keeps bytes and metadata of every kind of entry", async () => {
  await makeNasty(world);
  expect(await mirror()).toMatchObject({ status: 0 });
  await expectMirrored(world);
  const sparse = statSync(`${world.target}/nasty/sparse`);
  expect(sparse.size).toBe(96 * 1024 * 1024);
  expect(sparse.blocks * 512).toBeLessThan(1024 * 1024);
});

test("hands over the changed paths byte by byte, ended by NUL", async () => {
  await makeNasty(world);
  await mirror();
  expect(journal()).toEqual(["000000000001.paths", "000000000002.paths"]);
  const handed = paths("000000000001.paths");
  for (const name of nastyNames) expect(handed).toContain(`nasty/${name.toString("latin1")}`);
  expect(handed).toContain("nasty/dir\nwith\xffbreak/inner");
  const tree = await snapshot(world, world.config.source.path);
  expect(new Set(handed.filter(path => path !== "."))).toEqual(
    new Set([...tree.keys()].filter(path => path !== "")),
  );

  renameSync(`${world.source}/nasty/-rf`, `${world.source}/nasty/renamed`);
  appendFileSync(`${world.source}/nasty/two`, "more");
  expect(await mirror()).toMatchObject({ status: 0 });
  expect(paths("000000000003.paths").sort()).toEqual([
    "nasty",
    "nasty/-rf",
    "nasty/one",
    "nasty/renamed",
    "nasty/two",
    "other-service/three",
  ]);
  await expectMirrored(world);
});

test("the target's root is closed to all but root at every moment, whoever has the source's", async () => {
  const { source, target } = world.config;
  await world.inside("chown", "65534:65534", source.path);
  await world.inside("chmod", "0777", source.path);
  // As an earlier version, or whoever made the file system, has left it.
  await world.inside("chmod", "0777", target.path);
  writeFileSync(`${world.source}/note`, "x");
  world.shadow(
    "rsync",
    `REAL "$@"; code=$?; stat --format '%u:%g %a' ${target.path} >>${world.folder}/seen; exit $code`,
  );
  expect(await mirror()).toMatchObject({ status: 0 });
  expect(await mirror()).toMatchObject({ status: 0 });
  // More than a list takes is copied by one pass over the whole tree, its root too.
  world.writeConfig({ mostListed: 1 });
  for (const name of ["one", "two"]) writeFileSync(join(world.source, name), "x");
  expect(await mirror()).toMatchObject({ status: 0 });
  expect(new Set(readFileSync(join(world.folder, "seen"), "utf8").trim().split("\n"))).toEqual(
    new Set(["0:0 700"]),
  );
  expect(await accessTo(target.path)).toBe("0:0 700");
  // A user of the host can't even look.
  const user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] as const;
  await expect(world.inside(...user, "mv", `${target.path}/note`, `${target.path}/mine`)).rejects.toThrow(
    "Permission denied",
  );
});

test("what a restore needs of the source's root is kept beside the mirror", async () => {
  const { source, target } = world.config;
  await world.inside("chown", "65534:100", source.path);
  await world.inside("chmod", "2775", source.path);
  await world.inside("setfacl", "-m", "u:12345:rwx", "-d", "-m", "g:54321:rx", source.path);
  await world.inside("setfattr", "-n", "user.share", "-v", "services", source.path);
  writeFileSync(`${world.source}/note`, "x");
  await mirror();
  const kept = join(target.path, ".holdfast/nfs-mirror/source-root");
  const root = async (path: string) => (await snapshot(world, path)).get("");
  expect(await root(kept)).toBe(await root(source.path));
  expect(await accessTo(join(target.path, ".holdfast"))).toBe("0:0 700");
  expect(readdirSync(world.outside(kept))).toEqual([]);
  expect(paths("000000000002.paths")).toEqual([".holdfast/nfs-mirror/source-root"]);

  // Only an attribute changes, and then nothing does.
  await world.inside("setfacl", "-m", "u:777:rx", source.path);
  await mirror();
  expect(await root(kept)).toBe(await root(source.path));
  await mirror();
  expect(journal()).toEqual(["000000000001.paths", "000000000002.paths", "000000000003.paths"]);

  const whole = ["-aHAXXS", "--numeric-ids"] as const;
  await world.inside("mkdir", `${world.folder}/src/restored`);
  await world.inside("rsync", ...whole, "--exclude=*", `${kept}/`, `${world.folder}/src/restored/`);
  expect(await root(`${world.folder}/src/restored`)).toBe(await root(source.path));
});

test("fails when the source has an entry with a name of the runners' own", async () => {
  writeFileSync(`${world.source}/.holdfast-note`, "mirrored nowhere");
  writeFileSync(`${world.source}/note`, "mirrored");
  const run = await mirror();
  expect(run.status).toBe(1);
  expect(run.stdout).toContain('".holdfast-note" of the source can\'t be mirrored');
  expect(existsSync(`${world.target}/note`)).toBe(true);
});

test("changes nothing on a second night without a change", async () => {
  await makeNasty(world);
  await mirror();
  const before = await snapshot(world, world.config.target.path, { touched: true });
  // Another job's entry moves the time of the target's root.
  mkdirSync(`${world.target}/pvc-data`);
  const second = await mirror("--json");
  expect(JSON.parse(second.stdout)).toMatchObject({ status: 0, toCopy: 0, toDelete: 0, copied: 0, bytes: 0 });
  const after = await snapshot(world, world.config.target.path, { touched: true, without: ["pvc-data"] });
  expect(differences(new Map([...before].slice(1)), new Map([...after].slice(1)))).toEqual([]);
  expect(journal()).toEqual(["000000000001.paths", "000000000002.paths"]);
});

test("sees a change within one second that keeps the size", async () => {
  const file = `${world.source}/note`;
  writeFileSync(file, "first");
  utimesSync(file, 1_700_000_000.25, 1_700_000_000.25);
  await mirror();
  writeFileSync(file, "other");
  utimesSync(file, 1_700_000_000.5, 1_700_000_000.5);
  await mirror();
  expect(readFileSync(`${world.target}/note`, "utf8")).toBe("other");
});

test("a backup disk that keeps times in whole seconds is told each night, until its inodes are larger, as the note says", async () => {
  const { path, fsUuid } = world.config.target;
  const image = join(world.folder, "dst.img");
  writeFileSync(`${world.source}/note`, "x");
  await world.inside("umount", path);
  const small = ["-t", "ext3", "-I", "128", "-U", fsUuid];
  await execa("mke2fs", ["-q", "-F", ...small, image]);
  await world.mount("dst");
  const coarse = "keeps times in whole seconds";
  for (const args of [[], ["--dry-run"], []]) {
    const run = await world.start(args).finished;
    expect([run.stdout, run.status]).toEqual([expect.stringContaining(coarse), 0]);
  }
  await world.inside("umount", path);
  for (const mend of [
    ["e2fsck", "-f", "-p"],
    ["tune2fs", "-I", "256"],
  ])
    await world.inside(...(mend as [string, ...string[]]), image);
  await world.mount("dst");
  // By then the mark is of a whole second.
  for (let night = 0; night < 2; night += 1) {
    const run = await mirror();
    expect([run.stdout, run.status]).toEqual([expect.not.stringContaining(coarse), 0]);
  }
  await expectMirrored(world);
});

test("leaves excluded entries and those of other jobs alone", async () => {
  mkdirSync(`${world.source}/frigate`);
  writeFileSync(`${world.source}/frigate/clip`, "ring buffer");
  mkdirSync(`${world.source}/paperless/temp`, { recursive: true });
  writeFileSync(`${world.source}/paperless/temp/scan`, "not at the root, so not excluded");
  mkdirSync(`${world.target}/temp`);
  writeFileSync(`${world.target}/temp/old`, "mirrored before it was excluded");
  mkdirSync(`${world.target}/pvc-data`);
  writeFileSync(`${world.target}/pvc-data/volume`, "another job's");
  const others = await snapshot(world, `${world.config.target.path}/pvc-data`, { touched: true });
  expect(await mirror()).toMatchObject({ status: 0 });
  expect(mirrored()).toEqual(["lost+found", "paperless", "pvc-data", "temp"]);
  expect(existsSync(`${world.target}/paperless/temp/scan`)).toBe(true);
  expect(existsSync(`${world.target}/temp/old`)).toBe(true);
  expect(await snapshot(world, `${world.config.target.path}/pvc-data`, { touched: true })).toEqual(others);
});

test("takes wildcards in an excluded name literally", async () => {
  world.writeConfig({ excludes: ["a*", "b\\[c]", "d\\e"] });
  for (const name of ["a*", "ab", "b\\[c]", "b[c]", "bc", "d\\e", "de"])
    writeFileSync(join(world.source, name), name);
  expect(await mirror()).toMatchObject({ status: 0 });
  expect(mirrored()).toEqual(["ab", "b[c]", "bc", "de", "lost+found"]);
});

test("fails when the source has data under a name that belongs to another job", async () => {
  mkdirSync(`${world.source}/pvc-data`);
  writeFileSync(`${world.source}/note`, "mirrored");
  const run = await mirror();
  expect(run.status).toBe(1);
  expect(run.stdout).toContain('"pvc-data" of the source can\'t be mirrored');
  expect(mirrored()).toEqual(["lost+found", "note"]);
});

test("deletes what the source no longer has, and replaces a folder by a file", async () => {
  mkdirSync(`${world.source}/app/cache`, { recursive: true });
  writeFileSync(`${world.source}/app/cache/one`, "1");
  writeFileSync(`${world.source}/app/keep`, "2");
  await mirror();
  rmSync(`${world.source}/app/cache`, { recursive: true });
  writeFileSync(`${world.source}/app/cache`, "now a file");
  expect(await mirror()).toMatchObject({ status: 0 });
  await expectMirrored(world);
  expect(paths("000000000003.paths")).toEqual(expect.arrayContaining(["app/cache/one", "app/cache"]));
});

test("gives a folder's place to a further name of a file that is mirrored, and to all names of a new one", async () => {
  const { source } = world;
  const folders = ["app/old", "app/new", "app/newer"].map(name => join(source, name));
  for (const folder of folders) mkdirSync(folder, { recursive: true });
  for (const folder of folders) writeFileSync(join(folder, "inner"), "goes");
  writeFileSync(join(source, "app", "file"), "stays");
  await mirror();
  for (const folder of folders) rmSync(folder, { recursive: true });
  const [old = "", fresh = "", fresher = ""] = folders;
  linkSync(join(source, "app", "file"), old);
  writeFileSync(fresh, "comes");
  linkSync(fresh, fresher);
  const { status, stdout, stderr } = await mirror();
  expect({ status, said: stdout + stderr }).toMatchObject({ status: 0 });
  await expectMirrored(world);
});

test("changes nothing with --dry-run, and names each entry", async () => {
  await makeNasty(world);
  writeFileSync(`${world.target}/stale`, "would go");
  const before = await snapshot(world, world.config.target.path, { touched: true });
  const run = await mirror("--dry-run");
  expect(run.status).toBe(0);
  expect(run.stdout).toContain('would delete "stale"');
  expect(run.stdout).toContain('would copy "nasty/line\\x0abreak"');
  expect(run.stdout).toContain('would copy "nasty/bad\\xff\\xfe\\xc3"');
  expect(differences(before, await snapshot(world, world.config.target.path, { touched: true }))).toEqual([]);
  expect(existsSync(world.config.stateDir)).toBe(false);
  expect(existsSync(world.config.textfile)).toBe(false);
  expect(world.pushes.received).toEqual([]);
});

test("copies a tree whose files grow and vanish meanwhile, and equals it once it is still", async () => {
  const folder = `${world.source}/busy`;
  mkdirSync(folder);
  for (let index = 0; index < 400; index += 1) writeFileSync(join(folder, `f${index}`), "x".repeat(20_000));
  // The pass that copies is slow, so that its files change under its hands.
  world.shadow("rsync", 'case "$*" in *--dry-run*) exec REAL "$@";; *) exec REAL --bwlimit=4m "$@";; esac');
  const run = world.start();
  await run.until(() => existsSync(`${world.target}/busy`) && readdirSync(`${world.target}/busy`).length > 5);
  for (let index = 0; index < 400; index += 1) {
    if (index % 2 === 0) appendFileSync(join(folder, `f${index}`), "y".repeat(5_000));
    else if (index % 4 === 1) rmSync(join(folder, `f${index}`));
  }
  const finished = await run.finished;
  expect(finished).toMatchObject({ status: 0 });
  expect(finished.stdout).toContain("vanished while they were read (rsync exit 24)");
  world.unshadow("rsync");
  world.writeConfig({ maxDeletions: { count: 1000, percent: 100, bytesPercent: 100 } });
  expect(await mirror()).toMatchObject({ status: 0 });
  await expectMirrored(world);
});

test("writes bytes and times of a success, and pushes them to job and instance", async () => {
  writeFileSync(`${world.source}/note`, "12345");
  const from = Math.floor(Date.now() / 1000);
  await mirror();
  const metrics = metricsOf(world);
  expect(metrics).toMatchObject({ last_status: 0, bytes: 5 });
  expect(metrics["last_success_timestamp"]).toBeGreaterThanOrEqual(from);
  expect(metrics["last_run_timestamp"]).toBe(metrics["last_success_timestamp"]);
  expect(world.pushes.received).toEqual([
    {
      method: "POST",
      path: "/metrics/job/nfs-mirror/instance/pve",
      body: readFileSync(world.config.textfile, "utf8"),
    },
  ]);
});

test("node-exporter can read the metrics of a service, whose files are closed else", async () => {
  const closed = ["unshare", "--mount", "--propagation", "private", "sh", "-c", 'umask 077; exec "$@"', "sh"];
  // As an earlier version has left it.
  mkdirSync(world.config.stateDir);
  await world.start([], {}, closed).finished;
  expect(statSync(world.config.textfile).mode & 0o777).toBe(0o644);
  expect(statSync(world.config.stateDir).mode & 0o777).toBe(0o700);
});

test("tells every fault of a config at once, and changes nothing", async () => {
  world.writeConfig({ budgetMs: -1, stateDir: "relative" });
  for (const args of [["--check-config"], []]) {
    const run = await mirror(...args);
    expect(run.status).toBe(2);
    expect(run.stdout).toContain("has 2 faults");
    expect(run.stdout).toContain("budgetMs is -1");
    expect(run.stdout).toContain('stateDir is "relative"');
  }
  world.writeConfig({});
  expect(await mirror("--check-config")).toMatchObject({ status: 0 });
  expect(existsSync(world.config.stateDir)).toBe(false);
});

test("refuses arguments that it doesn't know or that exclude each other", async () => {
  expect(await mirror("--delete-all")).toMatchObject({ status: 2 });
  expect(await mirror("--dry-run", "--report-end")).toMatchObject({ status: 2 });
  expect((await mirror("--help")).stdout).toContain("Exit codes");
});
