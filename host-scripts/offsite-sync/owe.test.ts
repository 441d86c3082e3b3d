import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
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
