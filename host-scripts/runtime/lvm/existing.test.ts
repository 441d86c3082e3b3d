import fc from "fast-check";
import type { KeepPolicy } from "../../../plan/contracts/keep-policy";
import { longestKeptMs, mostPerVolume, planRemovals, type ExistingSnapshot, thinningOrder } from "./existing";

const dayMs = 86_400_000;
const nowMs = Date.parse("2026-05-26T03:00:00Z");
const week = { policy: { kind: "age", ms: 7 * dayMs, atLeast: 1 }, zone: "UTC", nowMs } as const;

let order = 0;

/** Snapshots of one volume, by their age in days, oldest first. */
function snapshots(origin: string, ...days: readonly number[]): ExistingSnapshot[] {
  return days.map(age => ({
    ...{ name: `${origin}-${age}d`, origin, madeMs: nowMs - age * dayMs },
    ...{ order: (order += 1), busy: undefined },
  }));
}

const names = (list: readonly ExistingSnapshot[]): string[] => list.map(({ name }) => name);

test("what has expired goes, of volumes that have a new snapshot", () => {
  const existing = new Map([["a", snapshots("a", 9, 8, 3, 0)]]);
  const { remove } = planRemovals(existing, new Set(["a"]), new Set(), week);
  expect(names(remove)).toEqual(["a-9d", "a-8d"]);
});

test("nothing goes of a volume that has no new snapshot, however old they are", () => {
  const existing = new Map([["a", snapshots("a", 30, 20, 10)]]);
  const { remove } = planRemovals(existing, new Set(), new Set(["a"]), week);
  expect(remove).toEqual([]);
});

test("the last snapshot of a deleted volume stays until it is as old as any gets, and then goes", () => {
  const existing = new Map([
    ["young", snapshots("young", 20, 6)],
    ["old", snapshots("old", 20, 8)],
  ]);
  const { remove } = planRemovals(existing, new Set(), new Set(), week);
  expect(names(remove)).toEqual(["young-20d", "old-20d", "old-8d"]);
});

test("a job that was dead for a month leaves its only snapshot of each volume", () => {
  const existing = new Map([["a", snapshots("a", 30)]]);
  expect(planRemovals(existing, new Set(["a"]), new Set(), week).remove).toEqual([]);
});

test("one run removes no more than three of a volume, the oldest, and says how many are left", () => {
  const existing = new Map([["a", snapshots("a", 20, 19, 18, 17, 16, 0)]]);
  const { remove, later } = planRemovals(existing, new Set(["a"]), new Set(), week);
  expect(names(remove)).toEqual(["a-20d", "a-19d", "a-18d"]);
  expect(later).toBe(2);
});

test("what a run has removed to make room counts among those three", () => {
  const existing = new Map([
    ["a", snapshots("a", 20, 19, 18, 0)],
    ["b", snapshots("b", 20, 19, 18, 0)],
  ]);
  const gone = new Map([
    ["a", 2],
    ["b", 3],
  ]);
  const { remove, later } = planRemovals(existing, new Set(["a", "b"]), new Set(), week, gone);
  expect(names(remove)).toEqual(["a-20d"]);
  expect(later).toBe(5);
});

test("one from the future is kept and told, and so is one that is in use", () => {
  const [open, future, last] = snapshots("a", 20, -1, 0);
  if (!open || !future || !last) throw new Error("three were made");
  const existing = new Map([["a", [{ ...open, busy: "it is open" }, future, last]]]);
  const plan = planRemovals(existing, new Set(["a"]), new Set(), {
    ...week,
    policy: { kind: "tiers", tiers: [{ every: "run", count: 1 }] },
  });
  expect(plan.remove).toEqual([]);
  expect(names(plan.future)).toEqual(["a--1d"]);
  expect(names(plan.busy)).toEqual(["a-20d"]);
});

test("a full pool is thinned out from the oldest on, over all volumes, and keeps the newest of each", () => {
  order = 0;
  const a = snapshots("a", 3, 2);
  const b = snapshots("b", 2.9, 1, 0);
  expect(
    names(
      thinningOrder(
        new Map([
          ["a", a],
          ["b", b],
        ]),
        week,
      ),
    ),
  ).toEqual(["a-3d", "b-2.9d", "b-1d"]);
});

test("what the policy has given up goes before what it wants to keep", () => {
  order = 0;
  const list = snapshots("a", 3, 2.1, 2, 0);
  const policy: KeepPolicy = { kind: "tiers", tiers: [{ every: "day", count: 9 }] };
  expect(names(thinningOrder(new Map([["a", list]]), { ...week, policy }))).toEqual([
    "a-2.1d",
    "a-3d",
    "a-2d",
  ]);
});

test("neither thinning out nor pruning ever takes the newest of a covered volume, or one in use", () => {
  const days = fc.array(fc.integer({ min: -2, max: 40 }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(fc.array(days, { minLength: 1, maxLength: 5 }), fc.nat(), (lists, seed) => {
      const existing = new Map(
        lists.map((ages, index) => {
          const list = snapshots(`v${index}`, ...ages);
          return [
            `v${index}`,
            list.map(each => ({ ...each, busy: each.order % 3 === seed % 3 ? "open" : undefined })),
          ];
        }),
      );
      const plan = planRemovals(existing, new Set(existing.keys()), new Set(), week);
      for (const list of existing.values()) {
        const gone = [...plan.remove, ...thinningOrder(existing, week)].filter(each => list.includes(each));
        expect(gone).not.toContain(list.at(-1));
        expect(gone.every(({ busy }) => busy === undefined)).toBe(true);
        expect(plan.remove.filter(each => list.includes(each)).length).toBeLessThanOrEqual(mostPerVolume);
      }
    }),
  );
});

test("the longest that a policy keeps is the span of its longest tier", () => {
  const tiers = [{ every: "day", count: 7 } as const, { every: "week", count: 4 } as const];
  expect(longestKeptMs({ kind: "tiers", tiers })).toBe(28 * dayMs);
});
