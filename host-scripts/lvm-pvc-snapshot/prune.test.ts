import { beforeRestoreTags, snapshotName } from "../runtime/lvm/snapshots";
import { outlived } from "./prune";

test("what a volume had before a restore goes once: a removal of what is gone fails, and would fail the run", () => {
  const madeMs = Date.parse("2026-05-26T00:00:03Z");
  const name = snapshotName("vm-9999-pvc-a", madeMs);
  const volume = {
    ...{
      uuid: name,
      name,
      sizeBytes: 1,
      pool: "data",
      origin: "vm-9999-pvc-a",
      thinId: 1,
      active: false,
      open: false,
    },
    ...{ transactionId: undefined, dataPercent: undefined, metadataPercent: undefined },
    tags: beforeRestoreTags("vm-9999-pvc-a", madeMs),
  };
  const found = {
    volumes: [volume],
    missing: [],
    unfinished: { restores: [], restored: new Set<string>(), fault: undefined },
  };
  const nowMs = Date.parse("2027-05-26T00:00:03Z");
  expect(outlived(found, new Set(), nowMs)).toHaveLength(1);
  expect(outlived(found, new Set([name]), nowMs)).toEqual([]);
});
