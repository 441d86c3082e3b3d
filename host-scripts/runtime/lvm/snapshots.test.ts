import fc from "fast-check";
import type { LogicalVolume } from "./listing";
import {
  beforeRestores,
  beforeRestoreTags,
  freeSnapshotName,
  liveVolumes,
  ownSnapshots,
  snapshotName,
  ownerTag,
  stamp,
} from "./snapshots";

const night = Date.parse("2026-05-26T00:00:03Z");

function volume(name: string, change: Partial<LogicalVolume> = {}): LogicalVolume {
  return {
    ...{
      uuid: name,
      name,
      sizeBytes: 1,
      pool: "data",
      origin: "",
      thinId: 1,
      tags: [],
      active: true,
      open: false,
    },
    ...{ transactionId: undefined, dataPercent: undefined, metadataPercent: undefined },
    ...change,
  };
}

function snapshotOf(origin: string, atMs: number, thinId: number): LogicalVolume {
  return volume(snapshotName(origin, atMs), { origin, thinId, tags: [ownerTag] });
}

test("a name carries its origin and the instant in UTC, whatever the host's zone is", () => {
  expect(snapshotName("vm-9999-pvc-a", night)).toBe("vm-9999-pvc-a_snap_20260526T000003Z");
});

test("names of one origin sort as their instants do, and give them back to the second", () => {
  const seconds = fc.integer({ min: 0, max: 4_102_444_800 });
  fc.assert(
    fc.property(seconds, seconds, (a, b) => {
      const [first, second] = [a, b].map(each => snapshotName("vm-1-pvc-x", each * 1000));
      expect(Math.sign(a - b)).toBe(first === second ? 0 : (first ?? "") < (second ?? "") ? -1 : 1);
      const found = ownSnapshots([snapshotOf("vm-1-pvc-x", a * 1000, 2)]).get("vm-1-pvc-x")?.[0];
      expect(found?.madeMs).toBe(a * 1000);
    }),
  );
});

test("a second run in one second, or after the clock went back, takes the next name that is free", () => {
  const taken = new Set([0, 1].map(second => snapshotName("vm-1-pvc-x", night + second * 1000)));
  const { name, madeMs } = freeSnapshotName("vm-1-pvc-x", night + 400, each => taken.has(each));
  expect(name).toBe("vm-1-pvc-x_snap_20260526T000005Z");
  expect(stamp(madeMs)).toBe("20260526T000005Z");
});

test("a snapshot is ours by its tags, not by its name", () => {
  const foreign = volume(snapshotName("vm-1-pvc-x", night), { origin: "vm-1-pvc-x" });
  expect(ownSnapshots([foreign])).toEqual(new Map());
});

test("snapshots are in the order in which they were made, though the clock went back by a day between them", () => {
  const first = snapshotOf("vm-1-pvc-x", night, 4);
  const second = snapshotOf("vm-1-pvc-x", night - 86_400_000, 9);
  const found = ownSnapshots([second, first]).get("vm-1-pvc-x") ?? [];
  expect(found.map(each => each.volume)).toEqual([first, second]);
});

test("a snapshot belongs to the name in its tags after its volume was replaced by a restore", () => {
  const snapshot = { ...snapshotOf("vm-1-pvc-x", night, 4), origin: "vm-1-pvc-x_before_restore" };
  expect([...ownSnapshots([snapshot]).keys()]).toEqual(["vm-1-pvc-x"]);
});

test("live are the volumes of the pool that match: no snapshot, nothing of ours, no other pool", () => {
  const live = [volume("vm-1-pvc-x"), volume("vm-20-pvc-a.b+c")];
  const others = [
    snapshotOf("vm-1-pvc-x", night, 4),
    volume("vm-1-pvc-x_snap_2026", { origin: "vm-1-pvc-x" }),
    volume("vm-1-pvc-scratch", { tags: ["holdfast.scratch"] }),
    volume("vm-1-pvc-y", { pool: "other" }),
    volume("vm-1-disk-0"),
    volume("data", { pool: "" }),
  ];
  expect(liveVolumes([...live, ...others], "data", "vm-*-pvc-*")).toEqual(live);
});

test("a restored volume is live although it is a snapshot of a snapshot", () => {
  const restored = volume("vm-1-pvc-x", { origin: "vm-1-pvc-x_snap_20260526T000003Z" });
  expect(liveVolumes([restored], "data", "vm-*-pvc-*")).toEqual([restored]);
});

test("a dot or a plus in a pattern stands for itself", () => {
  expect(liveVolumes([volume("vm-1-pvcX"), volume("vm-1-pvc.")], "data", "vm-?-pvc.")).toHaveLength(1);
});

test("what a restore keeps of a volume is none of the job's snapshots, and says until when it stays", () => {
  const madeMs = Date.UTC(2026, 4, 26, 12);
  const name = snapshotName("vm-a", madeMs);
  const kept = volume(name, { origin: "vm-a", tags: beforeRestoreTags("vm-a", madeMs) });
  expect(ownSnapshots([kept]).size).toBe(0);
  expect(liveVolumes([kept], "data", "*")).toEqual([]);
  expect(beforeRestores([kept])).toMatchObject([
    { origin: "vm-a", madeMs, untilMs: madeMs + 14 * 86_400_000 },
  ]);
});
