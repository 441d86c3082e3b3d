import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { FinishedRun } from "./support/started-run";
import { expectMirrored } from "./support/tree";
import { keptWorld } from "./support/kept-world";
import { createWorld, type World } from "./support/world";

// What changes behind its size and time, on real file systems, by the bundled runner.

let world: World;
keptWorld(async () => (world = await createWorld()));

const mirror = async (...words: readonly string[]): Promise<FinishedRun> => world.start(words).finished;
const longAgo = 1_000_000_000;

/** Its size is that of its name and text, and its times are what they always were. */
function put(name: string, text: string): void {
  const file = join(world.source, name);
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, `${name} ${text}`);
  utimesSync(file, longAgo, longAgo);
}

/** An image with a hole that nobody would want to read. */
function putDisk(text: string): void {
  put("vm/disk", text);
  truncateSync(join(world.source, "vm/disk"), 70 * 2 ** 20);
  utimesSync(join(world.source, "vm/disk"), longAgo, longAgo);
}

const copyOf = (name: string): string => readFileSync(join(world.target, name), "utf8");

/** The source was last searched a week earlier than it was. */
function aWeekLater(): void {
  const file = join(world.config.stateDir, "suspects.json");
  if (!existsSync(file)) return;
  const known = JSON.parse(readFileSync(file, "utf8")) as { sinceMs: number };
  writeFileSync(file, JSON.stringify({ ...known, sinceMs: known.sinceMs - 7 * 24 * 3_600_000 }));
}

test("what changes behind its size and time is mirrored within a week, and what is the same is left alone", async () => {
  put("home/container", "as it was");
  put("home/same", "of another length");
  linkSync(join(world.source, "home/container"), join(world.source, "home/further name"));
  putDisk("as it was");
  expect(await mirror()).toMatchObject({ status: 0 });
  const before = statSync(join(world.target, "home/same")).ino;
  put("home/container", "IS OTHER!");
  putDisk("IS OTHER!");
  chmodSync(join(world.source, "home/same"), 0o600);
  aWeekLater();
  const night = await mirror();
  expect([night.status, night.stdout]).toEqual([
    0,
    expect.stringContaining(
      "1 files had changed behind the same size and time, and are copied: home/container",
    ),
  ]);
  expect(copyOf("home/container")).toBe("home/container IS OTHER!");
  expect(statSync(join(world.target, "home/same")).ino).toBe(before);
  expect(copyOf("vm/disk")).toContain("IS OTHER!");
  await expectMirrored(world);
  // In the next night nothing of it is left, and the source isn't searched.
  put("home/container", "and anew!");
  const next = await mirror();
  expect(next.stdout).not.toContain("were compared");
  expect(copyOf("home/container")).toBe("home/container IS OTHER!");
});

test("a service of which most has changed behind sizes and times keeps its copy until somebody accepts it", async () => {
  const all = (text: string): void => {
    for (let index = 0; index < 60; index += 1) put(`photos/p${index}`, text + "-".repeat(index));
  };
  all("a photo");
  put("docs/one", "a text");
  expect(await mirror()).toMatchObject({ status: 0 });
  all("RANSOM!");
  put("docs/one", "A TEXT");
  aWeekLater();
  for (const night of [await mirror(), await mirror()]) {
    expect([night.status, night.stdout]).toEqual([
      1,
      expect.stringMatching(
        /"photos": the source has other content in 60 of its files, behind the same sizes/,
      ),
    ]);
    expect([copyOf("docs/one"), copyOf("photos/p7")]).toEqual([
      "docs/one A TEXT",
      "photos/p7 a photo-------",
    ]);
  }
  expect(await mirror("--accept=photos")).toMatchObject({ status: 0 });
  expect(copyOf("photos/p7")).toBe("photos/p7 RANSOM!-------");
});

test("one that takes longer to compare than there is time ends no night, and is told with what has it copied", async () => {
  put("vm/disk", "a large one");
  expect(await mirror()).toMatchObject({ status: 0 });
  put("vm/disk", "A LARGE ONE");
  put("vm/new", "mirrored all the same");
  aWeekLater();
  const hangs = `while [ -e "$0" ]; do sleep 0.05; done`;
  world.shadow("rsync", `case "$*" in *--checksum*--dry-run*) ${hangs};; esac; exec REAL "$@"`);
  world.writeConfig({ budgetMs: 4000 });
  const night = await mirror();
  const disk = join(world.config.source.path, "vm/disk");
  expect([night.status, night.stdout]).toEqual([
    1,
    expect.stringMatching(/"vm\/disk": it may have changed .* 1 minutes aren't enough to compare it/),
  ]);
  expect(night.stdout).toContain(`Next: touch -c -- ${disk}`);
  expect(copyOf("vm/new")).toContain("mirrored all the same");
  await world.inside("touch", "-c", "--", disk);
  const next = await mirror();
  expect([next.status, next.stdout]).toEqual([0, expect.stringContaining("equals")]);
  expect(copyOf("vm/disk")).toBe("vm/disk A LARGE ONE");
});
