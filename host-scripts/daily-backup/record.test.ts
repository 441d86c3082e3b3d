import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readRecords, type VolumeRecord, writeRecord } from "./record";

const dayMs = 86_400_000;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "record-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const kept = {
  namespace: "app",
  claim: "data",
  path: "app/data",
  base: { uuid: "u", thinId: 7 },
  generations: [],
};

function readAgain(times: Partial<VolumeRecord>): VolumeRecord | undefined {
  writeRecord(folder, "vm-1-pvc-app", { ...kept, successMs: 1, ...times });
  return readRecords(folder).get("vm-1-pvc-app");
}

test("times that a clock which was ahead has written are not known: they would silence an alert, or put off a turn, until then", () => {
  const ahead = Date.now() + 365 * dayMs;
  const times = { successMs: ahead, contentMs: ahead, contentTriedMs: ahead };
  expect(readAgain(times)).toEqual({ ...kept, successMs: 0 });
});

test("times of today and before, by a zone that was wrong for a night, are carried", () => {
  const times = { successMs: Date.now() - dayMs, contentMs: Date.now() + dayMs, contentTriedMs: Date.now() };
  expect(readAgain(times)).toEqual({ ...kept, ...times });
});
