import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { testLong } from "../long";
import { expectMirrored } from "./support/tree";
import { keptWorld } from "./support/kept-world";
import { createWorld, metricsOf, type World } from "./support/world";

let world: World;
keptWorld(async () => (world = await createWorld()));

const mirror = async () => world.start().finished;
const mebibyte = 2 ** 20;

function put(name: string, content: Buffer | string): void {
  mkdirSync(join(world.source, name, ".."), { recursive: true });
  writeFileSync(join(world.source, name), content);
}

/** What is on the mirror's disk where its content never got there: size and times are those of the copy. */
async function lose(name: string): Promise<void> {
  const [file, original] = [world.config.target, world.config.source].map(({ path }) => join(path, name));
  await world.inside("truncate", "--size=0", `${file}`);
  await world.inside("truncate", `--reference=${original}`, `${file}`);
  await world.inside("touch", `--reference=${original}`, `${file}`);
}

const isMirrored = (name: string): boolean =>
  readFileSync(join(world.target, name)).equals(readFileSync(join(world.source, name)));

/** The target on a disk that takes no more than that. */
async function mountSmall(megabytes: number): Promise<(megabytes: number) => Promise<unknown>> {
  const { path, fsUuid } = world.config.target;
  const disk = join(world.folder, "small");
  const image = join(disk, "dst.img");
  mkdirSync(disk);
  await world.inside("umount", path);
  await world.inside("mount", "-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", disk);
  await world.inside("dd", "if=/dev/zero", `of=${image}`, "bs=1M", "count=12", "status=none");
  await world.inside("truncate", "--size=256M", image);
  const format = ["-q", "-U", fsUuid, "-b", "4096", "-N", "4096", "-O", "^has_journal"];
  await world.inside("mkfs.ext4", ...format, "-E", "lazy_itable_init=0,nodiscard", image);
  await world.inside("mount", "-o", "loop,nosuid,nodev", image, path);
  return to => world.inside("mount", "-o", `remount,size=${to}m`, disk);
}

test("what the disk didn't take is no success, and is copied anew once it does", async () => {
  const resize = await mountSmall(24);
  for (let index = 0; index < 10; index += 1)
    put(`media/f${index}`, Buffer.alloc(4 * mebibyte + index, index + 1));
  // The kernel tells the first who asks, such as another job, and who had the file system open before.
  world.shadow("rsync", `REAL "$@"; ended=$?; sync -f ${world.config.target.path}; exit $ended`);
  const run = await mirror();
  world.unshadow("rsync");
  expect([run.stdout, run.status]).toEqual([expect.stringContaining("can't be written to the disk of"), 1]);
  expect(metricsOf(world)).toMatchObject({ last_status: 1 });
  expect(metricsOf(world)).not.toHaveProperty("last_success_timestamp");
  await resize(200);
  const next = await mirror();
  expect([next.stdout, next.status]).toEqual([expect.stringContaining("they are copied anew"), 0]);
  await forgetSmall();
  for (let index = 0; index < 10; index += 1) expect(isMirrored(`media/f${index}`)).toBe(true);
});

// What the disk didn't take, and what is kept as it is, are tested each by itself.
testLong(
  "what the disk didn't take of a service that is kept as it is then, is compared by what the disk has, and not by memory",
  async () => {
    const resize = await mountSmall(24);
    const large = Array.from({ length: 10 }, (_, index) => `mail/f${index}`);
    for (const [index, name] of large.entries()) put(name, Buffer.alloc(4 * mebibyte + index, index + 1));
    const encrypted = Array.from({ length: 200 }, (_, index) => `mail/g${index}`);
    for (const name of encrypted) put(name, "good");
    expect(await mirror()).toMatchObject({ status: 1 });
    await resize(200);
    const good = join(world.folder, "good");
    await world.inside("cp", "-a", join(world.config.source.path, "mail"), good);
    for (const name of encrypted) put(name, "encrypted");
    const run = await mirror();
    expect([run.stdout, run.status]).toEqual([expect.stringContaining("--accept=mail"), 1]);
    // Its owner has it as it was, times and all.
    await world.inside("cp", "-a", `${good}/.`, join(world.config.source.path, "mail"));
    const next = await mirror();
    expect([next.stdout, next.status]).toEqual([expect.stringContaining("behind the same sizes"), 1]);
    expect(await world.start(["--accept=mail"]).finished).toMatchObject({ status: 0 });
    await forgetSmall();
    expect([...large, ...encrypted].filter(name => !isMirrored(name))).toEqual([]);
  },
);

/** Memory may have what the disk hasn't. */
async function forgetSmall(): Promise<void> {
  await world.inside("umount", world.config.target.path);
  const image = join(world.folder, "small/dst.img");
  await world.inside("mount", "-o", "loop,nosuid,nodev", image, world.config.target.path);
}

/** A run whose last copies are in memory when the power goes; the host is up again. */
async function cutPower(lost: readonly string[]): Promise<void> {
  const reached = join(world.folder, "reached");
  world.shadow(
    "perl",
    `case "$*" in *syncfs*) touch ${reached}; while [ -e "$0" ]; do sleep 0.05; done;; esac; exec REAL "$@"`,
  );
  const cut = world.start();
  await cut.until(() => existsSync(reached));
  cut.kill("SIGKILL");
  await cut.finished;
  world.unshadow("perl");
  for (const name of lost) await lose(name);
  const file = join(world.config.stateDir, "unwritten.json");
  const left = JSON.parse(readFileSync(file, "utf8")) as object;
  writeFileSync(file, JSON.stringify({ ...left, bootId: "another" }));
}

test("what a run had copied when the power went is compared by content, and what it had made sure of isn't", async () => {
  put("docs/old", "an earlier one");
  expect(await mirror()).toMatchObject({ status: 0 });
  put("docs/new", "content");
  put("vm/disk", "begin");
  truncateSync(join(world.source, "vm/disk"), 70 * mebibyte);
  linkSync(join(world.source, "vm/disk"), join(world.source, "vm/other"));
  await cutPower(["docs/new", "vm/disk"]);
  const next = await mirror();
  expect([next.stdout, next.status]).toEqual([expect.stringContaining("their content is compared"), 0]);
  expect(["docs/new", "vm/disk"].filter(isMirrored)).toEqual(["docs/new", "vm/disk"]);
  await expectMirrored(world);
  const later = await mirror();
  expect([later.stdout, later.status]).toEqual([expect.not.stringContaining("compared"), 0]);
});

test("after the power went a name that can't be linked to its file's copy isn't passed over", async () => {
  put("vm/disk", "begin");
  truncateSync(join(world.source, "vm/disk"), 70 * mebibyte);
  linkSync(join(world.source, "vm/disk"), join(world.source, "vm/other"));
  await cutPower([]);
  const other = `${world.config.target.path}/vm/other`;
  await world.inside("rm", other);
  await world.inside("cp", "-a", "--sparse=always", `${world.config.source.path}/vm/disk`, other);
  await lose("vm/other");
  await world.inside("chattr", "+i", other);
  const refused = await mirror();
  await world.inside("chattr", "-i", other);
  expect([refused.stdout, refused.status]).toEqual([
    expect.stringContaining("1 files may not be on the disk as they were copied"),
    1,
  ]);
  expect(await mirror()).toMatchObject({ status: 0 });
  await expectMirrored(world);
});

// What a run had copied when the power went is compared, above.
testLong(
  "after the power went a service that is kept as it is keeps what it has, and is compared once it is mirrored again",
  async () => {
    const encrypted = Array.from({ length: 57 }, (_, index) => `mail/f${index + 3}`);
    for (const name of ["mail/f0", "mail/f1", "mail/f2", ...encrypted]) put(name, "good");
    put("mail/disk", "good");
    truncateSync(join(world.source, "mail/disk"), 70 * mebibyte);
    mkdirSync(join(world.source, "films"));
    linkSync(join(world.source, "mail/f1"), join(world.source, "films/f1"));
    await cutPower(["mail/f0"]);
    const timeOf = (name: string): number => statSync(join(world.target, name)).mtimeMs;
    const before = timeOf("mail/f1");
    utimesSync(join(world.source, "films/f1"), 1_700_000_000, 1_700_000_000);
    for (const name of encrypted) put(name, "encrypted");
    put("mail/disk", "evil");
    truncateSync(join(world.source, "mail/disk"), 70 * mebibyte);
    const run = await mirror();
    expect([run.stdout, run.status]).toEqual([expect.stringContaining("--accept=mail"), 1]);
    expect(readFileSync(join(world.target, "mail/disk")).subarray(0, 4).toString()).toBe("good");
    expect([timeOf("mail/f1"), timeOf("films/f1")]).toEqual([before, 1_700_000_000_000]);
    expect(await world.start(["--accept=mail"]).finished).toMatchObject({ status: 0 });
    await expectMirrored(world);
  },
);

test("a file that takes longer than a night keeps nothing else from being mirrored, nor what went from going", async () => {
  for (const name of ["a/gone", "m/small", "z/old"]) put(name, name);
  expect(await mirror()).toMatchObject({ status: 0 });
  put("m/large", Buffer.alloc(66 * mebibyte, 7));
  put("z/new", "what is new");
  rmSync(join(world.source, "a/gone"));
  put("a/new", "what is new");
  world.writeConfig({ budgetMs: 30_000 });
  world.shadow("rsync", 'exec REAL --bwlimit=1m "$@"');
  expect(await mirror()).toMatchObject({ status: 124 });
  expect(["a/gone", "a/new", "z/new"].filter(name => existsSync(join(world.target, name)))).toEqual([
    "a/new",
    "z/new",
  ]);
  world.writeConfig({});
  world.unshadow("rsync");
  expect(await mirror()).toMatchObject({ status: 0 });
  await expectMirrored(world);
});
