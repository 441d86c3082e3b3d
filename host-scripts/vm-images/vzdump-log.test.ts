import { causeOf, diskName, lockOf, readDumpLog } from "./vzdump-log";

const finished = `2026-11-01 16:00:01 INFO: Starting Backup of VM 101 (qemu)
2026-11-01 16:00:01 INFO: status = running
2026-11-01 16:00:01 INFO: VM Name: k8s-1
2026-11-01 16:00:01 INFO: include disk 'scsi0' 'data:vm-101-disk-0' 32G
2026-11-01 16:00:01 INFO: exclude disk 'scsi1' 'data:vm-9999-pvc-1' (backup=no)
2026-11-01 16:00:02 INFO: creating vzdump archive '/mnt/backup/vm-images/.part/0/vzdump-qemu-101-2026_11_01-16_00_01.vma.zst'
2026-11-01 16:09:00 INFO: archive file size: 4.20GB
2026-11-01 16:09:00 INFO: Finished Backup of VM 101 (00:08:59)
`;

test("a log of a good image: that it finished, and which disks are in it", () => {
  expect(readDumpLog(finished, 101)).toEqual({
    isFinished: true,
    name: "k8s-1",
    errors: [],
    agentErrors: [],
    included: [{ key: "scsi0", volume: "data:vm-101-disk-0" }],
    excluded: [{ key: "scsi1", volume: "data:vm-9999-pvc-1" }],
  });
});

test.each([
  ["another VM's", 10, finished],
  ["one that was cut", 101, finished.slice(0, finished.lastIndexOf("2026"))],
  ["nothing", 101, ""],
  ["one that only begins so", 101, finished.replace("INFO: Finished", "INFO: not Finished")],
])("%s log says of no good image", (_, id, text) => {
  expect(readDumpLog(text, id).isFinished).toBe(false);
});

test("why a backup failed, by what is printed", () => {
  const log = readDumpLog(
    "INFO: Starting Backup of VM 101 (qemu)\nERROR: Backup of VM 101 failed - VM is locked (suspended)\nINFO: Failed at 2026\nINFO: Backup job finished with errors\njob errors\n",
    101,
  );
  expect(causeOf(log, 101)).toBe("VM is locked (suspended)");
  expect(lockOf(causeOf(log, 101) ?? "")).toBe("suspended");
  expect(
    causeOf(readDumpLog("ERROR: can't acquire lock '/var/run/vzdump.lock' - got timeout\n", 101), 101),
  ).toBe("can't acquire lock '/var/run/vzdump.lock' - got timeout");
  expect(causeOf(readDumpLog(finished, 101), 101)).toBeUndefined();
  expect(lockOf("unable to find VM '101'")).toBeUndefined();
});

test("a disk's name on each kind of storage", () => {
  expect(
    ["local-lvm:vm-100-disk-0", "local:100/vm-100-disk-1.qcow2", "ceph:base-9-disk-0"].map(diskName),
  ).toEqual(["vm-100-disk-0", "vm-100-disk-1", "base-9-disk-0"]);
});

test("what the guest's agent fails in is no error of the backup, and no cause of a failure, whatever the guest says", () => {
  const agent = [
    "INFO: issuing guest-agent 'fs-freeze' command",
    "ERROR: VM 101 qmp command 'guest-fsfreeze-freeze' failed - no",
    "ERROR: Backup of VM 101 failed - VM is locked (backup)",
    "INFO: issuing guest-agent 'fs-thaw' command",
  ];
  const log = readDumpLog(`${agent.join("\n")}\nINFO: started backup task\n`, 101);
  expect([log.errors, log.agentErrors.length]).toEqual([[], 2]);
  const failed = readDumpLog(
    `${agent.join("\n")}\nINFO: x\nERROR: Backup of VM 101 failed - no space\n`,
    101,
  );
  expect(causeOf(failed, 101)).toBe("no space");
});
