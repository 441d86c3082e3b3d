import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Memory, readMemory } from "./memory";
import type { Leg, Offsite } from "./offsite";
import { afterKill, withRecent } from "./on-disk";

const stateDir = mkdtempSync(join(tmpdir(), "holdfast-recent-"));
afterAll(() => rmSync(stateDir, { recursive: true }));

function read(memory: Partial<Record<keyof Memory, unknown>>): Memory {
  writeFileSync(
    join(stateDir, "memory.json"),
    JSON.stringify({ stamps: {}, parts: {}, legs: {}, ...memory }),
  );
  return readMemory({ stateDir });
}

const leg = { from: "/backup" } as Leg;
const startedAt = new Date("2026-11-01T06:00:00Z");
const startedMs = startedAt.getTime();

/** What a memory keeps of the leg after a run that sent it nothing. */
function left(memory: Memory, { isDone = true, isOnDisk = false } = {}) {
  const legs = [{ leg, isDone, sentNames: new Set() }];
  const run = { config: { legs: [leg] }, memory, legs, wholeParts: {}, startedAt };
  return withRecent(run as unknown as Offsite, isOnDisk).recent[leg.from];
}

test("a memory of before there were times is read, and what it has is looked at by two runs", () => {
  const older = read({ mark: "m", recent: { "/backup": ["one"], "/photos": null, "/books": [] } });
  expect([older.mark, older.recent["/photos"]?.names]).toEqual(["m", null]);
  const once = left(older);
  expect(once).toEqual({ names: ["one"], sentMs: startedMs });
  expect(left(read({ recent: { "/backup": { ...once, sentMs: startedMs - 600_000 } } }))).toBeUndefined();
  expect(left(read({ recent: { "/backup": [] } }))).toBeUndefined();
});

test("what was sent is kept until a run that looked at it had begun five minutes later", () => {
  const sent = (sentMs: number) => read({ recent: { "/backup": { names: ["one"], sentMs } } });
  expect(left(sent(startedMs - 299_000))).toBeDefined();
  expect(left(sent(startedMs - 300_000))).toBeUndefined();
  expect(left(sent(startedMs - 300_000), { isDone: false })).toBeDefined();
  expect(left(sent(startedMs - 1), { isOnDisk: true })).toBeUndefined();
  // By a clock that was years ahead.
  expect(left(sent(startedMs + 1e12))).toEqual({ names: ["one"], sentMs: startedMs });
});

test("of a run that was killed while it sent, all of each leg may have been lost, until a run after the next one has looked", () => {
  const found = afterKill(read({ isSending: true, recent: { "/backup": ["one"] } }), [leg]);
  expect(found).toMatchObject({ recent: { "/backup": { names: null } } });
  expect(left(found)).toEqual({ names: null, sentMs: startedMs });
  // What its power took before, a sync of today doesn't bring back.
  expect(left(found, { isOnDisk: true })).toEqual({ names: null, sentMs: startedMs });
  expect(
    left(read({ recent: { "/backup": { names: null, sentMs: startedMs } } }), { isOnDisk: true }),
  ).toBeUndefined();
  expect(afterKill(read({ isSending: false }), [leg]).recent).toEqual({});
});

test("of a leg that has left the estate nothing is kept: it would make each night one with news", () => {
  const run = {
    config: { legs: [leg] },
    memory: read({ recent: { "/gone": ["one"] } }),
    legs: [],
    startedAt,
  };
  expect(withRecent(run as unknown as Offsite).recent).toEqual({});
});
