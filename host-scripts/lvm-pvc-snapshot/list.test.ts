import type { LogicalVolume } from "../runtime/lvm/listing";
import { keptTag, ownerTag, snapshotName } from "../runtime/lvm/snapshots";
import { listed, textOf } from "./list";

const pool = { vg: "pve", pool: "data", pattern: "vm-*-pvc-*" };
const madeMs = Date.parse("2026-05-26T00:00:03Z");

function volume(name: string, change: Partial<LogicalVolume> = {}): LogicalVolume {
  return {
    ...{ uuid: name, name, sizeBytes: 2 ** 30, pool: "data", origin: "", thinId: 1, tags: [] },
    ...{ active: true, open: false },
    ...{ transactionId: undefined, dataPercent: undefined, metadataPercent: undefined },
    ...change,
  };
}

const kept = (name: string, origin: string): LogicalVolume =>
  volume(name, { tags: [keptTag, `holdfast.origin=${origin}`], dataPercent: 40 });

test("what a restore has put aside is listed with its volume and with what removes it, also where that is gone", () => {
  const name = snapshotName("vm-1-pvc-a", madeMs);
  const rows = listed(
    pool,
    [
      volume("vm-1-pvc-a"),
      volume(name, { origin: "vm-1-pvc-a", tags: [ownerTag] }),
      kept("vm-1-pvc-a_kept_1", "vm-1-pvc-a"),
      kept("vm-1-pvc-b_kept_1", "vm-1-pvc-b"),
    ],
    [],
    [],
  );
  expect(textOf(rows, madeMs + 3_600_000).split("\n")).toEqual([
    "claim unknown   vm-1-pvc-a   1.0 GiB",
    `  ${name}  2026-05-26 00:00:03 UTC     1 h old  1.0 GiB`,
    "  vm-1-pvc-a_kept_1  1.0 GiB, 40 % used  kept by a restore; to remove it: lvremove pve/vm-1-pvc-a_kept_1",
    "",
    "claim unknown   vm-1-pvc-b   the volume is gone",
    "  no snapshot",
    "  vm-1-pvc-b_kept_1  1.0 GiB, 40 % used  kept by a restore; to remove it: lvremove pve/vm-1-pvc-b_kept_1",
  ]);
});

test("as long as that restore has not ended, nobody is told to remove it", () => {
  const record = { volume: "vm-1-pvc-a", snapshot: { name: "s" }, workloads: [] } as never;
  const [row] = listed(pool, [volume("vm-1-pvc-a"), kept("vm-1-pvc-a_kept_1", "vm-1-pvc-a")], [], [record]);
  expect(row?.kept).toEqual([{ name: "vm-1-pvc-a_kept_1", sizeBytes: 2 ** 30, dataPercent: 40 }]);
});
