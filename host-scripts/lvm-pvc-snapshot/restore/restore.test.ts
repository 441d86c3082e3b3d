import { restore } from ".";
import { FakeWorld, live, snap } from "./fake-world";
import { beforeRestoreTags } from "../../runtime/lvm/snapshots";
import { readRecord, unfinishedOf, unfinishedRestores } from "../../runtime/lvm/restore-record";

let world: FakeWorld;
beforeEach(() => {
  world = new FakeWorld();
});
afterEach(() => world.close());

const names = (): string[] => world.volumes.map(({ name }) => name).sort();
const kept = (): string | undefined => names().find(name => name.startsWith(`${live}_before_restore_`));
const aside = (): string | undefined => names().find(name => name.startsWith(`${live}_rolled_back_`));

function expectRestored(): void {
  expect(world.named(live)).toMatchObject({
    data: "then, written by pods",
    tags: ["pve-vm-9999"],
    open: true,
  });
  const tags = ["pve-vm-9999", "holdfast.kept", `holdfast.origin=${live}`];
  expect(world.named(kept() ?? "")).toMatchObject({ data: "today", tags, open: false });
  expect(world.named(snap)).toMatchObject({ data: "then" });
  expect(world.volumes).toHaveLength(4);
  expect(world.replicas).toBe(2);
  expect(unfinishedRestores(world.stateDir)).toEqual([]);
}

/** @param used whether pods have run on the restored volume: then it is kept, as it holds what they wrote */
function expectRolledBack(used: boolean): void {
  expect(world.named(live)?.data).toMatch(/^today/);
  expect(world.named(live)).toMatchObject({ tags: ["pve-vm-9999"], open: true });
  expect(kept()).toBeUndefined();
  expect(aside() !== undefined).toBe(used);
  expect(world.replicas).toBe(2);
  expect(unfinishedRestores(world.stateDir)).toEqual([]);
}

/** Whether the restored volume may hold more than the snapshot: pods ran on it, or it was about to be given to them. */
const isUsed = (): boolean => readRecord(world.stateDir, live)?.used ?? false;

async function callsOf(action: () => Promise<unknown>): Promise<number> {
  expect(await action()).toBe(0);
  const { calls } = world;
  world.close();
  world = new FakeWorld();
  return calls;
}

test("puts the snapshot's data in place, keeps the old volume and the snapshot, and scales back to 2", async () => {
  expect(await world.run()).toBe(0);
  expectRestored();
  expect(world.lines).toContain(`When all is well: lvremove pve/${kept()}`);
  expect(world.results).toMatchObject([{ status: 0, as: "restored", kept: kept() }]);
  // Monitoring knows of it from before the first change on, and until its end.
  expect(world.reported).toEqual([1, 0]);
});

test("what another restore kept of the volume can be restored as a snapshot of the job can", async () => {
  const kept = `${live}_snap_20260527T000000Z`;
  world.add({ name: kept, origin: live, tags: beforeRestoreTags(live, 0), active: false, data: "before" });
  expect(await world.run({ snapshot: kept })).toBe(0);
  expect(world.named(live)?.data).toBe("before, written by pods");
});

test("a finished restore is rolled back: the old volume is in place, and what pods wrote since is kept aside", async () => {
  await world.run();
  expect(await world.run({ action: "rollback", snapshot: undefined })).toBe(0);
  expectRolledBack(true);
  expect(world.named(aside() ?? "")).toMatchObject({ data: "then, written by pods" });
  expect(await world.run({ action: "rollback" })).toMatchObject({ exitCode: 3 });
});

test.each(["resume", "restore", "rollback"] as const)(
  "interrupted before and after every single step: %s ends where it should",
  async action => {
    const total = await callsOf(() => world.run());
    expect(total).toBeGreaterThan(20);
    for (let at = 1; at <= total; at += 1) {
      for (const after of [false, true]) {
        expect(await world.run({}, { at, after })).toBeUndefined();
        const begun = unfinishedRestores(world.stateDir).length > 0;
        const used = isUsed();
        const end = await world.run({ action });
        if (begun || action === "restore") expect(end).toBe(0);
        else expect(end).toMatchObject({ exitCode: 3 });
        if (action === "rollback" && begun) expectRolledBack(used);
        else if (begun || action === "restore") expectRestored();
        else expect(names()).toEqual(["data", live, snap]);
        world.close();
        world = new FakeWorld();
      }
    }
  },
);

test("a rollback that is interrupted before and after every single step is finished by another", async () => {
  await world.run();
  const total = await callsOf(() => world.run({ action: "rollback" }));
  for (let at = 1; at <= total; at += 1) {
    for (const after of [false, true]) {
      await world.run();
      expect(await world.run({ action: "rollback" }, { at, after })).toBeUndefined();
      expect(await world.run({ action: "rollback" })).toBe(0);
      expectRolledBack(true);
      world.close();
      world = new FakeWorld();
    }
  }
});

test("a volume that isn't detached in time: its pods are scaled back, and everything is as it was", async () => {
  world.stuck = true;
  expect(await world.run()).toMatchObject({
    exitCode: 1,
    failed: expect.stringContaining("is attached to node-1, still after"),
    kept: `${live} is as it was; Deployment shop/web is scaled back to 2.`,
  });
  expectRolledBack(false);
});

test("an API that goes away halfway: the state of everything is told, and both ways on", async () => {
  await world.run({}, { at: 9, after: true });
  world.apiAway = true;
  const end = await world.run();
  expect(end).toMatchObject({ exitCode: 3, kept: expect.stringContaining("Deployment shop/web had 2") });
  expect(end).toMatchObject({ next: expect.stringContaining(`restore ${live} --resume   (or back: `) });
  expect(end).toMatchObject({ next: expect.stringContaining(`restore ${live} --rollback)`) });
  expect(world.reported.at(-1)).toBe(1);
  world.apiAway = false;
  expect(await world.run({ action: "rollback" })).toBe(0);
});

test("another snapshot than that of an unfinished restore is refused, and so is a restore during a rollback", async () => {
  const total = await callsOf(() => world.run());
  await world.run({}, { at: total - 3, after: true });
  const other = world.add({ ...world.named(snap), name: `${live}_snap_20260527T000003Z`, uuid: "other" });
  expect(await world.run({ snapshot: other.name })).toMatchObject({
    exitCode: 3,
    failed: `a restore of ${live} from ${snap} is unfinished`,
  });
  expect(await world.run({ action: "rollback" }, { at: 2, after: true })).toBeUndefined();
  expect(await world.run()).toMatchObject({ exitCode: 3, failed: `a rollback of ${live} is unfinished` });
  expect(unfinishedOf(world.stateDir)).toMatchObject([
    { record: expect.stringMatching(/restore\/.*\.json$/), next: expect.stringContaining("--rollback") },
  ]);
  expect(await world.run({ action: "rollback" })).toBe(0);
});

test.each([
  ["of another volume", "vm-9999-pvc-b", ["holdfast.lvm-pvc-snapshot"]],
  ["that another tool made", live, []],
])("a snapshot %s is refused, and nothing is changed", async (_, origin, tags) => {
  const name = `${origin}_snap_20260525T000003Z`;
  world.add({ name, origin, tags });
  const before = JSON.stringify(world.volumes);
  expect(await world.run({ snapshot: name })).toMatchObject({ exitCode: 3, kept: "Nothing was changed." });
  expect(JSON.stringify(world.volumes)).toBe(before);
  expect(world.replicas).toBe(2);
});

test("a restored volume gets the size that the old one had grown to, and says so", async () => {
  const old = world.named(live);
  if (old) old.sizeBytes *= 2;
  expect(await world.run()).toBe(0);
  expect(world.named(live)?.sizeBytes).toBe(128 * 2 ** 20);
  expect(world.lines.join("\n")).toContain("until it is grown (resize2fs, xfs_growfs)");
});

test("a pool at its guard's limit takes no restore", async () => {
  world.volumes[0] = { ...world.add({}), ...world.volumes[0], dataPercent: 90 } as never;
  world.volumes.pop();
  expect(await world.run()).toMatchObject({
    exitCode: 3,
    failed: expect.stringContaining("has 90 % of its data"),
  });
});

test("a workload that is scaled to nothing is left so", async () => {
  world.replicas = 0;
  const old = world.named(live);
  if (old) old.open = false;
  expect(await world.run()).toBe(0);
  expect(world.replicas).toBe(0);
  expect(world.lines).toContain("Note: no pod uses the claim shop/data; nothing was scaled");
});

test("what opens the volume without being a pod is no reason to swap it away", async () => {
  world.replicas = 0;
  expect(await world.run()).toMatchObject({
    exitCode: 3,
    failed: `${live} is in use, and not by a pod that the cluster knows`,
  });
  expect(await world.run({ workload: false })).toMatchObject({ exitCode: 3 });
});

test("--dry-run names every step with its command, and changes nothing", async () => {
  const before = JSON.stringify(world.volumes);
  expect(await world.run({ dryRun: true })).toBe(0);
  const text = world.lines.join("\n");
  expect(text).toMatch(/scale-down +Deployment shop\/web from 2 pods to 0/);
  expect(text).toMatch(/keep-old .*lvrename -qq pve vm-9999-pvc-a vm-9999-pvc-a_before_restore_/);
  expect(text).toMatch(/put-snapshot .*lvcreate .* pve\/vm-9999-pvc-a_snap_20260526T000003Z/);
  expect(text).toMatch(/scale-up +Deployment shop\/web back to 2 pods/);
  expect(JSON.stringify(world.volumes)).toBe(before);
  expect(world.replicas).toBe(2);
  expect(readRecord(world.stateDir, live)).toBeUndefined();
});

test("nobody but root changes a volume, and who tries is told so before anything is asked of the host", async () => {
  jest.spyOn(process, "getuid").mockReturnValue(1000);
  // Nothing of a host is there to be asked.
  const nothing = {} as unknown as Parameters<typeof restore>[1];
  await expect(
    restore(
      { what: live, snapshot: undefined, action: "restore", waitMs: 1, workload: true, dryRun: false },
      nothing,
    ),
  ).rejects.toMatchObject({ exitCode: 3, failed: "user 1000 can't change volumes, expected root" });
  jest.restoreAllMocks();
});
