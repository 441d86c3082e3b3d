import { chosenCopy, type KeptCopy } from "./copies";
import { newestOfEach } from "./verify";

const dayMs = 86_400_000;
const copy = (period: string, completeMs: number): KeptCopy => ({
  ...{ name: "paperless/data", kind: "files", period, completeMs },
  ...{
    folder: `/mnt/backup/pvc-data/${period}/paperless/data`,
    identity: period,
    isComplete: true,
    lacks: [],
  },
});
const wanted = { name: "paperless/data", kind: "files", incomplete: false } as const;

test("the copy of a clock that was ahead is the newest only where there is no other, or it is asked for", () => {
  const ahead = copy("2100-01", Date.now() + 40 * dayMs);
  const newest = copy("2026-47", Date.now() - dayMs);
  const all = [ahead, newest, copy("2026-46", Date.now() - 8 * dayMs)];
  expect(chosenCopy({ copies: all, unread: [] }, { ...wanted, atMs: undefined }).copy).toBe(newest);
  expect(chosenCopy({ copies: [ahead], unread: [] }, { ...wanted, atMs: undefined }).copy).toBe(ahead);
  expect(chosenCopy({ copies: all, unread: [] }, { ...wanted, atMs: ahead.completeMs }).copy).toBe(ahead);
});

test("what verify reads is the copy that a restore takes", () => {
  const ahead = copy("2100-01", Date.now() + 40 * dayMs);
  const incomplete = { ...copy("2026-48", Date.now()), isComplete: false };
  const newest = copy("2026-47", Date.now() - dayMs);
  const other = { ...ahead, name: "shop/data" };
  expect(newestOfEach([ahead, incomplete, newest, other])).toEqual([newest, other]);
});
