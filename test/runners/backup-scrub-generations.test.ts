import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { catalogueFiles } from "../../host-scripts/backup-scrub/paths";
import { continueSums, readSums } from "../../host-scripts/backup-scrub/sums";
import { inTime, testLong } from "../long";
import { editState } from "./support/edit-state";
import { failingFolder } from "./support/failing-folder";
import { createScrubWorld, type ScrubWorld } from "./support/scrub-world";

/** What is nobody's to change, what is anybody's, and what is out of sight for some nights. */
let world: ScrubWorld;

const claim = "pvc-data/2026-21/ns/claim";
const dayMs = 86_400_000;

beforeAll(async () => {
  world = await createScrubWorld();
  for (const name of ["a", "b/c", "b/d"]) fill(`${claim}/${name}`, name);
  for (let index = 0; index < 10; index += 1) fill(`books/${index}/page`, `page ${index}`);
  expect(await run()).toMatchObject({ status: 0 });
  await world.keep();
});
beforeEach(() => world.goBack());
afterAll(() => world.close());

function fill(path: string, text: string): void {
  mkdirSync(dirname(`${world.disk}/${path}`), { recursive: true });
  writeFileSync(`${world.disk}/${path}`, `${text} `.repeat(2_000));
}

const run = (env: Readonly<Record<string, string>> = {}) => world.start([], env).finished;
const move = (from: string, to: string): void => renameSync(`${world.disk}/${from}`, `${world.disk}/${to}`);
const aside = ".holdfast-aside";
/** A night's share is one file, of "books". */
const slowly = { periodMs: 30 * dayMs };

/** A night that has something to tell, of a unit that it doesn't list. */
async function expectTold(text: string, env: Readonly<Record<string, string>> = {}): Promise<void> {
  for (const night of ["second", "third"]) {
    const { status, stdout } = await run(env);
    expect({ night, status, stdout }).toMatchObject({ night, status: 1 });
    expect(stdout).toContain(text);
    expect(stdout).not.toContain('reads "pvc-data/ns/claim"');
  }
}

test("files that are gone from a generation are told each night, until they are accepted, there again, or gone with it", async () => {
  const gone = `1 of 3 files are gone from the generation "${claim}"`;
  move(`${claim}/b/c`, aside);
  expect((await run()).stdout).toContain(gone);
  world.writeConfig(slowly);
  await expectTold(gone);
  const until = new Date(Date.now() + dayMs).toISOString().slice(0, 10);
  world.writeConfig({ ...slowly, accepted: [{ path: claim, reason: "cleaned by hand", until }] });
  const accepted = await run();
  expect(accepted).toMatchObject({ status: 0 });
  expect(accepted.stdout).toContain(`accepted until ${until}`);
  world.writeConfig(slowly);
  await expectTold(gone);
  move(aside, `${claim}/b/c`);
  expect(await run()).toMatchObject({ status: 0 });
  rmSync(`${world.disk}/${claim}/b/c`);
  await expectTold(gone);
  rmSync(`${world.disk}/${claim}`, { recursive: true });
  expect(await run()).toMatchObject({ status: 0 });
});

test("a folder that can't be looked at is told each night, until it can", async () => {
  const failing = failingFolder(world.folder, "/claim/b");
  const hidden = `"${claim}/b" of "pvc-data/ns/claim" can't be looked at`;
  expect((await run(failing)).stdout).toContain(hidden);
  world.writeConfig(slowly);
  await expectTold(hidden, failing);
  expect(await run()).toMatchObject({ status: 0 });
});

test.each(inTime(1, ["pvc-data/2026-21", "pvc-data"]))(
  "a folder above generations that can't be listed is told, ends nothing else, and costs no checksums: %s",
  async folder => {
    for (const period of ["2026-21", "2026-22"]) fill(`pvc-data/${period}/ns/two/file`, period);
    expect(await run()).toMatchObject({ status: 0 });
    const failing = failingFolder(world.folder, `/disk/${folder}`);
    for (const night of ["first", "second"]) {
      const { status, stdout } = await run(failing);
      expect({ night, status, stdout }).toMatchObject({ night, status: 1 });
      expect(stdout).toContain(`"${folder}" of "pvc-data" can't be looked at: EIO`);
      expect(stdout).toContain(`"${claim}" can't be seen, as "${folder}" can't be listed: EIO`);
      expect(stdout).toMatch(/ 1[01] files \(/);
    }
    await world.rot(`${claim}/a`, "pvc-data/2026-21/ns/two/file");
    const { status, stdout } = await run();
    expect({ status, stdout }).toMatchObject({ status: 1 });
    expect(stdout).toContain("2 files of the backup disk don't hold what was recorded");
  },
);

test.each(inTime(1, ["pvc-data/notes", "pvc-data/2026-21/ns/notes", "pvc-data/by-hand/ns/claim/notes"]))(
  "a file that lies beside generations is anybody's: %s",
  async path => {
    fill(path, "one");
    fill("books/copy", "one");
    expect(await run()).toMatchObject({ status: 0 });
    writeFileSync(`${world.disk}/${path}`, "two");
    const { status, stdout } = await run();
    expect({ status, stdout }).toMatchObject({ status: 0 });
    expect(readFileSync(`${world.disk}/${path}`, "utf8")).toBe("two");
    rmSync(`${world.disk}/${path}`);
    expect(await run()).toMatchObject({ status: 0 });
  },
);

describe("what is out of sight for some nights", () => {
  async function expectRotIsSeen(path: string, unit: string): Promise<void> {
    await world.rot(path);
    const { status, stdout } = await run();
    expect({ status, stdout }).toMatchObject({ status: 1 });
    expect(stdout).toContain(`known: "${path}" of "${unit}"`);
  }

  test.each(
    inTime(1, [
      ["pvc-data", "b/c", "pvc-data/ns/claim"],
      ["books", "1/page", "books"],
    ]),
  )("keeps its checksums: all of %s", async (entry, file, unit) => {
    move(entry, aside);
    for (const night of ["first", "second"]) expect({ night, ...(await run()) }).toMatchObject({ status: 0 });
    move(aside, entry);
    await expectRotIsSeen(entry === "books" ? `books/${file}` : `${claim}/${file}`, unit);
  });

  // All of a unit keeps them, above.
  testLong(
    "keeps its checksums: a folder that is away when a pass comes to it that had listed it",
    async () => {
      world.writeConfig(slowly);
      await run();
      world.writeConfig({});
      move("books/9", aside);
      expect(await run()).toMatchObject({ status: 0 });
      move(aside, "books/9");
      await expectRotIsSeen("books/9/page", "books");
    },
  );

  test("has no checksums any more after a month, nor has what was replaced, where a part of a unit is hidden for good", async () => {
    const { sums, id } = catalogueFiles(world.config, "books");
    const recorded = () => [...readSums(sums, id, { count: 0 })];
    const seenDaysAgo = (days: number): void => {
      const records = recorded();
      rmSync(sums);
      const writer = continueSums(sums, id);
      for (const record of records) writer.add({ ...record, seenMs: Date.now() - days * dayMs });
      writer.finish(Date.now());
      writer.close();
    };
    const until = new Date(Date.now() + dayMs).toISOString().slice(0, 10);
    world.writeConfig({ accepted: [{ path: "books/9", reason: "a bad sector", until }] });
    const failing = failingFolder(world.folder, "/books/9");
    // At once, so that no inode's number comes again.
    for (let index = 0; index < 3; index += 1) fill(`books/new/${index}`, "replaced");
    for (let index = 0; index < 3; index += 1) rmSync(`${world.disk}/books/${index}`, { recursive: true });
    expect(await run(failing)).toMatchObject({ status: 0 });
    seenDaysAgo(29);
    expect(await run(failing)).toMatchObject({ status: 0 });
    expect(recorded()).toHaveLength(13);
    const ofOld = recorded().filter(({ seenMs }) => seenMs < Date.now() - dayMs);
    expect(ofOld).toHaveLength(4);
    seenDaysAgo(31);
    expect(await run(failing)).toMatchObject({ status: 0 });
    expect(recorded()).toHaveLength(9);
  });

  test("has no checksums any more after a month", async () => {
    const sums = (): number =>
      readdirSync(join(world.config.stateDir, "catalogue")).filter(name => name.endsWith(".sums")).length;
    move("pvc-data", aside);
    await run();
    expect(sums()).toBe(2);
    editState(world, ({ gone = {}, ...state }) => ({
      ...state,
      gone: Object.fromEntries(
        Object.entries(gone).map(([name, one]) => [name, { ...one, goneMs: one.goneMs - 31 * dayMs }]),
      ),
    }));
    await run();
    expect(sums()).toBe(1);
  });
});
