import fc from "fast-check";
import { contentTurns } from "./content-turns";
import type { VolumeTask } from "./daily-backup";

const dayMs = 86_400_000;
const periodMs = 30 * dayMs;
const now = Date.parse("2026-05-26T03:00:00Z");

type Turns = Partial<Pick<NonNullable<VolumeTask["record"]>, "contentMs" | "contentTriedMs">>;

function task(volume: string, turns?: Turns): VolumeTask {
  const base = { namespace: "", claim: "", path: "", successMs: 0, generations: [] };
  return {
    ...{ volume, path: "", snapshot: undefined },
    record: turns && { ...base, base: { uuid: "", thinId: -1 }, ...turns },
  };
}

const namesAt = (tasks: readonly VolumeTask[], nowMs = now): string[] =>
  contentTurns(tasks, nowMs, periodMs).map(({ volume }) => volume);

test("those that were never compared have their turn first, all of them", () => {
  const tasks = [task("old", { contentMs: now - 9 * dayMs }), task("new"), task("newer", {})];
  expect(namesAt(tasks)).toEqual(["new", "newer"]);
});

test("one that had no time to end comes after those that have waited longer", () => {
  const late = { contentMs: now - 28 * dayMs };
  expect(namesAt([task("big", { ...late, contentTriedMs: now - dayMs }), task("small", late)])).toEqual([
    "small",
    "big",
  ]);
});

test("nobody has two turns in a night", () => {
  expect(namesAt([task("one", { contentMs: now - 3_600_000 })])).toEqual([]);
});

test("each has its turn within the period, also when one night in five comes to nothing", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 0, max: 4 }), (count, missed) => {
      const compared = new Map(Array.from({ length: count }, (_, index) => [`v${index}`, now]));
      let most = 0;
      let longestMs = 0;
      for (let night = 1; night <= 90; night += 1) {
        if (night % 5 === missed) continue;
        const at = now + night * dayMs;
        const tasks = [...compared].map(([name, contentMs]) => task(name, { contentMs }));
        const turns = namesAt(tasks, at);
        most = Math.max(most, turns.length);
        for (const name of turns) compared.set(name, at);
        longestMs = Math.max(longestMs, at - Math.min(...compared.values()));
      }
      expect(longestMs).toBeLessThan(periodMs);
      // A few a night: what one night doesn't come to isn't done by all of the others at once.
      expect(most).toBeLessThanOrEqual(Math.ceil(count / 10));
    }),
    { numRuns: 25 },
  );
});
