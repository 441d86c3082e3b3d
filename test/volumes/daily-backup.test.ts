import { mustOnHost } from "../../lab/hosts";
import { inTime, testLong } from "../long";
import {
  all,
  backupConfig,
  backupDisk,
  differences,
  forget,
  generation,
  inode,
  installOnCleanHost,
  killInRsync,
  locked,
  makeNested,
  makeVolumes,
  nested,
  plain,
  unclean,
  week,
} from "./support/backup";
import { changeVolume, leaks, makeVolume, removeVolumes, snapshot } from "./support/thin-volumes";
import { folder as testFolder, gate, host, openGates, stateDir, type Unit } from "./support/unit";

jest.setTimeout(2_700_000);

/** A disk that is easily filled, where the unit under test may write. */
const small = `${testFolder}/small`;

let unit: Unit;
const on = (script: string): Promise<string> => mustOnHost(host, script, { timeoutMs: 1_200_000 });

beforeAll(async () => {
  unit = await installOnCleanHost();
  await makeVolumes();
  await unit.configure(backupConfig());
});

afterEach(async () => {
  await openGates();
  expect(await leaks()).toBe("");
});

test("copies an unclean, a locked and a nasty volume with all of their metadata, and a database with its log", async () => {
  const { status, output } = await unit.run();
  expect(output).toContain("3 volumes have a good copy: 3 copied");
  expect(status).toBe(0);
  const now = await week();
  expect(await differences(plain, generation(now, plain))).toBe("");
  const above = `${backupDisk} ${backupDisk}/pvc-data ${backupDisk}/pvc-data/${now} ${backupDisk}/pvc-data/${now}/unknown`;
  expect(await on(`stat -c '%u %a' ${above} ${backupDisk}/sqlite-backup`)).toBe("0 700\n".repeat(5));
  expect(await on(`cd ${generation(now, unclean)} && cat early late`)).toBe("early\nlate\n");
  expect(await on(`cat ${generation(now, locked)}/secret`)).toBe("secret\n");
  const store = `${backupDisk}/sqlite-backup/${now}/unknown/${plain}/store`;
  expect(await on(`sqlite3 ${store} 'SELECT count(*) FROM t'; ls ${store}*`)).toBe(`3\n${store}\n`);
  expect(await on(`tr '\\0' '\\n' <${stateDir("daily-backup")}/journal/000000000001.reconcile`)).toContain(
    `pvc-data/${now}/unknown/${plain}\n`,
  );
});

test("a night without a change opens no volume and leaves every generation alone", async () => {
  await snapshot(all);
  const now = await week();
  const before = await Promise.all(all.map(volume => inode(generation(now, volume))));
  const { status, output } = await unit.run();
  expect(output).toContain("3 of 3 volumes that were copied before have not changed");
  expect(output).toContain("0 copied (0 bytes), 3 unchanged");
  expect(status).toBe(0);
  expect(await Promise.all(all.map(volume => inode(generation(now, volume))))).toEqual(before);
});

test("one changed file makes a fresh folder that shares the others, and the former one is removed", async () => {
  const now = await week();
  const folder = generation(now, plain);
  const [former, shared] = [await inode(folder), await inode(`${folder}/guarded`)];
  await changeVolume(plain, "echo changed >./-rf; sqlite3 store 'INSERT INTO t VALUES(4)'");
  await snapshot([plain]);
  const { status, output } = await unit.run();
  expect(output).toContain("1 copied");
  expect(status).toBe(0);
  expect(await inode(folder)).not.toBe(former);
  expect(await inode(`${folder}/guarded`)).toBe(shared);
  expect(await differences(plain, folder)).toBe("");
  const store = `${backupDisk}/sqlite-backup/${now}/unknown/${plain}/store`;
  expect(await on(`sqlite3 ${store} 'SELECT count(*) FROM t'`)).toBe("4\n");
  expect(await on(`ls -A ${backupDisk}/pvc-data/.trash`)).toBe("");
});

test("a file that changed with its size and times set back is found when the volume's content has its turn", async () => {
  const folder = generation(await week(), plain);
  const record = `${stateDir("daily-backup")}/volumes/${plain}.json`;
  await changeVolume(
    plain,
    "touch -r guarded /run/ref; echo ACL >guarded; touch -r /run/ref guarded; rm /run/ref",
  );
  await snapshot([plain]);
  expect(await unit.run()).toMatchObject({ status: 0 });
  expect(await on(`cat ${folder}/guarded`)).toBe("acl\n");
  await on(`sed -i 's/"contentMs":[0-9]*/"contentMs":1/' ${record}`);
  const { status, output } = await unit.run();
  expect(output).toContain(`1 files of ${plain} had other content than their copy`);
  expect(status).toBe(0);
  expect(await differences(plain, folder)).toBe("");
  expect(await on(`grep -c '"contentMs":1,' ${record} || :`)).toBe("0\n");
  expect(
    await on(`grep -c '^daily_backup_volume_content.* [1-9]' ${stateDir("daily-backup")}-volumes.prom`),
  ).toBe("3\n");
});

testLong(
  "databases that are asked for later are copied of a volume that hasn't changed, and a first one of a volume that had none",
  async () => {
    const stores = async (volume: string): Promise<string> =>
      on(`cd ${backupDisk}/sqlite-backup/${await week()}/unknown; ls ${volume} 2>/dev/null || :`);
    await unit.configure(backupConfig({ sqlite: undefined }));
    await changeVolume(plain, "echo more >more");
    await changeVolume(unclean, "sqlite3 first 'CREATE TABLE t(x)'");
    await snapshot([plain]);
    await on(`rm -r ${backupDisk}/sqlite-backup/*/unknown/${plain}`);
    expect(await unit.run()).toMatchObject({ status: 0 });
    expect(await stores(plain)).toBe("");
    await unit.configure(backupConfig());
    await snapshot([unclean]);
    const { status, output } = await unit.run();
    expect(output).toContain("2 copied");
    expect(status).toBe(0);
    expect(await stores(plain)).toBe("store\n");
    expect(await stores(unclean)).toBe("first\n");
  },
);

test("without the snapshot that was copied last, a volume is copied in full, though nothing changed", async () => {
  await removeVolumes(`${plain}_snap_`);
  await snapshot([plain]);
  const { status, output } = await unit.run();
  expect(output).toContain(`${plain} is copied`);
  expect(status).toBe(0);
});

testLong(
  "a metadata snapshot that another program holds is left alone, and every volume is compared file by file",
  async () => {
    await on("dmsetup message pve-data-tpool 0 reserve_metadata_snap");
    const held = await on("dmsetup status pve-data-tpool");
    const { status, output } = await unit.run();
    const after = await on(
      "dmsetup status pve-data-tpool; dmsetup message pve-data-tpool 0 release_metadata_snap",
    );
    expect(output).toContain("another program holds the metadata snapshot of pool pve/data");
    expect(status).toBe(0);
    expect(after.split(" ")[6]).toBe(held.split(" ")[6]);
  },
);

test("a volume that nothing uses gets its files and its databases back, and what it had is kept as a snapshot", async () => {
  const back = (...words: readonly string[]) => unit.byHand(["restore", ...words]);
  const name = `unknown/${plain}`;
  await changeVolume(
    plain,
    `rm -rf guarded one empty; echo wrong >another; ln -s /etc evil; ln -s /etc empty
sqlite3 store "PRAGMA journal_mode=WAL; DELETE FROM t" >/dev/null; echo 'of another time' >store-wal`,
  );
  await on(`mount -o ro /dev/pve/${plain} /run/volume`);
  const used = await back(name);
  await on("umount /run/volume");
  expect(used).toMatchObject({ exitCode: 3 });
  expect(used.stdout).toContain(`${plain} is in use`);
  const before = "lvs --noheadings -o lv_name -S tags=holdfast.before-restore pve";
  expect(await on(before)).toBe("");
  const dry = await back(name, "--dry-run");
  expect(dry.stdout).toContain("nothing is changed now");
  // The databases alone: their logs of another time go, and all else stays as it is.
  const databases = await back(name, "--databases");
  expect(databases).toMatchObject({ exitCode: 0 });
  const undo = /To have it back: lvm-pvc-snapshot restore (\S+) (\S+)/.exec(databases.stdout);
  expect(undo?.[1]).toBe(plain);
  const kept = `/dev/pve/${undo?.[2] ?? ""}`;
  expect(
    await on(`set -e; mount -o ro /dev/pve/${plain} /run/volume; cd /run/volume; ls -A | grep store; cat another
sqlite3 'file:store?immutable=1' 'SELECT count(*) > 0 FROM t'; cd /; umount /run/volume
lvchange -qq -ay -K ${kept}; mount -o ro ${kept} /run/volume; readlink /run/volume/evil; umount /run/volume`),
  ).toBe("store\nwrong\n1\n/etc\n");
  // One that fails says what the volume has by then; the next one, which snapshot has what was there before the first.
  await changeVolume(plain, "chattr +i another");
  const failed = await back(name);
  expect([failed.exitCode, failed.stdout]).toEqual([
    1,
    expect.stringMatching(
      /inodes are free there[^]*has a part of the copy by now, and a part of what it had/,
    ),
  ]);
  expect(failed.stdout).not.toContain("restore-mnt; ");
  // No night takes that for what the volume holds.
  expect(failed.stdout).toContain("No night copies it until a restore into it has ended");
  const cut = await unit.byHand(["--unfinished"]);
  expect(cut.stdout).toContain(`was cut or goes on: it has a part of the copy`);
  expect(cut.stdout).toContain(`\tdaily-backup restore ${name}   (or, to have back what it had: `);
  await changeVolume(plain, "chattr -i another");
  // Killed with a part in the volume, and with one unlocked: what it has left is closed and gone on with, and no night takes that either.
  await killInRsync("one");
  const killed = await back(name);
  expect(killed).toMatchObject({ exitCode: 137 });
  await killInRsync("one");
  expect(await back(`unknown/${locked}`)).toMatchObject({ exitCode: 137 });
  expect(await on("dmsetup ls | grep -c holdfast-scratch")).toBe("1\n");
  const cuts = await unit.byHand(["--unfinished"]);
  expect(cuts.stdout.match(/\tdaily-backup restore unknown\/\S+/g)).toHaveLength(2);
  const night = await unit.run();
  expect(night.status).toBe(1);
  for (const volume of [plain, locked])
    expect(night.output).toMatch(new RegExp(`${volume}.*restore into it`));
  const again = await back(name);
  expect([again.exitCode, again.stdout]).toEqual([
    0,
    expect.stringContaining(
      `to have back if that one failed: lvm-pvc-snapshot restore ${plain} ${undo?.[2]}`,
    ),
  ]);
  expect(await differences(plain, generation(await week(), plain))).toBe("");
  expect((await unit.byHand(["--unfinished"])).stdout).toMatch(new RegExp(`^[^\\n]*${locked}[^\\n]*\\n$`));
  expect(await on(`grep -c earlier ${stateDir("daily-backup")}/volume-restores/${plain}.json`)).toBe("1\n");
  // XFS, and a volume that is locked.
  for (const volume of [unclean, locked])
    expect(await back(`unknown/${volume}`)).toMatchObject({ exitCode: 0 });
  expect((await unit.byHand(["--unfinished"])).stdout).toBe("");
  expect(await unit.byHand(["verify"])).toMatchObject({ exitCode: 0 });
  await on("lvremove -qq -y -S tags=holdfast.before-restore pve");
  // What follows goes on from the snapshots that there are.
  const early = await unit.run();
  expect(early.output).toContain("its newest snapshot was made before a restore into it had ended");
  expect(early.status).toBe(1);
  await on(`rm -r ${stateDir("daily-backup")}/volume-restores`);
});

test("files that differ where the pool called the volume unchanged are told as a failure, and are copied", async () => {
  const now = await week();
  // As a pool that forgot a block would have it: the copy is older than its record says.
  await on(
    `echo tampered >'${generation(now, plain)}/guarded'; touch -d 2001-01-01 '${generation(now, plain)}/guarded'`,
  );
  await on(`mv ${backupDisk}/pvc-data/${now} ${backupDisk}/pvc-data/2001-01
sed -i 's/${now}/2001-01/' ${stateDir("daily-backup")}/volumes/*.json`);
  const { status, output } = await unit.run();
  expect(output).toContain("called 1 volumes unchanged whose files differ");
  expect(status).toBe(1);
  expect(await differences(plain, generation(now, plain))).toBe("");
  expect(await unit.run()).toMatchObject({ status: 0 });
});

test("volumes that can't be read are named with the reason, tried twice, and don't stop the others", async () => {
  const ext4 = (device: string): string => `mke2fs -q -t ext4 -E nodiscard ${device}`;
  await makeVolume("vm-1-pvc-broken", { sizeMib: 64, make: ext4, fill: "echo lost >file" });
  await makeVolume("vm-1-pvc-errors", { sizeMib: 64, make: ext4, fill: "echo kept >file" });
  await makeNested();
  // A folder in it is the root again: the kernel mounts that without a word.
  await makeVolume("vm-1-pvc-crafted", { sizeMib: 64, make: ext4, fill: "mkdir sub" });
  await on(`dd if=/dev/zero of=/dev/pve/vm-1-pvc-broken bs=1k count=64 status=none conv=fsync
debugfs -w -R 'set_super_value state 2' /dev/pve/vm-1-pvc-errors 2>/dev/null
debugfs -w -R 'ln / sub/round' /dev/pve/vm-1-pvc-crafted 2>/dev/null`);
  await changeVolume(plain, "echo again >again");
  await snapshot(["vm-1-pvc-broken", "vm-1-pvc-errors", "vm-1-pvc-crafted", nested, plain]);
  const before = await unit.metrics();
  const { status, output } = await unit.run();
  expect(status).toBe(1);
  expect(output).toContain("4 of 7 volumes have no new copy");
  expect(output).toContain("vm-1-pvc-broken: it holds no file system that blkid knows");
  expect(output).toContain("vm-1-pvc-errors: its file system needs repair");
  expect(output).toMatch(
    /vm-1-pvc-crafted: its file system is not whole, and isn't mounted: .*is a link to the root inode/,
  );
  expect(output).toContain(`${nested}: it holds LVM2_member, which isn't read`);
  // The host has taken up nothing of what it unlocked.
  expect(await on("dmsetup ls | grep stolen || :")).toBe("");
  expect(output).toContain("second try of vm-1-pvc-broken");
  expect(await differences(plain, generation(await week(), plain))).toBe("");
  expect(await unit.metrics()).toMatchObject({
    last_status: 1,
    failed_volumes: 4,
    last_success_timestamp: before["last_success_timestamp"],
  });
  await removeVolumes("vm-1-pvc-(broken|errors|crafted|nested)");
  await forget("vm-1-pvc-broken", "vm-1-pvc-errors", "vm-1-pvc-crafted", nested);
});

test("a snapshot that is too old is not passed off as fresh: the job that makes snapshots is named", async () => {
  await removeVolumes("_snap_");
  await snapshot(all, 8 * 86_400);
  const before = await unit.metrics();
  const { status, output } = await unit.run();
  expect(status).toBe(1);
  expect(output).toContain(
    "its newest snapshot is 192.0 h old, more than 14.0 h: lvm-pvc-snapshot is what failed",
  );
  expect(output).toContain("the same holds for all of them");
  expect(output).toContain("Next: systemctl status lvm-pvc-snapshot");
  expect((await unit.metrics())["last_success_timestamp"]).toBe(before["last_success_timestamp"]);
  await snapshot(all);
});

test("refuses a backup disk that is not mounted, and one that is another", async () => {
  await on(`umount ${backupDisk}`);
  expect(await unit.run()).toMatchObject({ status: 3 });
  expect(await on(`ls -A ${backupDisk}`)).toBe("");
  await on(`mount -t tmpfs none ${backupDisk}`);
  const other = await unit.run();
  expect(other.status).toBe(3);
  expect(other.output).toContain("has the wrong file system mounted");
  expect(await on(`ls -A ${backupDisk}; umount ${backupDisk}; mount ${backupDisk}`)).toBe("");
});

test("two at once: the second is refused and the first goes on", async () => {
  const reached = await gate("rsync", "before");
  await unit.start();
  await reached(unit);
  // What a volume holds can't act on the host while it is read.
  const options = await on(
    `grep ' ${stateDir("daily-backup")}/mnt ' /proc/$(systemctl show -p MainPID --value daily-backup)/mounts | cut -d' ' -f4`,
  );
  expect(options.trim().split(",")).toEqual(expect.arrayContaining(["ro", "nosuid", "nodev", "noexec"]));
  const second = await unit.byHand();
  expect(second.exitCode).toBe(75);
  await openGates();
  expect(await unit.ended()).toMatchObject({ status: 0 });
});

test("a volume that is deleted, renamed or resized before its turn is copied from its snapshot", async () => {
  const ext4 = (device: string): string => `mke2fs -q -t ext4 -E nodiscard ${device}`;
  await makeVolume("vm-1-pvc-gone", { sizeMib: 64, make: ext4, fill: "echo last >words" });
  await changeVolume(plain, "echo before >renamed");
  await snapshot(["vm-1-pvc-gone", plain]);
  const reached = await gate("thin_delta", "before");
  await unit.start();
  await reached(unit);
  await on(
    `set -e; lvremove -qq -y pve/vm-1-pvc-gone; lvextend -qq -L 96M pve/${plain}; lvrename -qq pve ${plain} vm-1-pvc-other`,
  );
  await openGates();
  const { status, output } = await unit.ended();
  await on(`lvrename -qq pve vm-1-pvc-other ${plain}`);
  expect(output).toContain("have a good copy: 2 copied");
  expect(status).toBe(0);
  // By the next night it is missed, until somebody says that it is meant to be gone.
  const missed = await unit.byHand();
  expect(missed.stdout).toContain(
    "vm-1-pvc-gone: it is not there, and nobody has said that it is meant to be gone",
  );
  expect(missed.exitCode).toBe(1);
  await forget("vm-1-pvc-gone");
  const now = await week();
  expect(await on(`cat ${generation(now, "vm-1-pvc-gone")}/words ${generation(now, plain)}/renamed`)).toBe(
    "last\nbefore\n",
  );
});

describe("a backup disk that gets full", () => {
  const big = "vm-1-pvc-big";
  const folder = async (kind: "pvc-data" | "sqlite-backup"): Promise<string> =>
    generation(await week(), big).replace(`${backupDisk}/pvc-data`, `${small}/${kind}`);

  beforeAll(async () => {
    await makeVolume(big, {
      sizeMib: 160,
      make: device => `mke2fs -q -t ext4 -E nodiscard ${device}`,
      fill: "echo kept >kept; sqlite3 store 'CREATE TABLE t(x); INSERT INTO t VALUES(1)'",
    });
    await snapshot([big]);
    await on(
      `truncate -s 200M /var/small.img; mke2fs -q -t ext4 -m 0 -F /var/small.img; mkdir -p ${small}; mount -o loop,nosuid,nodev /var/small.img ${small}`,
    );
    const fsUuid = (await on("blkid -o value -s UUID /var/small.img")).trim();
    const { volumes } = backupConfig();
    await unit.configure(
      backupConfig({ target: { path: small, fsUuid }, volumes: { ...volumes, pattern: big } }),
    );
    expect(await unit.run()).toMatchObject({ status: 0 });
    await changeVolume(
      big,
      "head -c 60000000 /dev/urandom >more; sqlite3 store 'CREATE TABLE big(x); INSERT INTO big VALUES(randomblob(12000000))'",
    );
    await snapshot([big]);
  });

  afterAll(async () => {
    await on(`umount ${small}; rm /var/small.img`);
    await removeVolumes(big);
    await forget(big);
    await unit.configure(backupConfig());
  });

  const fullAt = [
    { where: "in the middle of the files", leaveMib: 67, says: "No space left on device", status: 1 },
    { where: "before the run", leaveMib: 10, says: "MiB free, at least 64 are needed", status: 3 },
    { where: "in a database's copy", leaveMib: 76, says: "1 of its databases have no good copy", status: 1 },
  ];
  test.each(inTime(1, fullAt))(
    "$where: the run fails, and what is there stays whole",
    async ({ leaveMib, says, status }) => {
      const before = await unit.metrics();
      await on(
        `cd ${small}; fallocate -l $(($(stat -f -c '%a*%S' .) - ${leaveMib} * 1048576)) ballast; sync -f .`,
      );
      const full = await unit.run();
      await on(`rm ${small}/ballast; sync -f ${small}`);
      expect(full.output).toContain(says);
      expect(full.status).toBe(status);
      const after = await unit.metrics();
      expect(after["last_success_timestamp"]).toBe(before["last_success_timestamp"]);
      expect(after["last_status"]).toBe(status);
      expect(await on(`cat ${await folder("pvc-data")}/kept`)).toBe("kept\n");
      // Either is the whole database of one night.
      expect(
        await on(`sqlite3 ${await folder("sqlite-backup")}/store 'PRAGMA integrity_check; SELECT x FROM t'`),
      ).toBe("ok\n1\n");
    },
  );

  test("with room again, the next run converges", async () => {
    expect(await unit.run()).toMatchObject({ status: 0 });
    expect(await differences(big, await folder("pvc-data"))).toBe("");
    expect(await on(`ls -A ${small}/*/.part ${small}/*/.trash | grep -v : || :`)).toMatch(/^\s*$/);
  });
});

// test/runners/daily-backup-generation.test.ts has a clock that went back.
for (const shift of ["-1 hour", "+1 hour", "-1 day", "+1 day"])
  testLong(
    `a clock that is off by ${shift} for one night costs no generation, and the night after is copied as any other`,
    async () => {
      const generations = `ls -d ${backupDisk}/pvc-data/*-*/unknown/*`;
      const before = (await on(generations)).trim().split("\n");
      const night = async (): Promise<void> => {
        const now = (await on("date +%s")).trim();
        await changeVolume(plain, `echo ${now} ${shift} >night`);
        await snapshot(all);
        const { status, output } = await unit.run();
        expect({ status, output }).toMatchObject({ status: 0 });
        expect(await differences(plain, generation(await week(), plain))).toBe("");
      };
      await on(`date -s '${shift}'`);
      try {
        await night();
      } finally {
        await on(`date -s '${shift.replace(/[+-]/, sign => (sign === "+" ? "-" : "+"))}'`);
      }
      await night();
      expect((await on(generations)).trim().split("\n")).toEqual(expect.arrayContaining(before));
    },
  );

testLong(
  "the turn of an ISO year makes a new generation, the oldest of five weeks goes, and a clock that goes back loses none",
  async () => {
    const now = new Date();
    try {
      await on(
        `for w in 2026-49 2026-50 2026-51 2026-52; do mkdir -p ${generation("", plain).replace("//", "/$w/")}; done`,
      );
      await on("date -s '2027-01-03 23:30:00'");
      await snapshot(all);
      expect(await unit.run()).toMatchObject({ status: 0 });
      await on("date -s '2027-01-04 00:30:00'");
      await snapshot(all);
      expect(await unit.run()).toMatchObject({ status: 0 });
      const weeks = await on(
        `cd ${backupDisk}/pvc-data; ls -d *-*/unknown/${plain} | cut -d/ -f1 | tail -n 4`,
      );
      expect(weeks.trim().split("\n")).toEqual(["2026-51", "2026-52", "2026-53", "2027-01"]);
      expect(await differences(plain, generation("2027-01", plain))).toBe("");
      // A clock that went back by a day: the week that is over keeps its copies, and so does the one that began.
      await on("date -s '2027-01-03 00:30:00'");
      await changeVolume(plain, "echo back >back");
      await snapshot([plain]);
      const before = await inode(generation("2026-53", plain));
      expect(await unit.run()).toMatchObject({
        status: 1,
        output: expect.stringContaining("the clock went back") as string,
      });
      expect(await inode(generation("2026-53", plain))).toBe(before);
      expect(await on(`ls ${generation("2027-01", plain)}/guarded`)).toContain("guarded");
    } finally {
      await on(
        `date -s '@${Math.round((Date.now() - now.getTime()) / 1000) + Math.round(now.getTime() / 1000)}'`,
      );
      await removeVolumes("_snap_2027");
      await on(`rm -rf ${stateDir("daily-backup")}/volumes ${backupDisk}/pvc-data/2027-01`);
    }
  },
);
