import { absenceOf, type AbsenceFacts } from "./covered";
import type { RestoreRecord } from "./restore-record";

const volume = "vm-9-pvc-data";
const claim = { namespace: "shop", name: "data" };
const restore: RestoreRecord = {
  ...{ volume, snapshot: { name: `${volume}_snap`, uuid: "s" }, stamp: "20260526T000003Z" },
  ...{ old: { uuid: "o", sizeBytes: 1, tags: [] }, persistentVolume: "pv", claim, workloads: [] },
  ...{ doing: "rollback", phase: "take-back", freshUuid: null, used: false, end: null },
};

/** A volume that was covered with its claim and isn't there; the cluster wasn't reached. */
const look = (change: Partial<AbsenceFacts>) =>
  absenceOf({
    ...{ vg: "pve", covered: new Map([[volume, claim]]), snapshots: new Map(), live: new Set() },
    ...{ map: new Map([[volume, claim]]), isCurrent: false, restores: [], forgotten: new Set() },
    isCovered: (_, of) => of?.namespace !== "excluded",
    ...change,
  });
const others = new Map([["vm-9-pvc-other", { namespace: "shop", name: "other" }]]);

test.each<[string, Partial<AbsenceFacts>, { missing: number; gone: number }]>([
  ["there", { live: new Set([volume]) }, { missing: 0, gone: 0 }],
  ["not there, and the cluster can't be asked", {}, { missing: 1, gone: 0 }],
  ["not there, and no cluster is known", { map: new Map() }, { missing: 1, gone: 0 }],
  ["not there, and wanted by the cluster", { isCurrent: true }, { missing: 1, gone: 0 }],
  ["deleted in the cluster too", { map: others, isCurrent: true }, { missing: 0, gone: 1 }],
  ["lacking in an old map alone", { map: others }, { missing: 1, gone: 0 }],
  ["lacking in an empty answer", { map: new Map(), isCurrent: true }, { missing: 1, gone: 0 }],
  [
    "one that never had a claim",
    { covered: new Map([[volume, undefined]]), map: others, isCurrent: true },
    { missing: 1, gone: 0 },
  ],
  ["said to be gone", { forgotten: new Set([volume]) }, { missing: 0, gone: 1 }],
  [
    "known by its snapshots alone",
    { covered: new Map(), snapshots: new Map([[volume, []]]) },
    { missing: 1, gone: 0 },
  ],
  [
    "in a restore, whatever was said",
    { forgotten: new Set([volume]), restores: [restore] },
    { missing: 1, gone: 0 },
  ],
  ["excluded by now", { isCovered: () => false }, { missing: 0, gone: 0 }],
])("a covered volume that is %s", (_, change, expected) => {
  const { missing, gone } = look(change);
  expect({ missing: missing.length, gone: gone.length }).toEqual(expected);
});

test("a volume in an unfinished rollback is missing with the command that goes on, and no other", () => {
  const { missing } = look({ restores: [restore] });
  expect(missing).toMatchObject([
    {
      claim,
      next: `lvm-pvc-snapshot restore ${volume} --rollback`,
      reason: expect.stringContaining("take-back"),
    },
  ]);
});
