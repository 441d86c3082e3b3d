import { randomBytes } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { execaSync } from "execa";
import { until } from "../../lab/process";
import { versionsAnswer } from "../../plan/contracts/versions";
import { periodOf } from "../../plan/contracts/period";
import { inTime, testLong } from "../long";
import { failingFolder } from "./support/failing-folder";
import { noonZone } from "./support/noon";
import { createSteppingClock } from "./support/stepping-clock";
import { createVmWorld, type VmWorld } from "./support/vm-world";

let world: VmWorld;
const kib = 1024;
const content = (seed: number, kibs = 512): Buffer =>
  Buffer.concat([randomBytes(kibs * kib), Buffer.alloc(seed * kib)]);

beforeAll(async () => {
  world = await createVmWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  await world.reset();
  world.setVm(101, { disks: { scsi0: content(1), scsi1: content(2, 64) }, running: true });
  world.setVm(102, { disks: { virtio0: content(3, 300) } });
});

const today = (): string => periodOf(Date.now(), "day", noonZone);
const names = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder).sort() : []);
const filesOf = (id: number, period = today()): string[] => names(join(world.images, period, String(id)));
const imageOf = (id: number, period = today()): string =>
  join(world.images, period, String(id), filesOf(id, period).find(name => name.endsWith(".vma.zst")) ?? "");

/** What the offsite run is told of, below the backup disk. */
function handedOver(): string[] {
  const folder = join(world.config.stateDir, "journal");
  return names(folder)
    .filter(name => name.endsWith(".reconcile"))
    .flatMap(name => readFileSync(join(folder, name), "utf8").split("\0"));
}

/** Puts today's images of a VM so many days back. */
function backdate(id: number, days: number): string {
  const period = periodOf(Date.now() - days * 86_400_000, "day", noonZone);
  mkdirSync(join(world.images, period), { recursive: true });
  const folder = join(world.images, period, String(id));
  renameSync(join(world.images, today(), String(id)), folder);
  for (const name of names(folder))
    renameSync(
      join(folder, name),
      join(folder, name.replace(/\d{4}_\d\d_\d\d-/, `${period.replaceAll("-", "_")}-`)),
    );
  return period;
}

function nothingHalfMade(): void {
  expect(names(join(world.images, ".part"))).toEqual([]);
  // A run that is told to stop removes nothing more; of what it gave up there is vzdump's log by then.
  const given = names(join(world.images, ".trash")).flatMap(name =>
    names(join(world.images, ".trash", name)),
  );
  expect(given.filter(name => !name.endsWith(".log"))).toEqual([]);
}

test("makes an image of each VM, verified and with vzdump's own log beside it, and leaves no lock", async () => {
  const run = await world.start().finished;
  expect(run).toMatchObject({ status: 0 });
  for (const id of [101, 102]) {
    expect(filesOf(id)).toEqual([
      expect.stringMatching(
        new RegExp(`^vzdump-qemu-${id}-\\d{4}_\\d\\d_\\d\\d-\\d\\d_\\d\\d_\\d\\d\\.log$`),
      ),
      expect.stringMatching(new RegExp(`^vzdump-qemu-${id}-.*\\.vma\\.zst$`)),
    ]);
    execaSync("zstd", ["--test", "--quiet", imageOf(id)]);
    expect(world.vm(id)).not.toContain("lock:");
  }
  nothingHalfMade();
  const { bytes, ...metrics } = world.metrics();
  expect(bytes).toBeGreaterThan(800 * kib);
  expect(metrics).toMatchObject({ last_status: 0, failed_vms: 0, unnamed_vms: 0 });
  expect(readFileSync(world.config.vmsTextfile, "utf8")).toMatch(
    /^vm_images_vm_last_success_timestamp\{vmid="101",vm="nodes\/k8s-1"\} 1\d{9}$/m,
  );
});

test("all that lies above an image is closed to all but root, also where an earlier version has left it open", async () => {
  const { target } = world.config;
  await world.inside("chown", "65534", target.path);
  await world.inside("mkdir", "-p", join(target.path, "vm-images"));
  await world.inside("chmod", "0777", target.path, join(target.path, "vm-images"));
  expect(await world.start().finished).toMatchObject({ status: 0 });
  for (const path of [".", "vm-images", `vm-images/${today()}`, `vm-images/${today()}/101`])
    expect([path, await world.inside("stat", "--format", "%u %a", join(target.path, path))]).toEqual([
      path,
      "0 700",
    ]);
});

test("an image that is young isn't made anew, and the one that has waited longest comes first", async () => {
  await world.start().finished;
  backdate(102, 3);
  world.writeConfig({ freshMs: 3_600_000 });
  const young = await world.start().finished;
  expect(young.stdout).toMatch(/2 VMs have a good image: 1 made \(\d+ bytes\), 1 still young/);

  backdate(101, 1);
  backdate(102, 2);
  world.writeConfig({});
  const fair = await world.start().finished;
  expect(fair.stdout.indexOf("VM 102 (windows): a good image")).toBeGreaterThan(0);
  expect(fair.stdout.indexOf("VM 102 (windows): a good image")).toBeLessThan(
    fair.stdout.indexOf("VM 101 (nodes/k8s-1): a good image"),
  );
});

test("keeps as many as the policy says, counts them after a success alone, and touches nobody's own", async () => {
  await world.start().finished;
  const old = [4, 3, 2].map(days => {
    const period = backdate(101, days);
    execaSync("cp", ["-a", join(world.images, period, "101"), join(world.images, today(), "101")]);
    return period;
  });
  // An image of somebody's own beside the generations, and one that was laid into one.
  writeFileSync(join(world.images, "vzdump-qemu-101-2020_01_01-00_00_00.vma.zst"), "mine");
  writeFileSync(join(world.images, old[0] ?? "", "101", "mine.txt"), "mine");

  world.setVm(101, { disks: { scsi0: content(1) }, lines: ["lock: migrate"] });
  expect((await world.start().finished).status).toBe(1);
  expect(old.map(period => existsSync(imageOf(101, period)))).toEqual([true, true, true]);

  world.setVm(101, { disks: { scsi0: content(1), scsi1: content(2, 64) }, running: true });
  const run = await world.start().finished;
  expect(run).toMatchObject({ status: 0 });
  expect(old.map(period => existsSync(imageOf(101, period)))).toEqual([true, false, true]);
  expect(run.stdout).toMatch(
    /Note: ".*" would be old enough to go, and stays: somebody has put "mine.txt" there/,
  );
  expect(readFileSync(join(world.images, "vzdump-qemu-101-2020_01_01-00_00_00.vma.zst"), "utf8")).toBe(
    "mine",
  );
  // What came and what went, as a copy elsewhere has to.
  expect(handedOver()).toEqual(
    expect.arrayContaining([
      `vm-images/${today()}/101`,
      `vm-images/${today()}/102`,
      `vm-images/${old[1]}/101`,
    ]),
  );
  nothingHalfMade();
});

test("images of another kind of period are images: listed, compared with, and gone once there are as many of the new kind", async () => {
  await world.start().finished;
  const period = backdate(101, 3);
  world.writeConfig({ keep: { every: "week", count: 1 } });
  expect((await world.start(["list", "101"]).finished).stdout).toContain(`/${period}/101/`);
  const told = JSON.parse((await world.start(["list", "--versions", "--json"]).finished).stdout) as unknown;
  expect(versionsAnswer.parse(told).versions.find(({ of }) => of === "101")?.path).toContain(
    `/${period}/101/`,
  );
  expect((await world.start(["restore", "101", "--dry-run"]).finished).stdout).toContain(`/${period}/101/`);

  world.setVm(101, { disks: { scsi0: content(1, 4), scsi1: content(1, 4) } });
  const small = await world.start().finished;
  expect(small.stdout).toContain("was the VM emptied?");
  expect(existsSync(imageOf(101, period))).toBe(true);
  expect(await world.start(["--accept=101"]).finished).toMatchObject({ status: 0 });
  expect(filesOf(101, periodOf(Date.now(), "week", noonZone))).toHaveLength(2);
  expect(existsSync(join(world.images, period))).toBe(false);
});

// host-scripts/runtime/generation-time.test.ts has which time counts.
testLong("the image of a clock that was ahead isn't the newest until that day comes", async () => {
  await world.start().finished;
  const ahead = backdate(101, -40);
  const alone = await world.start(["restore", "101", "--dry-run"]).finished;
  expect(alone.stdout).toContain(`/${ahead}/101/`);
  await world.start().finished;
  const newest = await world.start(["restore", "101", "--dry-run"]).finished;
  expect(newest.stdout).toContain(`/${today()}/101/`);
  expect(existsSync(imageOf(101, ahead))).toBe(true);
});

testLong("a clock that is ahead for a night costs one run, and each VM keeps as many images", async () => {
  const clock = createSteppingClock(world.folder);
  const clockFolder = join(world.folder, "clock");
  mkdirSync(clockFolder, { recursive: true });
  world.writeConfig({ keep: { every: "day", count: 3 } });
  const nightAt = async (days: number): Promise<number | null> => {
    clock.aheadDays = days;
    // What vzdump calls an image.
    const date = `#!/bin/sh\nexec /usr/bin/date --date="@$(($(/usr/bin/date +%s) + ${days * 86_400}))" "$@"\n`;
    writeFileSync(join(clockFolder, "date"), date, { mode: 0o755 });
    world.shadow("vzdump", `PATH=${clockFolder}:$PATH exec REAL "$@"`);
    return (await world.start([], clock.environment()).finished).status;
  };
  for (const days of [-2, -1, 0]) expect(await nightAt(days)).toBe(0);
  for (const ahead of [40, 41]) {
    expect(await nightAt(ahead)).toBe(0);
    expect(await nightAt(ahead - 39)).toBe(1);
    expect(await nightAt(ahead - 39)).toBe(0);
    const periods = names(world.images).filter(name => filesOf(101, name).length === 2);
    expect(periods.length).toBeGreaterThanOrEqual(3);
    expect(periods).toContain(periodOf(Date.now() + (ahead - 39) * 86_400_000, "day", noonZone));
    const [, newest = 0] = /vmid="101".*\} (\d+)/.exec(readFileSync(world.config.vmsTextfile, "utf8")) ?? [];
    expect(Number(newest)).toBeLessThan(Date.now() / 1000 + (ahead - 38) * 86_400);
  }
});

test("an image of the same period takes the place of none that is protected, or beside which somebody has put a file", async () => {
  await world.start().finished;
  writeFileSync(join(world.images, today(), "101", "mine.txt"), "mine");
  writeFileSync(`${imageOf(102)}.protected`, "");
  const before = [imageOf(101), imageOf(102)];
  const run = await world.start().finished;
  expect(run.status).toBe(1);
  expect(run.stdout).toContain('goes, and stays: somebody has put "mine.txt" there');
  expect(run.stdout).not.toContain("the other VMs");
  expect(run.stdout).toMatch(/Next: mv \S+\/101 \S+\/vm-images\/kept-\S+-101; systemctl start vm-images/);
  expect([...filesOf(101), ...filesOf(102)].length).toBe(6);
  expect(before.every(file => existsSync(file))).toBe(true);
});

// One of the same period is protected in the test above.
testLong("an image that Proxmox was told to protect stays, and is told", async () => {
  await world.start().finished;
  const period = backdate(102, 5);
  writeFileSync(`${imageOf(102, period)}.protected`, "");
  world.writeConfig({ keep: { every: "day", count: 1 } });
  const run = await world.start().finished;
  expect(run).toMatchObject({ status: 0 });
  expect(existsSync(imageOf(102, period))).toBe(true);
  expect(run.stdout).toContain("it is protected in Proxmox");
});

test.each(
  inTime(3, [
    ["backup", /qm unlock 101; systemctl start vm-images/],
    // Without what would have an image made of half of it; a task of Proxmox' own is called after what it does.
    [
      "create",
      /Next: (?!.*(unlock|systemctl start)).*pgrep -af 'qm\(restore\|create\|clone\|rollback\| \)'.*in part(?!.*restore 101).*no whole one of it is here: once it is made anew/,
    ],
    [
      "suspended",
      /Next: qm resume 101 +\(it sleeps with its memory on disk: with qm unlock that would be lost\)/,
    ],
    // Unlocked as one of a backup is.
    ["migrate", /qm unlock 101/],
  ]),
)(
  "a VM that is locked (%s) fails with what to type, keeps its lock, and stops no other",
  async (lock, next) => {
    world.setVm(101, { disks: { scsi0: content(1) }, lines: [`lock: ${lock}`] });
    const run = await world.start().finished;
    expect(run.status).toBe(1);
    expect(run.stdout).toContain(
      `1 of 2 VMs have no new image: VM 101 (nodes/k8s-1): vzdump ended with 255: VM is locked (${lock})`,
    );
    expect(run.stdout).toMatch(next);
    expect(run.stdout).toContain("second try of VM 101");
    expect(world.vm(101)).toContain(`lock: ${lock}`);
    expect(filesOf(102)).toHaveLength(2);
    expect(filesOf(101)).toEqual([]);
    nothingHalfMade();
    expect(world.metrics()).toMatchObject({ last_status: 1, failed_vms: 1 });
  },
);

test("a VM that is in part, and of which there is an image, has that as its way back", async () => {
  expect((await world.start().finished).status).toBe(0);
  world.setVm(101, { disks: { scsi0: content(1) }, lines: ["lock: rollback"] });
  const run = await world.start().finished;
  expect(run.stdout).toMatch(
    /Next: .*in part.* vm-images restore 101 gives a whole one beside it, under another id\)/,
  );
  expect(filesOf(101)).toHaveLength(2);
});

test("a VM that is on another host, or nowhere, is a failure: vzdump itself would end well and do nothing", async () => {
  world.setVm(101, { disks: { scsi0: content(1) }, node: "pve2" });
  world.removeVm(102);
  const run = await world.start().finished;
  expect(run.status).toBe(1);
  expect(run.stdout).toContain(
    "2 of 2 VMs have no new image: VM 101 (nodes/k8s-1): it isn't on this host; VM 102 (windows): it isn't on this host",
  );
  expect(run.stdout).toContain("pvesh get /cluster/resources --type vm");
});

test("a vzdump that ends well and leaves nothing made no image", async () => {
  world.shadow("vzdump", '[ "$1" = 101 ] || exec REAL "$@"');
  const run = await world.start().finished;
  expect(run.status).toBe(1);
  expect(run.stdout).toContain("VM 101 (nodes/k8s-1): vzdump ended with 0 and left no image");
  expect(filesOf(102)).toHaveLength(2);
});

test("VMs of the host that the estate doesn't name are told and counted, templates too; those that it leaves out aren't", async () => {
  world.setVm(105, { disks: { scsi0: content(1) } });
  world.setVm(9000, { disks: { scsi0: content(1) }, lines: ["template: 1"] });
  world.setVm(9001, { disks: { scsi0: content(1) } });
  world.writeConfig({ without: [9001] });
  const run = await world.start().finished;
  expect(run).toMatchObject({ status: 0 });
  expect(run.stdout).toContain(
    "Note: no image is made of VM 105 (guest-105), VM 9000 (guest-9000), which the estate doesn't name",
  );
  expect(world.metrics()).toMatchObject({ unnamed_vms: 2 });
});

// A template is a VM of Proxmox'; those that the estate doesn't name are told above.
testLong("a template gets an image as any VM does", async () => {
  world.setVm(101, { disks: { scsi0: content(1) }, lines: ["template: 1"] });
  expect(await world.start().finished).toMatchObject({ status: 0 });
  expect(filesOf(101)).toHaveLength(2);
});

// Zstd tells of one that is cut short as of a rotten one.
test.each(
  inTime(3, [
    [
      "whose log doesn't say so",
      'REAL "$@"; sed -i /Finished/d "$9"/*.log',
      "vzdump's own log beside the image doesn't say that it finished it",
    ],
    [
      "whose log has an error",
      'REAL "$@"; for log in "$9"/*.log; do echo "2026-11-01 16:00:00 ERROR: job failed" >>$log; done',
      "vzdump's own log has an error: job failed",
    ],
    [
      "that is cut short",
      'REAL "$@"; for image in "$9"/*.zst; do truncate -s -100 $image; done',
      "its image isn't whole: zstd ended with 1",
    ],
    [
      "with a rotten byte",
      'REAL "$@"; for image in "$9"/*.zst; do printf x | dd of=$image bs=1 seek=99999 conv=notrunc status=none; done',
      "its image isn't whole: zstd ended with 1",
    ],
  ]),
)("an image %s is no image, although vzdump ended well", async (_, script, reason) => {
  world.shadow("vzdump", `[ "$1" = 101 ] || exec REAL "$@"\n${script}`);
  const run = await world.start().finished;
  expect(run.status).toBe(1);
  expect(run.stdout).toContain(reason);
  expect([filesOf(101), filesOf(102).length]).toEqual([[], 2]);
  nothingHalfMade();
});

test("a guest whose agent doesn't let it be frozen has its image all the same, and is told", async () => {
  const failure = "ERROR: VM 101 qmp command 'guest-fsfreeze-freeze' failed - got timeout";
  const lines = [
    "INFO: issuing guest-agent 'fs-freeze' command",
    failure,
    "INFO: issuing guest-agent 'fs-thaw' command",
  ];
  const text = lines.map(line => `2026-11-01 16:00:00 ${line}`).join("\\n");
  world.shadow(
    "vzdump",
    `REAL "$@"; for log in "$9"/vzdump-qemu-101-*.log; do [ ! -f $log ] || sed -i "4a ${text}" $log; done`,
  );
  const run = await world.start().finished;
  expect(run).toMatchObject({ status: 0 });
  expect(run.stdout).toContain("Note: VM 101 (nodes/k8s-1): its guest's agent didn't make it hold still");
  expect(filesOf(101)).toHaveLength(2);
});

test("what can't be removed, as somebody has made it immutable, keeps no VM from its image, is tried each night, and fails the run at its end", async () => {
  await world.start().finished;
  const old = [4, 3].map(days => {
    const period = backdate(101, days);
    execaSync("cp", ["-a", join(world.images, period, "101"), join(world.images, today(), "101")]);
    return period;
  });
  const onHost = (path: string): string => join(world.config.target.path, "vm-images", path);
  // Of the first the image stays in the trash, and the second can't be moved there.
  await world.inside("chattr", "-R", "+i", onHost(`${old[1]}/101`));
  await world.inside("sh", "-c", `chattr +i ${onHost(`${old[0]}/101`)}/*.zst`);
  world.writeConfig({ keep: { every: "day", count: 1 } });
  for (const night of ["first", "second"]) {
    const run = await world.start().finished;
    expect([night, run.status, run.stdout.includes("second try")]).toEqual([night, 1, false]);
    expect(run.stdout).toMatch(/VM 101 \(nodes\/k8s-1\): a good image[^]*VM 102 \(windows\): a good image/);
    expect(run.stdout).toMatch(/can't be removed: (EPERM|rm:)[^]*; 1 more can't either/);
    expect(run.stdout).not.toContain("no new image");
    expect(world.metrics()).toMatchObject({ last_status: 1, failed_vms: 0 });
  }
  await world.inside("chattr", "-R", "-i", onHost("."));
  expect(await world.start().finished).toMatchObject({ status: 0 });
  expect(names(world.images).filter(name => /^\d/.test(name))).toEqual([today()]);
});

test("an image that can't be read, or a stray file, keeps no VM from its new one, and is named", async () => {
  await world.start().finished;
  const period = backdate(101, 2);
  writeFileSync(join(world.images, "2020-01-01"), "stray");
  const run = await world.start([], failingFolder(world.folder, `${period}/101`)).finished;
  expect(run.status).toBe(1);
  expect(run.stdout).toMatch(/1 earlier images can't be read, the first is in "\S+\/101": EIO/);
  expect([filesOf(101).length, filesOf(102).length, filesOf(101, period).length]).toEqual([2, 2, 2]);
  const list = ["list", "--versions", "--json"];
  const { stdout } = await world.start(list, failingFolder(world.folder, `${period}/101`)).finished;
  const told = versionsAnswer.parse(JSON.parse(stdout));
  expect(told.versions.map(({ of }) => of)).toEqual(["101", "102"]);
  expect(told.unseen).toMatch(/^1 images can't be read, the first is in "\S+\/101": EIO.*\. Next: dmesg /);
});

test("a disk that Proxmox leaves out is told, unless it is meant to be; a VM of which no disk is in its image is a failure", async () => {
  world.setVm(101, {
    disks: { scsi0: content(1) },
    lines: [
      "scsi1: local:101/vm-101-data.raw,backup=0",
      "scsi2: local:101/vm-9999-pvc-1.raw,backup=no",
      "ide2: none,media=cdrom",
    ],
  });
  // Firmware's variables alone are no image of a VM.
  world.setVm(102, {
    disks: { efidisk0: content(0, 4) },
    lines: ["scsi0: local:102/vm-102-disk-9.raw,backup=0"],
  });
  const run = await world.start().finished;
  expect(run.status).toBe(1);
  expect(run.stdout).toContain("VM 102 (windows): no disk of it is in the image");
  const accepted = await world.start(["--accept=102"]).finished;
  expect(accepted.status).toBe(1);

  world.removeVm(102);
  world.writeConfig({ vms: world.config.vms.slice(0, 1) });
  const told = await world.start().finished;
  expect(told.stdout).toContain(
    "Note: VM 101 (nodes/k8s-1): Proxmox leaves scsi1 (local:101/vm-101-data.raw) out of its image (backup=0)",
  );
  expect(told.stdout).not.toContain("pvc-1.raw) out of");
});

describe("an image that nobody expected so", () => {
  const shrunk = { disks: { scsi0: content(0, 16), scsi1: content(0, 16) } };
  const grown = { disks: { scsi0: content(0, 4096), scsi1: content(2, 64) } };
  const lacking = { disks: { scsi0: content(1) } };
  const another = { disks: { scsi0: content(1), scsi1: content(2, 64) }, name: "another" };

  const unexpected = [
    ["small", shrunk, /its image has \d+ bytes, the last one \d+: was the VM emptied\?/],
    ["large", grown, /its image has \d+ bytes, the last one \d+: was the VM encrypted\?/],
    ["without a disk", lacking, /the disk scsi1 is in its last image and not in this one/],
    [
      "of another name",
      another,
      /it is called another now, and guest-101 in its last image: is it another VM/,
    ],
  ] as const;
  // Why each is held, host-scripts/vm-images/judge-image.test.ts has; what becomes of it is one way for all.
  test.each(inTime(1, unexpected))(
    "(%s) is kept beside the earlier ones, and counts for nothing until it is accepted",
    async (_, vm, reason) => {
      await world.start().finished;
      const period = backdate(101, 1);
      world.setVm(101, vm);
      const run = await world.start().finished;
      expect(run.status).toBe(1);
      expect(run.stdout).toMatch(reason);
      expect(run.stdout).toContain("--accept=101");
      const held = join(world.images, ".held", "101");
      expect([names(held).length, filesOf(101), existsSync(imageOf(101, period))]).toEqual([2, [], true]);
      expect(readFileSync(world.config.vmsTextfile, "utf8")).toMatch(/vmid="101".*\} 1/);

      // The same again is one that waits, not two.
      expect((await world.start().finished).status).toBe(1);
      const [waiting] = names(held).filter(name => name.endsWith(".zst"));
      const accepted = await world.start(["--accept=101"]).finished;
      expect(accepted).toMatchObject({ status: 0 });
      expect(filesOf(101)).toContain(waiting);
      expect([names(held), existsSync(imageOf(101, period))]).toEqual([[], true]);
      nothingHalfMade();
    },
  );

  test("gives way to a newer one that is as it should be", async () => {
    await world.start().finished;
    backdate(101, 1);
    const before = [world.disk(101, 0), world.disk(101, 1)] as const;
    world.setVm(101, shrunk);
    await world.start().finished;
    world.setVm(101, { disks: { scsi0: before[0], scsi1: before[1] } });
    expect(await world.start().finished).toMatchObject({ status: 0 });
    expect(names(join(world.images, ".held"))).toEqual([]);
    nothingHalfMade();
  });

  test.each(
    inTime(1, [
      ["before the newest one", 1, false],
      ["with the newest one", 0, true],
    ]),
  )("and was begun %s: whether it is what is accepted", async (_, earlierS, isTaken) => {
    await world.start().finished;
    const period = backdate(101, 1);
    world.setVm(101, shrunk);
    await world.start().finished;
    const held = join(world.images, ".held", "101");
    const begun = (name: string): string => /\d{4}_\d\d_\d\d-\d\d_\d\d_\d\d/.exec(name)?.[0] ?? "";
    const last = begun(basename(imageOf(101, period)));
    const at = last.replace(/\d{4}/, year => String(Number(year) - earlierS));
    for (const name of names(held)) renameSync(join(held, name), join(held, name.replace(begun(name), at)));
    const accepted = await world.start(["--accept=101"]).finished;
    expect(accepted).toMatchObject({ status: 0 });
    expect(accepted.stdout.includes("the image that was kept beside the others is accepted")).toBe(isTaken);
    expect(names(held)).toEqual([]);
    expect(filesOf(101)).toHaveLength(isTaken ? 0 : 2);
    expect(filesOf(101, period)).toHaveLength(2);
    expect(
      names(
        join(
          world.images,
          period.replace(/\d{4}/, year => String(Number(year) - 1)),
        ),
      ),
    ).toEqual([]);
  });

  // What somebody has put beside an image of the same period is tested above.
  testLong("and is accepted takes the place of nothing that somebody has put there", async () => {
    await world.start().finished;
    backdate(101, 1);
    world.setVm(101, shrunk);
    await world.start().finished;
    const mine = join(world.images, today(), "101", "mine.txt");
    mkdirSync(dirname(mine), { recursive: true });
    writeFileSync(mine, "mine");
    const refused = await world.start(["--accept=101"]).finished;
    expect(refused.status).toBe(1);
    expect(refused.stdout).toContain('goes, and stays: somebody has put "mine.txt" there');
    expect(readFileSync(mine, "utf8")).toBe("mine");
    expect(names(join(world.images, ".held", "101"))).toHaveLength(2);
  });

  // What gives way to a newer one does so for its rot too.
  testLong("and rots while it waits gives way to a new one, which is accepted", async () => {
    await world.start().finished;
    world.setVm(101, lacking);
    await world.start().finished;
    const held = join(world.images, ".held", "101");
    const waits = names(held).find(name => name.endsWith(".zst")) ?? "";
    execaSync("truncate", ["-s", "-5", join(held, waits)]);
    const accepted = await world.start(["--accept=101"]).finished;
    expect(accepted).toMatchObject({ status: 0 });
    expect(accepted.stdout).toContain("the image that waited is no good any more, a new one is made");
    // Both have the same name when they were begun within one second, and only the new one is whole.
    execaSync("zstd", ["--test", "--quiet", imageOf(101)]);
    expect([filesOf(101).length, names(held)]).toEqual([2, []]);
  });

  test("of a VM that isn't there is refused by name, before anything is begun", async () => {
    const run = await world.start(["--accept=1o1"]).finished;
    expect(run.status).toBe(3);
    expect(run.stdout).toContain('--accept="1o1" is no VM of which images are made');
    expect(existsSync(world.images)).toBe(false);
  });
});

test("a disk without room for another image of the last one's size: none is begun, and the others have theirs", async () => {
  await world.start().finished;
  const period = backdate(101, 1);
  const room = await world.inside("df", "--output=avail", "-B1", world.config.target.path);
  const filler = join(world.config.target.path, "filler");
  await world.inside("fallocate", "-l", String(Number(room.split("\n")[1]) - 450 * kib), filler);
  world.setVm(102, { disks: { virtio0: content(0, 300) } });
  const run = await world.start().finished;
  await world.inside("rm", filler);
  expect(run.status).toBe(1);
  expect(run.stdout).toMatch(
    /VM 101 \(nodes\/k8s-1\): its last image has \d+ bytes, and the backup disk has \d+ free: none was begun/,
  );
  expect(run.stdout).toContain("VM 102 (windows): a good image");
  expect(existsSync(imageOf(101, period))).toBe(true);
});

test("fewer images in the estate make the room that a new one needs", async () => {
  const vms = world.config.vms.slice(0, 1);
  world.writeConfig({ vms, keep: { every: "day", count: 3 } });
  await world.start().finished;
  const periods = [3, 2, 1].map(days => {
    const period = backdate(101, days);
    execaSync("cp", ["-a", join(world.images, period, "101"), join(world.images, today(), "101")]);
    return period;
  });
  rmSync(join(world.images, today(), "101"), { recursive: true });
  const room = await world.inside("df", "--output=avail", "-B1", world.config.target.path);
  const filler = join(world.config.target.path, "filler");
  await world.inside("fallocate", "-l", String(Number(room.split("\n")[1]) - 450 * kib), filler);
  world.writeConfig({ vms, keep: { every: "day", count: 1 } });
  const run = await world.start().finished;
  await world.inside("rm", filler);
  expect(run).toMatchObject({ status: 0 });
  expect(periods.map(period => existsSync(join(world.images, period)))).toEqual([false, false, false]);
});

test("a disk that gets full while an image is made: nothing half is left, the VM is unlocked, earlier images stay", async () => {
  world.writeConfig({ vms: world.config.vms.slice(0, 1) });
  await world.start().finished;
  const period = backdate(101, 1);
  world.setVm(101, { disks: { scsi0: content(0, 80 * kib), scsi1: content(2, 64) } });
  const run = await world.start().finished;
  expect(run.status).toBe(1);
  expect(run.stdout).toMatch(/VM 101 \(nodes\/k8s-1\): vzdump ended with 255: .*wrong exit status/);
  expect(run.stdout).toContain(`Next: df -h ${world.config.target.path}`);
  expect(existsSync(imageOf(101, period))).toBe(true);
  expect(world.vm(101)).not.toContain("lock:");
  nothingHalfMade();
});

describe("a run that is ended while vzdump works", () => {
  beforeEach(() => world.setVm(101, { disks: { scsi0: "stands still" } }));
  const atWork = (): boolean =>
    names(join(world.images, ".part")).some(part =>
      names(join(world.images, ".part", part)).some(name => name.endsWith(".dat")),
    );
  const unit = (): string => join(world.folder, "units", "vm-images-vzdump.service");

  test("by SIGTERM ends vzdump, which unlocks the VM and leaves nothing", async () => {
    const run = world.start();
    await run.until(atWork);
    expect(world.vm(101)).toContain("lock: backup");
    run.kill("SIGTERM");
    expect(await run.finished).toMatchObject({ status: 143 });
    expect(world.vm(101)).not.toContain("lock:");
    expect(existsSync(unit())).toBe(false);
    nothingHalfMade();
  });

  test("by the time of one VM makes room for the others", async () => {
    world.writeConfig({ vmBudgetMs: 10_000 });
    const run = await world.start().finished;
    expect(run.status).toBe(1);
    expect(run.stdout).toContain("it was stopped after 10 s, so that the others have their turn");
    expect(filesOf(102)).toHaveLength(2);
    expect(world.vm(101)).not.toContain("lock:");
    nothingHalfMade();
  });

  test("by SIGKILL leaves vzdump at work until its end is reported; the next run goes on", async () => {
    const run = world.start();
    await run.until(atWork);
    run.kill("SIGKILL");
    await run.finished;
    expect([existsSync(unit()), world.vm(101).includes("lock: backup")]).toEqual([true, true]);
    const env = { INVOCATION_ID: "", SERVICE_RESULT: "signal", EXIT_CODE: "killed", EXIT_STATUS: "KILL" };
    expect(await world.start(["--report-end"], env).finished).toMatchObject({ status: 0 });
    expect([existsSync(unit()), world.vm(101).includes("lock: backup")]).toEqual([false, false]);
    expect(world.metrics()).toMatchObject({ last_status: 137 });

    world.setVm(101, { disks: { scsi0: content(1) } });
    expect(await world.start().finished).toMatchObject({ status: 0 });
    nothingHalfMade();
  });

  test("with vzdump itself killed: what it had is removed, the VM's lock is told and not taken", async () => {
    const run = world.start();
    await run.until(atWork);
    run.kill("SIGKILL");
    await run.finished;
    const group = readFileSync(unit(), "utf8").trim();
    const ended = `kill -KILL -${group}; while kill -0 -${group} 2>/dev/null; do sleep 0.02; done`;
    execaSync("dash", ["-c", ended], { reject: false });
    // Somebody's own image, beside what the killed one left.
    writeFileSync(join(world.images, "vzdump-qemu-101-2020_01_01-00_00_00.vma.dat"), "mine");
    const disks = { scsi0: content(1) };
    world.setVm(101, { disks, lines: ["lock: backup"] });
    const next = await world.start().finished;
    expect(next.status).toBe(1);
    expect(next.stdout).toContain("an earlier run ended early: what it had of 1 images is removed");
    expect(next.stdout).toMatch(/Next: .*pgrep.*qm unlock 101/);
    expect(world.vm(101)).toContain("lock: backup");
    expect(existsSync(join(world.images, "vzdump-qemu-101-2020_01_01-00_00_00.vma.dat"))).toBe(true);
    nothingHalfMade();
  });
});

test("without the backup disk nothing is begun", async () => {
  world.writeConfig({
    target: { path: world.config.target.path, fsUuid: "11111111-2222-4333-8444-555555555555" },
  });
  const run = await world.start().finished;
  expect(run.status).toBe(3);
  expect(run.stdout).toContain("has the wrong file system mounted");
  expect(existsSync(world.images)).toBe(false);
});

test("who only asks stands in no run's way", async () => {
  const go = join(world.folder, "asked");
  world.shadow(
    "qm",
    `[ ! -e ${go}.first ] && { : >${go}.first; until [ -e ${go} ]; do sleep 0.05; done; }; exec REAL "$@"`,
  );
  const asks = world.start(["--dry-run"]);
  await asks.until(() => existsSync(`${go}.first`));
  const run = await world.start().finished;
  writeFileSync(go, "");
  expect(run).toMatchObject({ status: 0 });
  expect(await asks.finished).toMatchObject({ status: 0 });
});

test("a dry run says what it would do, and does nothing", async () => {
  const run = await world.start(["--dry-run"]).finished;
  expect(run).toMatchObject({ status: 0 });
  expect(run.stdout).toContain("would make an image of VM 101 (nodes/k8s-1): it has none");
  expect([existsSync(world.images), existsSync(world.config.textfile)]).toEqual([false, false]);
});

describe("images that were made", () => {
  const guests = { disks: { scsi0: content(1), scsi1: content(2, 64) }, running: true };
  // Made by one run: all that it leaves is laid back for each test.
  let made: string | undefined;
  beforeEach(async () => {
    world.setVm(101, guests);
    const onDisk = [world.images, join(world.target, ".holdfast")];
    const left = [...onDisk, world.config.stateDir, dirname(world.config.textfile)];
    if (made === undefined) {
      await world.start().finished;
      made = mkdtempSync(join(world.folder, "made-"));
      execaSync("cp", ["-a", ...left, made]);
    } else for (const path of left) execaSync("cp", ["-a", join(made, basename(path)), dirname(path)]);
  });

  test("are listed and verified", async () => {
    const listed = await world.start(["list"]).finished;
    expect(listed).toMatchObject({ status: 0 });
    expect(listed.stdout).toMatch(
      /^VM 101 \(nodes\/k8s-1\)\n {2}\S+Z {2}\d+ bytes {2}\S+\/vzdump-qemu-101-\S+\.vma\.zst$/m,
    );
    expect(await world.start(["verify"]).finished).toMatchObject({ status: 0 });

    execaSync("truncate", ["-s", "-5", imageOf(102)]);
    const verified = await world.start(["verify", "--json"]).finished;
    expect(verified.status).toBe(1);
    expect(JSON.parse(verified.stdout)).toMatchObject({
      verified: 2,
      bad: [expect.stringContaining("isn't whole")],
    });
  });

  test("come back under another id beside the VM, byte by byte, with another network address", async () => {
    const run = await world.start(["restore", "101"]).finished;
    expect(run).toMatchObject({ status: 0 });
    expect(run.stdout).toMatch(
      /VM 101 \(nodes\/k8s-1\) of \S+ is VM 100 now, and is off; its network cards have new addresses\. Next: qm config 100; qm start 100/,
    );
    expect([
      world.disk(100, 0).equals(guests.disks.scsi0),
      world.disk(100, 1).equals(guests.disks.scsi1),
    ]).toEqual([true, true]);
    expect(world.vm(100)).toContain("scsi1: local:100/vm-100-disk-1.raw,size=");
    expect(world.vm(100)).not.toMatch(/BC:24:11:00:00:01|^lock:/m);
    expect(world.vm(101)).toContain("BC:24:11:00:00:01");
  });

  test("come back by one restore at a time: one that was killed is at work, and no VM of another's is to be destroyed", async () => {
    const [program, go] = [join(world.folder, "host/usr/bin/qmrestore"), join(world.folder, "go")];
    renameSync(program, `${program}.stand-in`);
    execaSync("mkfifo", [go]);
    writeFileSync(program, `#!/bin/sh\nread -r _ <${go}\nexec ${program}.stand-in "$@"\n`, { mode: 0o755 });
    const unit = join(world.folder, "units", "vm-images-qmrestore.service");
    const killed = world.start(["restore", "101"]);
    await killed.until(() => existsSync(unit));
    // A night that meets the restore is refused, and its end takes nothing for a killed run's.
    const other = join(world.folder, "units", "vm-images-vzdump.service");
    writeFileSync(other, "999999999");
    const night = { INVOCATION_ID: "", SERVICE_RESULT: "exit-code", EXIT_CODE: "exited", EXIT_STATUS: "75" };
    await world.start(["--report-end"], night).finished;
    expect(existsSync(other)).toBe(true);
    rmSync(other);
    killed.kill("SIGKILL");
    await killed.finished;
    const again = await world.start(["restore", "101"]).finished;
    writeFileSync(go, "on\n");
    expect(again.status).toBe(3);
    expect(again.stdout).toContain("an earlier restore is still at work");
    expect(again.stdout).not.toContain("qm destroy");
    // It writes where the next test begins anew.
    expect(await until(() => !existsSync(unit), 600_000)).toBe(true);
  });

  test("and a cluster that can't be asked isn't told as a VM that is there", async () => {
    const program = join(world.folder, "host/usr/bin/pvesh");
    writeFileSync(program, "#!/bin/sh\necho 'ipcc_send_rec[1] failed: Connection refused' >&2\nexit 111\n");
    const run = await world.start(["restore", "101", "210"]).finished;
    expect(run.status).toBe(3);
    expect(run.stdout).toContain(
      "it isn't known whether there is a VM 210: pvesh ended with 111: ipcc_send_rec",
    );
  });

  test("come back under their own id where the VM is gone, as they were", async () => {
    const before = world.vm(101);
    world.removeVm(101);
    const run = await world.start(["restore", "nodes/k8s-1"]).finished;
    expect(run).toMatchObject({ status: 0 });
    expect(world.vm(101)).toBe(before);
    expect(world.disk(101, 0).equals(guests.disks.scsi0)).toBe(true);
  });

  test("come back onto another storage, of an earlier time", async () => {
    const period = backdate(101, 2);
    world.setVm(101, { disks: { scsi0: content(5), scsi1: content(2, 64) } });
    await world.start().finished;
    const run = await world.start(["restore", "101", "210", "other", "--at", period]).finished;
    expect(run).toMatchObject({ status: 0 });
    expect(world.vm(210)).toContain("scsi0: other:210/vm-210-disk-0.raw");
    const restored = readFileSync(join(world.folder, "host/other/images/210/vm-210-disk-0.raw"));
    expect(restored.equals(guests.disks.scsi0)).toBe(true);
  });

  test("don't come back over a VM that is there, or by words that mean none, and nothing is changed", async () => {
    const refusals: readonly [readonly string[], number, string][] = [
      [
        ["restore", "101", "102"],
        3,
        "VM 102 is there: guest-102, stopped, and no VM is restored over another",
      ],
      [["restore", "105"], 3, '"105" is no VM of which there are images'],
      [
        ["restore", "101", "--at", "2020-01-01"],
        3,
        "there is no image of VM 101 (nodes/k8s-1) of 2020-01-01",
      ],
      [["restore", "101", "--into", "/tmp/vm"], 3, "an image comes back as a VM and not into a folder"],
      [["restore", "101", "7"], 2, '"7" is no id of a VM'],
      [["restore", "101", "210", "nowhere"], 1, "storage 'nowhere' does not exist"],
    ];
    const before = world.vm(102);
    for (const [words, status, message] of refusals) {
      const run = await world.start(words).finished;
      expect([words, run.status]).toEqual([words, status]);
      expect(run.stdout + run.stderr).toContain(message);
      expect(world.vm(102)).toBe(before);
      expect(() => world.vm(210)).toThrow("ENOENT");
    }
  });

  test("that are rotten don't come back: nothing is made of them", async () => {
    execaSync("dd", [`of=${imageOf(101)}`, "bs=1", "seek=70000", "conv=notrunc", "status=none"], {
      input: "rotten",
    });
    const run = await world.start(["restore", "101"]).finished;
    expect(run.status).toBe(1);
    expect(run.stdout).toContain("No VM was made or changed.");
    expect(() => world.vm(100)).toThrow("ENOENT");
  });
});
