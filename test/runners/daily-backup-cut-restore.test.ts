import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createPoolWorld, type PoolWorld } from "./support/pool-world";

// A restore into a volume leaves a part of a copy in it until it has ended; what the restore itself does is in test/volumes.

const volume = "vm-9-pvc-data";
const again = "daily-backup restore shop/data --at 2026-05-26T03:00:00Z";
const undo = `lvm-pvc-snapshot restore ${volume} ${volume}_snap_20260526T000003Z`;
let world: PoolWorld;
let uuid: string;

beforeEach(async () => {
  world = await createPoolWorld();
  world.add(volume);
  world.writeMap({ [volume]: { namespace: "shop", name: "data" } });
  uuid = uuidOf(volume);
});
afterEach(() => world.close());

const file = (): string => join(world.backupState, "volume-restores", `${volume}.json`);

function uuidOf(name: string): string {
  const rows = readFileSync(join(world.folder, "pool"), "utf8").split("\n");
  return rows.find(row => row.startsWith(`${name}\t`))?.split("\t")[1] ?? "";
}

function record(change: object = {}): void {
  mkdirSync(join(world.backupState, "volume-restores"), { recursive: true });
  const begunAt = "2026-05-26T04:00:00.000Z";
  writeFileSync(
    file(),
    JSON.stringify({ ...{ volume, uuid, name: "shop/data", begunAt, again, undo }, ...change }),
  );
}

test("a volume of which a restore was cut is copied by no night, until it is restored, given back or answered for", async () => {
  await world.onDisk("pvc-data/2026-21/shop/data", "echo whole >a");
  record();
  await world.snapshot();
  const night = await world.backup();
  expect(night.status).toBe(1);
  expect(night.output).toContain(
    "shop/data: a restore into it, begun at 2026-05-26T04:00:00.000Z, was cut or goes on: it has a part of the copy, and a part of what it had",
  );
  expect(night.output).toContain(
    `Next: ${again}   (or, to have back what it had: ${undo}); if what it has now`,
  );
  expect(world.calls("lvcreate").filter(call => call.includes("holdfast.scratch"))).toEqual([]);
  // A release that knows nothing of it isn't made live: it is asked by this word.
  const asked = await world.backup("--unfinished");
  expect(asked.output).toBe(
    `${file()}\t${volume}: a restore into it, begun at 2026-05-26T04:00:00.000Z, was cut or goes on: it has a part of the copy, and a part of what it had\t${again}   (or, to have back what it had: ${undo})\n`,
  );
  const accepted = await world.backup("--accept=shop/data");
  expect(accepted.output).toContain("a part of what it had, which is accepted");
  expect(world.calls("lvcreate").filter(call => call.includes("holdfast.scratch")).length).toBeGreaterThan(0);
  expect([existsSync(file()), (await world.backup("--unfinished")).output]).toEqual([false, ""]);
});

test("a snapshot of before a restore's end is copied by no night, and one of after it is", async () => {
  record({ earlier: [uuidOf(world.addSnapshot(volume, 60_000))] });
  const before = await world.backup();
  expect(before.output).toContain("its newest snapshot was made before a restore into it had ended");
  expect(before.output).toContain("Next: systemctl start lvm-pvc-snapshot; systemctl start daily-backup");
  // Another volume has its name since, as lvm-pvc-snapshot restore makes it.
  world.remove(volume);
  world.add(volume);
  record();
  expect((await world.backup()).output).toContain("had ended, which was begun at");
  world.addSnapshot(volume);
  expect((await world.backup("--dry-run")).output).not.toContain("restore");
  expect(existsSync(file())).toBe(true);
  expect((await world.backup()).output).not.toContain("restore");
  expect(existsSync(file())).toBe(false);
});

test("a record that can't be read may be of one that was cut", async () => {
  record({ uuid: 1 });
  await world.snapshot();
  const night = await world.backup();
  expect(night.output).toContain(`the record of a restore into it can't be read: ${file()}`);
  expect((await world.backup("--unfinished")).output).toContain(
    `${file()}\ta restore into ${volume}, of which`,
  );
});

test("of two volumes of a claim, the one that the cluster calls released has the claim's copies neither at night nor of a restore", async () => {
  world.add("vm-9-pvc-former");
  const claim = { namespace: "shop", name: "data" };
  // The former one is the later one by the pool's count, as after a restore from a snapshot; a third is lost with its disk.
  world.writeMap({
    "vm-9-pvc-former": { ...claim, isReleased: true },
    "vm-9-pvc-lost": claim,
    [volume]: claim,
  });
  world.addSnapshot(volume);
  world.addSnapshot("vm-9-pvc-former");
  expect((await world.backup("--dry-run")).output).toContain(
    "shop/data has more than one volume: vm-9-pvc-former is copied to unknown/vm-9-pvc-former",
  );
  await world.onDisk("pvc-data/2026-21/shop/data", "echo whole >a");
  expect((await world.backup("restore", "shop/data", "--dry-run")).output).toContain(
    `would keep pve/${volume} as it is by a snapshot`,
  );
});
