import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inTime } from "../long";
import { createPoolWorld, type PoolWorld } from "./support/pool-world";

const dayMs = 86_400_000;
const volumes = ["vm-9-pvc-a", "vm-9-pvc-b"] as const;
let world: PoolWorld;

/** Two volumes of six snapshots each, in a pool whose snapshots go before their time from 80 % on; from 90 % on none is made. */
beforeEach(async () => {
  world = await createPoolWorld();
  for (const volume of volumes) world.add(volume);
  for (let day = 6; day >= 1; day -= 1) for (const volume of volumes) world.addSnapshot(volume, day * dayMs);
  world.writeMap(Object.fromEntries(volumes.map(name => [name, { namespace: "shop", name: name.slice(9) }])));
});
afterEach(() => world.close());

const left = (volume = ""): number => world.names().filter(name => name.startsWith(`${volume}_snap_`)).length;

test.each([
  { what: "nothing", live: 85, each: 0, fell: "0.00" },
  { what: "too little", live: 84, each: 0.1, fell: "0.30" },
])(
  "a guest fills the pool and removals free $what: a few snapshots go, and it is said what to do",
  async ({ live, each, fell }) => {
    world.fill(live, each);
    const { status, output } = await world.snapshot();
    expect(output).toContain("3 snapshots went before their time, as pool pve/data had 85.");
    expect(output).toContain(
      `3 removals lowered it by ${fell} %, so that the other 7 would go for nothing, and stay`,
    );
    expect(output).toContain("(what holds the space; then lvextend --size +100G pve/data)");
    expect(status).toBe(1);
    // Nine of twelve, and two new ones.
    expect(volumes.map(left).reduce((sum, count) => sum + count, 0)).toBe(11);
    expect(world.textfile("lvm-pvc-snapshot")).toContain("lvm_snapshot_created_total 2\n");
  },
);

test("a pool in which no snapshot can be made any more loses no more of them to a guest", async () => {
  world.fill(95, 0);
  const { status, output } = await world.snapshot();
  expect(output).toMatch(/no snapshot is made from 90 % on; 3 old ones were removed; 3 removals/);
  expect(status).toBe(3);
  expect(volumes.map(left).reduce((sum, count) => sum + count, 0)).toBe(9);
});

test("snapshots that do hold the space go until there is room, a few of each volume a night", async () => {
  // 88.4 %: eight would have to go.
  world.fill(74, 1.2);
  const { status, output } = await world.snapshot();
  expect(output).toContain("one run takes no more than 3 of a volume");
  expect(status).toBe(1);
  expect(volumes.map(left)).toEqual([4, 4]);
});

test.each([
  { what: "until there is room", live: 74 },
  { what: "until snapshots can be made, where there is no more to gain", live: 84 },
])(
  "one busy volume's snapshots go, $what, though the oldest of all are quiet ones' and free nothing",
  async ({ live }) => {
    const more = ["vm-9-pvc-c", "vm-9-pvc-d", "vm-9-pvc-z"];
    for (const volume of more) world.add(volume);
    for (let day = 6; day >= 1; day -= 1) for (const volume of more) world.addSnapshot(volume, day * dayMs);
    // 83 or 93 %.
    world.fill(live, 1.5, "vm-9-pvc-z");
    const { status, output } = await world.snapshot();
    expect(output).toContain("8 snapshots went before their time");
    expect(status).toBe(1);
    // Each has a new one; the oldest of a quiet one, and one more before anything is given up, tell that it is quiet.
    expect([...volumes, ...more].map(left)).toEqual([5, 6, 6, 6, 4]);
  },
);

describe("after a night on which removals freed nothing", () => {
  const all = (): number => volumes.map(left).reduce((sum, count) => sum + count, 0);
  const night = async (live: number): Promise<{ lost: number; output: string; status: number | null }> => {
    world.fill(live, 0);
    const before = all();
    const { status, output } = await world.snapshot();
    const made = /lvm_snapshot_created_total (\d+)/.exec(world.textfile("lvm-pvc-snapshot"))?.[1];
    return { lost: before + Number(made) - all(), output, status };
  };

  test("no other one goes for the same answer, and it is said when one will", async () => {
    expect((await night(81)).lost).toBe(3);
    for (const live of [81, 83, 85.9]) {
      const { lost, output, status } = await night(live);
      expect({ lost, status }).toEqual({ lost: 0, status: 0 });
      expect(output).toMatch(
        /none went; 3 removals \(3 of them on earlier nights\) lowered it by 0\.00 %, so that the other \d+ would go for nothing, and stay; they are tried again from \d{4}-\d\d-\d\d on, or from 86\.0 % on/,
      );
    }
  });

  test.each(
    inTime(2, [
      ["5 % more of the pool are in use", () => night(86.1)],
      ["no snapshot can be made any more", () => night(90.1)],
      ["the pool was below its limit meanwhile", () => night(50).then(() => night(81))],
      [
        "a week has gone",
        () => {
          const file = join(world.snapshotState, "trials.json");
          const weekAgo = readFileSync(file, "utf8").replace(
            /"atMs":\d+/g,
            `"atMs":${Date.now() - 7 * dayMs}`,
          );
          writeFileSync(file, weekAgo);
          return night(81);
        },
      ],
    ]),
  )("once %s, they are tried again", async (_, next) => {
    await night(81);
    const { lost, output } = await next();
    expect(lost).toBe(3);
    expect(output).toContain("3 removals lowered it by 0.00 %");
  });

  test("a volume that freed nothing loses none while a busy one's go", async () => {
    const more = ["vm-9-pvc-c", "vm-9-pvc-z"];
    for (const volume of more) world.add(volume);
    for (let day = 6; day >= 1; day -= 1) for (const volume of more) world.addSnapshot(volume, day * dayMs);
    world.fill(75, 1.5, "vm-9-pvc-z");
    await world.snapshot();
    const quiet = [...volumes, "vm-9-pvc-c"].map(left);
    // It wrote as much again.
    world.fill(78, 1.5, "vm-9-pvc-z");
    const { output } = await world.snapshot();
    expect(output).toMatch(/[1-3] snapshots went before their time/);
    expect([...volumes, "vm-9-pvc-c"].map(left)).toEqual(quiet.map(count => count + 1));
  });
});

test("what has expired goes first, and is no failure", async () => {
  world.add("vm-9-pvc-c");
  for (const days of [9, 1]) world.addSnapshot("vm-9-pvc-c", days * dayMs);
  world.fill(66.5, 1);
  const { status, output } = await world.snapshot();
  expect(output).toContain("removed 1, the oldest first");
  expect(status).toBe(0);
});

describe("a volume group that is full of records", () => {
  test("what has expired goes before the new ones, as without a new one none of a volume ever would", async () => {
    for (const volume of volumes) for (const days of [9, 8]) world.addSnapshot(volume, days * dayMs);
    world.records(world.names().length);
    const { status, output } = await world.snapshot();
    expect(output).toContain(
      "volume group pve has 0.0 % free of the place for LVM's records, too little for 2 snapshots: what has expired goes first",
    );
    expect(status).toBe(0);
    expect(volumes.map(left)).toEqual([7, 7]);
    expect(world.textfile("lvm-pvc-snapshot")).toContain("lvm_snapshot_vg_metadata_free_pct 0\n");
  });

  test("where none has expired no snapshot is made, all stay, and it is said how to make room", async () => {
    world.records(world.names().length);
    const { status, output } = await world.snapshot();
    expect(output).toMatch(/no new snapshot of 2 of 2 volumes: .*exceeds maximum metadata size/);
    expect(output).toContain("pvcreate --metadatasize 4m DISK; vgextend pve DISK");
    expect(status).toBe(1);
    expect(volumes.map(left)).toEqual([6, 6]);
  });
});
