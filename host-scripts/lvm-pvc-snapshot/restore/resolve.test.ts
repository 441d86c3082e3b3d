import type { LogicalVolume } from "../../runtime/lvm/listing";
import { ownerTag } from "../../runtime/lvm/snapshots";
import type { Claim } from "../../runtime/kubernetes/volume-map";
import { type RestoreAsked, resolve } from "./resolve";

function row(name: string, change: Partial<LogicalVolume> = {}): LogicalVolume {
  return {
    ...{ uuid: name, name, sizeBytes: 1, pool: "data", origin: "", thinId: 1, tags: [] },
    ...{ active: true, open: false, transactionId: undefined, dataPercent: undefined },
    ...{ metadataPercent: undefined, ...change },
  };
}

const snap = (origin: string, stamp: string, thinId: number): LogicalVolume =>
  row(`${origin}_snap_${stamp}`, { origin, thinId, tags: [ownerTag] });

const volumes = [
  row("vm-a"),
  row("vm-b"),
  snap("vm-a", "20260525T000000Z", 2),
  snap("vm-a", "20260526T000000Z", 3),
];
const today = new Map([
  ["vm-a", { namespace: "shop", name: "data" }],
  ["vm-c", { namespace: "twice", name: "data" }],
  ["vm-d", { namespace: "twice", name: "data" }],
]);
// The claim was made anew since: the cluster's word of today goes first.
const before = new Map([
  ["vm-b", { namespace: "shop", name: "data" }],
  ["vm-e", { namespace: "gone", name: "data" }],
]);

const asked: RestoreAsked = {
  ...{ what: "vm-a", snapshot: undefined, action: "restore", dryRun: false, workload: true, waitMs: 1 },
};
const of = (change: Partial<RestoreAsked>) =>
  resolve({ ...asked, ...change }, { vg: "pve" }, { volumes, claims: [today, before] });

test("a claim is its volume by the cluster's word, or by that of an earlier run", () => {
  expect(of({ what: "shop/data" })).toMatchObject({ volume: "vm-a", snapshot: "vm-a_snap_20260526T000000Z" });
  expect(of({ what: "gone/data", snapshot: "s" })).toMatchObject({ volume: "vm-e", snapshot: "s" });
});

test("a claim that was made anew is the volume that is there, and that isn't released", () => {
  const data = { namespace: "shop", name: "data" };
  const anew = (claims: ReadonlyMap<string, Claim>) =>
    resolve({ ...asked, what: "shop/data" }, { vg: "pve" }, { volumes, claims: [claims] }).volume;
  expect(
    anew(
      new Map([
        ["vm-lost", data],
        ["vm-a", data],
      ]),
    ),
  ).toBe("vm-a");
  const both = new Map<string, Claim>([
    ["vm-b", { ...data, isReleased: true }],
    ["vm-a", data],
  ]);
  expect(anew(both)).toBe("vm-a");
});

test("without a snapshot it is the newest, or the newest of a time", () => {
  expect(of({})).toMatchObject({ snapshot: "vm-a_snap_20260526T000000Z" });
  expect(of({ atMs: Date.UTC(2026, 4, 25, 23) })).toMatchObject({ snapshot: "vm-a_snap_20260525T000000Z" });
  expect(of({ atMs: Date.UTC(2026, 4, 25) })).toMatchObject({ snapshot: "vm-a_snap_20260525T000000Z" });
});

test("what goes on with a restore needs none", () => {
  expect(of({ action: "rollback" })).toMatchObject({ volume: "vm-a", snapshot: undefined });
  expect(of({ what: "shop/data", action: "resume" })).toMatchObject({ volume: "vm-a", snapshot: undefined });
});

test.each([
  [{ what: "twice/data" }, "twice/data is the claim of 2 volumes: vm-c, vm-d"],
  [{ what: "shop/other" }, "no volume is known here to be that of the claim shop/other"],
  [
    { atMs: Date.UTC(2026, 4, 24) },
    "vm-a has no snapshot of 2026-05-24T00:00:00Z or before; its oldest is of 2026-05-25T00:00:00Z",
  ],
  [{ what: "vm-b" }, "vm-b has no snapshot of this job"],
])("%j is refused: %s", (change, text) => {
  expect(() => of(change)).toThrow(text);
});
