import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSegment } from "../runtime/journal";
import { acknowledge, readDebt } from "../runtime/journal-consumer";
import { debtOf, type LegDebt } from "./leg-debt";
import type { Offsite } from "./offsite";

const job = "offsite-sync-backup";
const folder = mkdtempSync(join(tmpdir(), "holdfast-debt-"));
const [journal, from] = [join(folder, "journal"), join(folder, "nfs", "photos")];
afterAll(() => rmSync(folder, { recursive: true }));

function hand(name: string): void {
  const segment = openSegment(journal);
  segment.add(Buffer.from(name));
  segment.promote();
}

const startedAt = new Date("2026-11-01T06:00:00Z");

function owed(stamp: string, { isAway = false, isNew = false } = {}): Promise<LegDebt> {
  const journals = [{ writer: "nfs-mirror", folder: journal, root: join(folder, "nfs"), watches: false }];
  const leg = { from, excludes: [], generations: [], journals };
  const run = {
    config: { job, legs: [leg] },
    memory: {
      recent: {},
      full: {},
      stamps: { [journal]: stamp },
      parts: isNew ? {} : { [from]: { entries: 1, bytes: 5 } },
    },
    legs: isAway ? [] : [{ leg }],
    ...{ debts: new Map(), startedAt },
  } as unknown as Offsite;
  return debtOf(run, leg as unknown as Offsite["config"]["legs"][number]);
}

test("a leg of which nothing was named owes nothing, and where anything may have changed no name says since when", async () => {
  mkdirSync(from, { recursive: true });
  writeFileSync(join(from, "photo"), "12345");
  hand("photos/photo");
  const stamp = acknowledge(journal, job, readDebt(journal, job, ""));
  const nothing = { amount: { files: 0, bytes: 0 }, oldestMs: startedAt.getTime() };
  expect(await owed(stamp)).toEqual(nothing);
  hand("books/of another leg");
  hand("photos/that is gone");
  expect(await owed(stamp)).toEqual(nothing);
  hand("photos/photo");
  const amount = { files: 1, bytes: 5 };
  expect(await owed(stamp)).toEqual({ amount, oldestMs: expect.any(Number) as number });
  expect(await owed("another one")).toEqual({ amount, oldestMs: undefined });
  expect(await owed(stamp, { isNew: true })).toEqual({ amount, oldestMs: undefined });
  expect(await owed(stamp, { isAway: true })).toEqual({ amount, oldestMs: expect.any(Number) as number });
  expect(await owed(stamp, { isAway: true, isNew: true })).toEqual({
    amount: undefined,
    oldestMs: undefined,
  });
});
