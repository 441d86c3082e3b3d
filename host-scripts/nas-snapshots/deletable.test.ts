import { whyKept } from "./deletable";

const day = 86_400_000;
const now = Date.UTC(2026, 10, 28, 12);
/** Daily ones at noon, the newest is today's. */
const snapshots = [6, 5, 4, 3, 2, 1, 0].map(ago => ({ name: `${ago}`, atMs: now - ago * day }));

const why = (asked: string, atLeast: number, verified: Readonly<Record<string, number | undefined>> = {}) =>
  whyKept(snapshots, asked.split(" "), {
    ...{ atLeast, nowMs: now },
    verified: new Map(Object.entries(verified)),
  });

test("so many stay, whatever is named, and what is of a time that hasn't come counts for none of them", () => {
  expect(why("6 5 4 3 2", 2)).toBeUndefined();
  expect(why("6 5 4 3 2 1", 2)).toMatch(/^1 of 7 snapshots would be left, and at least 2 have to stay$/);
  const ahead = [...snapshots.slice(5), { name: "ahead", atMs: now + day }];
  expect(whyKept(ahead, ["1", "0"], { atLeast: 1, nowMs: now, verified: new Map() })).toMatch(/^0 of 2/);
  expect(whyKept(ahead, ["ahead", "1"], { atLeast: 1, nowMs: now, verified: new Map() })).toBeUndefined();
});

test("the last that has a verified copy stays until a later run is verified and in a snapshot", () => {
  // Last verified three and a half days ago: the snapshot of three days ago has that, and each run since failed.
  expect(why("3", 1, { offsite: now - 3.5 * day })).toMatch(/^3 is the first one after offsite had all/);
  expect(why("6 5 4 2 1 0", 1, { offsite: now - 3.5 * day })).toBeUndefined();
  // Verified after the newest one: that one is the last with an earlier copy.
  expect(why("0", 1, { offsite: now + 1 })).toMatch(/^0 is the newest, and no snapshot has yet/);
  expect(why("6 1", 1, { offsite: now + 1 })).toBeUndefined();
  expect(why("6", 1, { offsite: undefined })).toMatch(/^offsite never had all/);
});

test("of two jobs that send there, each keeps its own", () => {
  const verified = { offsite: now - 3.5 * day, friend: now - 0.5 * day };
  expect(why("0", 1, verified)).toMatch(/^0 is the first one after friend/);
  expect(why("3", 1, verified)).toMatch(/^3 is the first one after offsite/);
  expect(why("6 5 4 2 1", 1, verified)).toBeUndefined();
});
