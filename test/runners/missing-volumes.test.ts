import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createPoolWorld, type PoolWorld } from "./support/pool-world";

const [data, other] = ["vm-9-pvc-data", "vm-9-pvc-other"] as const;
let world: PoolWorld;

beforeEach(async () => {
  world = await createPoolWorld();
  world.add(data);
  world.add(other);
  world.writeMap({
    [data]: { namespace: "shop", name: "data" },
    [other]: { namespace: "shop", name: "other" },
  });
});
afterEach(() => world.close());

/** A restore that was killed between the rename of the old volume and the making of the new one. */
async function cutRestore(): Promise<string> {
  expect(await world.snapshot()).toMatchObject({ status: 0 });
  const snapshot = world.names().find(name => name.startsWith(`${data}_snap_`)) ?? "";
  const kept = `${data}_before_restore_20260526T000003Z`;
  world.rename(data, kept, ["holdfast.kept", `holdfast.origin=${data}`]);
  mkdirSync(join(world.snapshotState, "restore"));
  writeFileSync(
    join(world.snapshotState, "restore", `${data}.json`),
    JSON.stringify({
      ...{ volume: data, snapshot: { name: snapshot, uuid: "uuid-s" }, stamp: "20260526T000003Z" },
      old: { uuid: "uuid-1", sizeBytes: 67108864, tags: [] },
      ...{ persistentVolume: "pv-data", claim: { namespace: "shop", name: "data" } },
      workloads: [{ kind: "Deployment", namespace: "shop", name: "web", replicas: 2 }],
      ...{ doing: "restore", phase: "put-snapshot", freshUuid: null, used: false, end: null },
    }),
  );
  return snapshot;
}

test("a restore that was cut between rename and create fails both jobs, has a series, and is listed with what to type", async () => {
  const snapshot = await cutRestore();
  const again = `lvm-pvc-snapshot restore ${data} --resume   (or back: lvm-pvc-snapshot restore ${data} --rollback)`;

  const night = await world.snapshot();
  expect(night.status).toBe(1);
  expect(night.output).toContain(`Deployment shop/web had 2 pods`);
  expect(night.output).toContain(again);
  // All that can be done is.
  expect(world.names().filter(name => name.startsWith(`${other}_snap_`))).toHaveLength(2);
  expect(world.textfile("lvm-pvc-snapshot")).toContain("lvm_snapshot_failed_total 1\n");
  const series = `lvm_snapshot_unfinished_restore_begun_timestamp{volume="${data}",snapshot="${snapshot}"} ${Date.parse("2026-05-26T00:00:03Z") / 1000}\n`;
  expect(world.textfile("restores")).toContain(series);
  expect(world.pushes.received).toContainEqual(
    expect.objectContaining({
      method: "PUT",
      path: "/metrics/job/lvm-pvc-snapshot/instance/pve/part/restores",
      body: expect.stringContaining(series),
    }),
  );

  const list = await world.snapshot("list");
  expect(list.output).toMatch(/shop\/data +vm-9-pvc-data +the volume is gone/);
  expect(list.output).toContain(`Next: ${again}`);

  const backup = await world.backup();
  expect(backup.status).toBe(1);
  expect(backup.output).toMatch(/shop\/data: it is not there: a restore of vm-9-pvc-data/);
  expect(backup.output).toContain(again);
  expect(world.textfile("daily-backup-volumes")).toContain(
    `{namespace="shop",claim="data",volume="${data}"}`,
  );
});

test("a restore that was cut, of the only volume of a pool, is named as such, and no slip in the pattern", async () => {
  world.remove(other);
  await cutRestore();
  for (const ended of [await world.snapshot(), await world.backup()]) {
    expect(ended.output).toContain(`lvm-pvc-snapshot restore ${data} --resume`);
    expect(ended.output).not.toContain("correct the pattern");
    expect(ended.status).toBe(1);
  }
});

test("a restore whose volume is in place is told by both jobs, and fails neither", async () => {
  await cutRestore();
  world.add(data);
  const night = await world.snapshot();
  expect(night.output).toContain(`Note: a restore of ${data} from`);
  expect(night.status).toBe(0);
  expect(world.textfile("restores")).toContain(`volume="${data}"`);
});

test("a record of a restore that can't be read is a failure, and no snapshot goes", async () => {
  await cutRestore();
  world.add(data);
  const old = world.addSnapshot(data, 20 * 86_400_000);
  writeFileSync(join(world.snapshotState, "restore", `${data}.json`), "{");
  const night = await world.snapshot();
  expect(night.status).toBe(1);
  expect(night.output).toContain("the record of an earlier restore can't be read");
  expect(world.names()).toContain(old);
  expect(world.textfile("restores")).toContain('volume="unknown"');
});

test("a covered volume that disappears fails both jobs and keeps its series and its snapshots, until it is said to be gone", async () => {
  const old = world.addSnapshot(data, 20 * 86_400_000);
  await world.snapshot();
  await world.backup();
  world.remove(data);
  for (const night of [await world.snapshot(), await world.snapshot()]) {
    expect(night.status).toBe(1);
    expect(night.output).toContain(
      `1 volumes that were covered are missing: ${data} (shop/data): it is not there`,
    );
    expect(night.output).toContain(`lvm-pvc-snapshot forget ${data}`);
  }
  const backup = await world.backup();
  expect(backup.status).toBe(1);
  expect(world.textfile("daily-backup-volumes")).toContain(`volume="${data}"`);
  expect((await world.snapshot("list")).output).toContain(`lvm-pvc-snapshot forget ${data}`);
  expect(world.names()).not.toContain(old);
  expect(world.names().some(name => name.startsWith(`${data}_snap_`))).toBe(true);

  expect((await world.snapshot("forget", other)).output).toContain(`${other} is there`);
  expect(await world.snapshot("forget", data)).toMatchObject({ status: 0 });
  const meant = await world.snapshot();
  expect(meant.status).toBe(0);
  expect(meant.output).toContain("1 volumes are gone, as they are meant to be");
  await world.backup();
  expect(world.textfile("daily-backup-volumes")).not.toContain(`volume="${data}"`);
});

test("a slip of the pen in --accept is refused before anything is changed", async () => {
  const run = await world.backup("--accept=shop/dat");
  expect(run.status).toBe(3);
  expect(run.output).toContain(
    '--accept="shop/dat" names no volume that is copied; did you mean "shop/data"?',
  );
  expect(run.output).toContain("Nothing was changed.");
  // Which is how it begins to tidy up.
  expect(world.calls("dmsetup")).toEqual([]);
  expect(existsSync(join(world.backupState, "disk.json"))).toBe(false);
  expect(await world.backup("--accept=shop/data")).toMatchObject({ status: 1 });
  expect(world.calls("dmsetup")).not.toEqual([]);
});

test("what a killed run may have left in the pool isn't mended while a restore has the job's lock", async () => {
  const bootId = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  const killed = { pid: 1, startTicks: "none", bootId, startedAt: "", invocation: "", phase: "snapshot" };
  // No program has been called so far.
  writeFileSync(join(world.folder, "calls"), "");
  const reportEnd = async (): Promise<number> => {
    writeFileSync(join(world.snapshotState, "running.json"), JSON.stringify(killed));
    const before = world.calls("lvs").length;
    expect(await world.snapshot("--report-end")).toMatchObject({ status: 0 });
    return world.calls("lvs").length - before;
  };
  const restore = spawn("flock", [join(world.snapshotState, "run.lock"), "sh", "-c", "echo; exec cat"]);
  try {
    await once(restore.stdout, "data");
    expect(await reportEnd()).toBe(0);
  } finally {
    restore.stdin.end();
    await once(restore, "exit");
  }
  expect(await reportEnd()).toBeGreaterThan(0);
});
