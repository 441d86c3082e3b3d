import { execFileSync } from "node:child_process";
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openSegment } from "../../host-scripts/runtime/journal";
import { createOffsiteWorld, type OffsiteWorld } from "./support/offsite-world";
import type { FinishedRun } from "./support/started-run";

/* A bit flips at one of the ends, at the file's old size and time. The world goes on from test to test, and is small: each run reads all. */
let world: OffsiteWorld;

beforeAll(async () => {
  world = await createOffsiteWorld();
  mkdirSync(join(world.backup, "books"));
  mkdirSync(join(world.photos, "immich"));
  for (const name of ["one", "two", "three"])
    writeFileSync(join(world.backup, "books", name), `the book ${name}`);
  writeFileSync(join(world.photos, "immich/photo"), "a photo");
  await succeeds();
  // By lists from now on, so that nothing but the scrub looks at what nobody names.
  await succeeds();
});
afterAll(() => world.close());

const far = (path: string): string => join(world.far.tree, "pve-backup", path);
const here = (path: string): string => join(world.backup, path);

function flip(file: string): void {
  const times = join(world.folder, "times");
  // To the nanosecond, which Node can't set.
  execFileSync("touch", ["-r", file, times]);
  const bytes = readFileSync(file);
  bytes.writeUInt8(bytes.readUInt8(0) ^ 1, 0);
  writeFileSync(file, bytes);
  execFileSync("touch", ["-r", times, file]);
}

async function run(): Promise<FinishedRun & { result: Record<string, unknown> }> {
  const finished = await world.start(["--json"]).finished;
  return { ...finished, result: JSON.parse(finished.stdout || "{}") as Record<string, unknown> };
}

async function succeeds() {
  const finished = await run();
  if (finished.status !== 0) throw new Error(finished.stderr);
  return finished;
}

test("what flipped or was lost there is sent again and counted", async () => {
  flip(far("books/one"));
  rmSync(far("books/two"));
  const { result, stderr } = await succeeds();
  expect(result["repaired"]).toBe(2);
  expect(stderr).toContain("sent again: ");
  expect([readFileSync(far("books/one"), "utf8"), readFileSync(far("books/two"), "utf8")]).toEqual([
    "the book one",
    "the book two",
  ]);
  expect(world.metrics()).toMatchObject({ repaired_files: 2, doubtful_files: 0 });
  expect(world.metrics()["oldest_verified_timestamp"]).toBeGreaterThan(1e9);
});

test("a further name of a file that was sent without it is there with what the file has now", async () => {
  linkSync(here("books/three"), here("books/further"));
  await succeeds();
  rmSync(far("books/further"));
  writeFileSync(far("books/further"), "what it was");
  const { stderr } = await succeeds();
  expect(stderr).toContain(`sent again: "${world.config.legs[0]?.from}/"books/further`);
  expect(readFileSync(far("books/further"), "utf8")).toBe("the book three");
  for (const name of [far("books/further"), here("books/further")]) rmSync(name);
});

test("what flipped here is named each night, never sent, and not by the mending of what lies beside it either", async () => {
  flip(here("books/three"));
  writeFileSync(here("books/new"), "new");
  const segment = openSegment(world.journal, "paths");
  segment.add(Buffer.from("books/new"));
  segment.promote();
  world.far.shadow(
    `REAL --server --daemon --config=CONFIG .; s=$?; f=${far("books/new")}; [ -e "$f" ] && [ ! -e ${far("once")} ] && printf old >"$f" && touch ${far("once")}; exit $s`,
  );
  const { status, stderr, result } = await run();
  world.far.unshadow();
  expect({ status, repaired: result["repaired"] }).toEqual({ status: 1, repaired: 1 });
  expect(stderr).toMatch(/books\/three.*a bit may have flipped here; neither was changed/);
  expect([readFileSync(far("books/three"), "utf8"), readFileSync(far("books/new"), "utf8")]).toEqual([
    "the book three",
    "new",
  ]);
  expect((await run()).status).toBe(1);
  expect(world.metrics()["doubtful_files"]).toBe(1);
  flip(here("books/three"));
  await succeeds();
  expect(world.metrics()["doubtful_files"]).toBe(0);
});

test("without a record nobody knows which one flipped, and neither is changed", async () => {
  for (const name of ["sums", "sums.new"]) rmSync(join(world.config.stateDir, name), { force: true });
  flip(far("books/one"));
  const { status, stderr } = await run();
  expect(status).toBe(1);
  expect(stderr).toContain("nobody knows which is the good one");
  expect(readFileSync(far("books/one"), "utf8")).not.toBe("the book one");
  expect(existsSync(here("books/one"))).toBe(true);
});
