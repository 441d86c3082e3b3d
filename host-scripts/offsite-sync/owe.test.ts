import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSegment } from "../runtime/journal";
import { acknowledge, readDebt } from "../runtime/journal-consumer";
import { forgetWatched, noteWatched } from "../runtime/journal-watched";
import type { LegRun, Offsite } from "./offsite";
import { owe } from "./owe";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-owe-"));
  mkdirSync(join(folder, "nfs", "immich"), { recursive: true });
  writeFileSync(join(folder, "nfs", "immich", "photo"), "1");
});
afterEach(() => rmSync(folder, { recursive: true }));

const journal = (): string => join(folder, "journal");

function hand(path: string): void {
  const segment = openSegment(journal());
  segment.add(Buffer.from(path));
  segment.promote();
}

/** What is owed of a leg below a root that somebody watches. */
async function owed(stamp: string): Promise<LegRun> {
  const from = join(folder, "nfs", "immich");
  const watched = { writer: "nfs-change-tracker", folder: journal(), root: join(folder, "nfs") };
  const leg = { from, excludes: [], generations: [], journals: [{ ...watched, watches: true }] };
  const run = {
    config: { job: "offsite-sync-backup", legs: [leg] },
    memory: {
      full: {},
      recent: {},
      stamps: { [journal()]: stamp },
      parts: { [from]: { entries: 1, bytes: 1 } },
    },
    log: { info: () => undefined },
    legs: [{ leg }],
    ...{ debts: new Map(), startedAt: new Date() },
  } as unknown as Offsite;
  await owe.run(run);
  const [found] = run.legs;
  if (!found) throw new Error("no leg");
  return found;
}

test("a journal whose writer watches is believed while that says so, and for as long as it has known", async () => {
  hand("immich/photo");
  const stamp = acknowledge(journal(), "offsite-sync-backup", readDebt(journal(), "offsite-sync-backup", ""));
  const never = await owed(stamp);
  expect(never.parts[0]?.todo).toEqual({
    kind: "all",
    why: "nfs-change-tracker's journal: nobody has watched it yet",
  });

  const throughMs = Date.now() - 30_000;
  noteWatched(journal(), throughMs);
  expect(await owed(stamp)).toMatchObject({ asOfMs: throughMs, parts: [{ todo: { kind: "nothing" } }] });
  hand("immich/photo");
  hand("other/file");
  expect((await owed(stamp)).parts[0]?.todo).toEqual({ kind: "list", paths: ["photo"], subtrees: [] });

  // A watcher that has died says nothing more, and one that was stopped takes it back.
  noteWatched(journal(), Date.now() - 10 * 60_000);
  expect((await owed(stamp)).parts[0]?.todo).toMatchObject({
    why: expect.stringMatching(/nobody has watched it since \d{4}-/) as string,
  });
  // One that is older than this job's config may note less than it reads.
  for (const notes of [{ without: ["immich"] }, { only: ["other"] }]) {
    noteWatched(journal(), Date.now(), notes);
    expect((await owed(stamp)).parts[0]?.todo).toEqual({
      kind: "all",
      why: "nfs-change-tracker doesn't note what changes in it",
    });
  }
  noteWatched(journal(), Date.now(), { only: ["immich"], without: ["other"] });
  expect((await owed(stamp)).parts[0]?.todo).toMatchObject({ kind: "list" });
  forgetWatched(journal());
  expect((await owed(stamp)).parts[0]?.todo).toMatchObject({ kind: "all" });
});

test("names below what was a folder and is a file are gone, and nothing to send", async () => {
  hand("immich/photo");
  const stamp = acknowledge(journal(), "offsite-sync-backup", readDebt(journal(), "offsite-sync-backup", ""));
  noteWatched(journal(), Date.now());
  hand("immich/photo/was/in/it");
  hand("immich/photo");
  expect((await owed(stamp)).parts[0]?.todo).toEqual({ kind: "list", paths: ["photo"], subtrees: [] });
});

test("what a writer that is at work, or was killed, has changed since it began isn't told as sent", async () => {
  hand("immich/photo");
  const stamp = acknowledge(journal(), "offsite-sync-backup", readDebt(journal(), "offsite-sync-backup", ""));
  noteWatched(journal(), Date.now() + 1_000);
  const begunMs = Date.now() - 100;
  openSegment(journal()).add(Buffer.from("immich/photo"));
  const endMs = Date.now() + 100;
  await new Promise(resolve => setTimeout(resolve, 200));
  const { asOfMs } = await owed(stamp);
  expect([asOfMs >= begunMs, asOfMs < endMs]).toEqual([true, true]);
});

test("a name below what is a link by now is nothing to send, and the link is", async () => {
  hand("immich/photo");
  const stamp = acknowledge(journal(), "offsite-sync-backup", readDebt(journal(), "offsite-sync-backup", ""));
  noteWatched(journal(), Date.now());
  mkdirSync(join(folder, "nfs/immich/other"));
  writeFileSync(join(folder, "nfs/immich/other/in"), "1");
  symlinkSync("other", join(folder, "nfs/immich/was"));
  hand("immich/was");
  hand("immich/was/in");
  expect((await owed(stamp)).parts[0]?.todo).toEqual({ kind: "list", paths: ["was"], subtrees: [] });
});
