import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createPoolWorld, type PoolWorld } from "./support/pool-world";

const dayMs = 86_400_000;
const [data, device] = ["vm-9-pvc-data", "vm-9-pvc-device"] as const;
let world: PoolWorld;

beforeEach(async () => {
  world = await createPoolWorld();
  world.add(device);
  world.writeMap({ [device]: { namespace: "shop", name: "device", isBlock: true } });
});
afterEach(() => world.close());

test("a raw block volume is not opened, is named, and has no series of a copy that nobody promised", async () => {
  world.addSnapshot(device);
  const before = world.names();
  const night = await world.backup();
  expect(night.output).toContain(
    "raw block volumes (volumeMode: Block) are not opened, snapshots are all that is kept of them: shop/device",
  );
  expect(night.status).toBe(0);
  expect(world.calls("lvcreate")).toEqual([]);
  expect(world.names()).toEqual(before);
  expect(world.textfile("daily-backup-volumes")).not.toContain(device);
});

test("a raw block volume without a young snapshot is a failure: it has no other copy", async () => {
  world.addSnapshot(device, 3 * dayMs);
  const night = await world.backup();
  expect(night.output).toContain("shop/device: its newest snapshot is 72.0 h old");
  expect(night.status).toBe(1);
});

test("a snapshot of a day that hasn't come is no young one: nobody knows how old it is", async () => {
  world.addSnapshot(device, -30 * dayMs);
  const night = await world.backup();
  expect(night.output).toContain("shop/device: its newest snapshot is of a day that hasn't come");
  expect(night.output).toContain("systemctl start lvm-pvc-snapshot");
  expect(night.status).toBe(1);
});

test("snapshots that have outlived their job go by its rules, a few a night, and the newest of each volume stays", async () => {
  world.addSnapshot(device);
  world.add(data);
  const [a = "", b = "", c = "", d = "", newest = ""] = [40, 30, 20, 10, 9].map(days =>
    world.addSnapshot(data, days * dayMs),
  );
  // Of a volume that nobody knows any more, and one that the job itself may still remove by its next run.
  const lonely = world.addSnapshot("vm-9-pvc-lonely", 90 * dayMs);
  world.add("vm-9-pvc-due");
  const due = world.addSnapshot("vm-9-pvc-due", 7 * dayMs + 3_600_000);
  const next = world.addSnapshot("vm-9-pvc-due", 1 * dayMs);
  const preview = await world.backup("--dry-run");
  expect(preview.output).toContain(`would remove ${a}, which has outlived lvm-pvc-snapshot`);
  for (const [name, snapshot] of [
    [data, newest],
    ["vm-9-pvc-due", next],
  ])
    expect(preview.output).toContain(
      `would copy ${name} if it changed: never copied, newest snapshot ${snapshot}`,
    );
  // It is a raw block volume.
  expect(preview.output).not.toContain("would copy shop/device");
  expect(world.names()).toContain(a);

  const night = await world.backup();
  expect(night.output).toContain(`removes ${a}, which has outlived lvm-pvc-snapshot`);
  const left = world.names();
  expect(left).toEqual(expect.arrayContaining([d, newest, lonely, due, next]));
  for (const gone of [a, b, c]) expect(left).not.toContain(gone);
  await world.backup();
  expect(world.names()).not.toContain(d);
  // Of a job that is gone altogether there is no folder either.
  rmSync(world.snapshotState, { recursive: true });
  expect((await world.backup()).output).not.toContain("fault in the runner");
  expect(existsSync(world.snapshotState)).toBe(false);
  expect(world.names()).toEqual(expect.arrayContaining([newest, lonely, due, next]));
});

test("a throw-away snapshot that somebody looks into stays, and one that a killed look left goes", async () => {
  world.addSnapshot(device);
  const at = `holdfast-verify-20270102T030405Z`;
  const [lookedInto, left] = [`${at}-${process.pid}`, `${at}-4194304`];
  for (const name of [lookedInto, left]) {
    world.add("made");
    world.rename("made", name, ["holdfast.scratch"]);
  }
  expect((await world.backup()).output).toContain(`removed the scratch snapshot ${left}`);
  expect(world.names()).toContain(lookedInto);
  expect(world.names()).not.toContain(left);
});

test("none goes that an unfinished restore is made of", async () => {
  world.addSnapshot(device);
  world.add(data);
  const used = world.addSnapshot(data, 40 * dayMs);
  const other = world.addSnapshot(data, 30 * dayMs);
  world.addSnapshot(data, dayMs);
  mkdirSync(join(world.snapshotState, "restore"));
  writeFileSync(
    join(world.snapshotState, "restore", `${data}.json`),
    JSON.stringify({
      ...{ volume: data, snapshot: { name: used, uuid: "s" }, stamp: "20260526T000003Z" },
      ...{ old: { uuid: "o", sizeBytes: 1, tags: [] }, persistentVolume: null, claim: null, workloads: [] },
      ...{ doing: "restore", phase: "detach", freshUuid: null, used: false, end: null },
    }),
  );
  await world.backup();
  expect(world.names()).toContain(used);
  expect(world.names()).not.toContain(other);
});
