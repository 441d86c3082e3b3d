import { readSnapshotList } from "./snapshot-list";

test("names are read in GMT, and in the hours that a NAS's zone is ahead of it", () => {
  const { snapshots, unknownLines } = readSnapshotList(
    "Snapshots of share [Backup]:\n\nGMT-2026.05.24-21.00.02\nGMT+03-2026.05.24-02.00.00\n",
  );
  expect(unknownLines).toEqual([]);
  expect(snapshots.map(({ atMs }) => new Date(atMs).toISOString())).toEqual([
    "2026-05-23T23:00:00.000Z",
    "2026-05-24T21:00:02.000Z",
  ]);
});

test("whatever else stands there is nobody's guess", () => {
  const lines = ["GMT-2026.02.31-00.00.00", "GMT-2026.05.24-21.00.02 [locked]", "daily-1"];
  expect(readSnapshotList(["heading", ...lines].join("\n"))).toEqual({ snapshots: [], unknownLines: lines });
  // A first line with a name in it is no heading.
  expect(readSnapshotList("1) GMT-2026.05.24-21.00.02").unknownLines).toHaveLength(1);
});
