import { type Mounts, refuseStrangers } from "./mounts";

const target = { path: "/mnt/backup", fsUuid: "disk" };
const mounts = (...rows: readonly (readonly [string, string])[]): Mounts =>
  rows.map(([path, uuid], id) => ({
    ...{ id, target: path, uuid, source: "/dev/sdb", fsroot: "/", fstype: "ext4", options: "rw" },
  }));

test("a job refuses another file system in what it writes of the backup disk, and no folder of the disk itself", () => {
  const folders = ["/mnt/backup/pvc-data"];
  const asked =
    (path: string, uuid = "other") =>
    () =>
      refuseStrangers(target, mounts(["/mnt/backup", "disk"], [path, uuid]), folders);
  for (const path of ["/mnt/backup/pvc-data", "/mnt/backup/pvc-data/2026-22"])
    expect(asked(path)).toThrow(/another file system \(other\) is mounted on the backup disk/);
  for (const path of ["/mnt/backup/pvc-data-2", "/mnt/backup2/pvc-data", "/srv/nfs"])
    expect(asked(path)).not.toThrow();
  expect(asked("/mnt/backup/pvc-data", "disk")).not.toThrow();
});
