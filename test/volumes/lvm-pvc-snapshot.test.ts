import { readFileSync } from "node:fs";
import { powerCut, startHosts } from "../../lab/hosts";
import { endedSteps } from "../ends";
import { testLong } from "../long";
import {
  delay,
  folder,
  holdAfter,
  holdBefore,
  pool,
  poolDevice,
  SnapshotHost,
  stateDir,
  vg,
} from "./support/snapshot-host";

jest.setTimeout(2_700_000);

let host: SnapshotHost;

beforeAll(async () => {
  await startHosts({ only: ["pve2"], say: () => undefined });
  host = await SnapshotHost.open("pve2");
});

afterAll(() => host.close());

const [one, two, three] = ["vm-77-pvc-one", "vm-77-pvc-two", "vm-77-pvc-three"] as const;
const tags = (origin: string): string =>
  `--addtag holdfast.lvm-pvc-snapshot --addtag holdfast.run=earlier --addtag holdfast.origin=${origin}`;
const make = (origin: string, stamp: string): string =>
  `lvcreate -qq -s ${tags(origin)} -n ${origin}_snap_${stamp} ${vg}/${origin}`;

describe("a run", () => {
  let earlier: readonly string[] = [];
  beforeAll(() => host.freshPool(one, two, three, "vm-77-disk-0"));

  test("makes tagged, inactive snapshots by the map of an earlier run while the API is away, and touches no foreign one", async () => {
    // Port 1 takes no connection; the map is what a run kept that reached the API.
    const kubeconfig = {
      clusters: [{ cluster: { server: "https://127.0.0.1:1", "certificate-authority-data": "AAAA" } }],
      users: [{ user: { token: "none" } }],
    };
    await host.writeConfig({ kubeconfig: "kubeconfig", excludeNamespaces: ["dbaas"] });
    await host.sh(`mkdir -p ${folder}/credentials
      echo '${JSON.stringify(kubeconfig)}' >${folder}/credentials/kubeconfig
      echo '{"${one}":{"namespace":"photos","name":"library"},"${two}":{"namespace":"dbaas","name":"mysql"}}' >${stateDir}/volume-map.json
      lvcreate -qq -s -n ${one}_snap_20200101T000000Z ${vg}/${one}
      ${make(one, "20200102T000000Z")}`);
    const { exitCode, stderr, result } = await host.run();
    await host.writeConfig();
    expect(stderr).toContain("the map of an earlier run is used (2 volumes)");
    expect(result).toMatchObject({
      status: 0,
      volumes: 2,
      created: 2,
      removed: [`${one}_snap_20200102T000000Z`],
    });
    expect(exitCode).toBe(0);
    expect(result["notes"]).toContainEqual("1 volumes belong to no claim and are covered: vm-77-pvc-three");
    const made = await host.volumes("*_snap_*");
    expect(made).toEqual([
      `${one}_snap_20200101T000000Z`,
      expect.stringMatching(/^vm-77-pvc-one_snap_20\d{6}T\d{6}Z$/),
      expect.stringMatching(/^vm-77-pvc-three_snap_20\d{6}T\d{6}Z$/),
    ]);
    earlier = made.slice(1);
    const seen = await host.sh(
      `lvs --noheadings --separator '|' -o lv_tags,lv_active,skip_activation ${vg}/${made[1]}`,
    );
    expect(seen.trim()).toMatch(/^holdfast\.lvm-pvc-snapshot\|\|/);
    // What `capacity/vg-metadata` counts for one, of whose names the record has two. Comments and indents LVM writes for people alone.
    const record = await host.sh(`vgcfgbackup -qq -f ${folder}/vg ${vg}
      sed 's/^[[:space:]]*//; s/[[:space:]]*#.*//' ${folder}/vg | awk '$1 == "${made[1]}" { on = 1 } on { print } on && $0 == "}" && ++ends == 2 { exit }'`);
    const shorter = "vm-9999-pvc-01234567-89ab-cdef-0123-456789abcdef".length - one.length;
    expect(record).toContain(`origin = "${one}"`);
    expect(record.length).toBeLessThanOrEqual(470 + "pve2".length - 2 * shorter);
    expect(await host.metrics()).toMatchObject({
      last_status: 0,
      created_total: 2,
      failed_total: 0,
      pruned_total: 1,
      volumes: 2,
    });
  });

  test("of a clock that went back by a day removes nothing, and what it makes counts as the newest", async () => {
    const { result } = await host.run("", "date -s '-25 hours' >/dev/null");
    expect(result).toMatchObject({ status: 0, created: 3, removed: [] });
    expect(result["notes"]).toContainEqual(expect.stringMatching(/^2 snapshots are dated in the future/));
  });

  test("prunes none that is a volume's newest after the clock leapt ahead by a year, and lists what is left", async () => {
    const { result } = await host.run("prune", "date -s '+1 year' >/dev/null");
    await host.sh("date -s '-1 year +25 hours' >/dev/null");
    // Not those of the run whose clock was behind, though their names say an earlier time.
    expect(result).toMatchObject({ status: 0, removed: earlier });
    const { stdout } = await host.run("list");
    const { volumes } = JSON.parse(stdout) as {
      volumes: { volume: string; snapshots: { ours: boolean }[] }[];
    };
    expect(volumes.map(({ volume, snapshots }) => [volume, snapshots.map(({ ours }) => ours)])).toEqual([
      [one, [true, false]],
      [three, [true]],
      [two, [true]],
    ]);
  });

  test("ends with a failure when the pattern is misspelt, and says which volumes there are", async () => {
    await host.writeConfig({ pattern: "vm-*-pcv-*" });
    const { exitCode, stderr } = await host.run();
    await host.writeConfig();
    expect(exitCode).toBe(3);
    expect(stderr).toContain(`no volume of pool ${vg}/${pool} matches "vm-*-pcv-*"; it has`);
    expect((await host.metrics())["thinpool_free_pct"]).toBeGreaterThan(90);
  });

  test("goes on when a volume is deleted, renamed or resized between listing and snapshot", async () => {
    const before = await host.look();
    const path = await host.before(
      "lvcreate",
      `if mkdir ${folder}/changed 2>/dev/null; then
        lvremove -qq -y ${vg}/${one}; lvrename -qq ${vg} ${two} vm-77-pvc-new; lvextend -qq -L 48M ${vg}/${three}
      fi`,
    );
    const { stderr, result } = await host.run("", `export PATH=${path}`);
    expect(result).toMatchObject({ status: 0, created: 2 });
    expect(stderr).toContain(`${one} was deleted or taken out of the pattern during the run`);
    expect(stderr).toContain(`${two} was renamed to vm-77-pvc-new during the run`);
    const { snapshots } = await host.look();
    // Those of the deleted volume stay.
    expect(snapshots).toEqual(expect.arrayContaining([...before.snapshots]));
    expect(snapshots.filter(name => !before.snapshots.includes(name))).toEqual([
      expect.stringContaining("vm-77-pvc-new_snap_"),
      expect.stringContaining(`${three}_snap_`),
    ]);
  });
});

// Messages to a pool, "create_thin ID" for each line: one process instead of one for each. Words: the control device and the
// pool's device. A request is DM_TARGET_MSG with the structures of linux/dm-ioctl.h.
const createThin = `open D, "+<", shift; $n = shift; while (<STDIN>) { chomp; $m = "create_thin $_\\0";
  $b = pack "L10Qa128a129a7Qa*", 4, 0, 0, 320 + length $m, 312, 0, 0, 0, 0, 0, 0, $n, "", "", 0, $m;
  ioctl D, 0xC138FD0E, $b or die "$_: $!" }`;

describe("a pool that gets full", () => {
  beforeAll(() => host.freshPool(one, two, "vm-77-disk-0"));

  const fill = (volume: string, megabytes: number, from = 0): string =>
    `dd if=/dev/urandom of=/dev/${vg}/${volume} bs=1M count=${megabytes} seek=${from} oflag=direct status=none`;

  test("of data: old snapshots go, no more than needed, the newest of each volume stays; then it declines and the guest still writes", async () => {
    // 30 MiB each: three generations of one volume and one of the other are 120 of 128 MiB.
    await host.sh(`set -e
      ${fill(one, 30)}; ${make(one, "20260101T000000Z")}
      ${fill(one, 30)}; ${make(one, "20260102T000000Z")}
      ${fill(one, 30)}; ${fill(two, 15)}; ${make(two, "20260103T000000Z")}`);
    await host.writeConfig({ keep: { kind: "age", ms: 9_999 * 86_400_000, atLeast: 1 } });
    const thinned = await host.run();
    expect(thinned.result).toMatchObject({
      status: 1,
      created: 2,
      removed: [`${one}_snap_20260101T000000Z`],
    });
    expect(thinned.stderr).toMatch(
      /1 snapshots went before their time, as pool .* had 8\d\.\d % of its data in use/,
    );
    // Now live data and the newest snapshots alone hold more than the limit; a virtual machine's own disk is in the pool too.
    await host.sh(`lvremove -qq -y ${vg}/${one}_snap_20260102T000000Z
      ${fill(one, 30)}; ${fill(two, 15)}; ${fill("vm-77-disk-0", 27)}`);
    const declined = await host.run();
    await host.writeConfig();
    expect(declined.exitCode).toBe(3);
    expect(declined.stderr).toMatch(/has 9\d\.\d % of its data in use, and no snapshot is made from 90 % on/);
    expect(await host.metrics()).toMatchObject({ last_status: 3, created_total: 0, failed_total: 2 });
    const left = await host.volumes("*_snap_*");
    expect(left.map(name => name.split("_snap_")[0])).toEqual([one, two]);
    expect(await host.sh(`${fill(one, 1)} && echo written`)).toBe("written\n");
  });

  test("of metadata: it says so, removes what may go, and makes none", async () => {
    // Data is given back, and one volume has an old snapshot that may go.
    const [kept = "", keptOfTwo = ""] = await host.volumes("*_snap_*");
    await host.sh(`set -e; for i in ${one} ${two} vm-77-disk-0; do blkdiscard /dev/${vg}/$i; done
      ${make(one, "20260105T000000Z")}
      used() { dmsetup status ${poolDevice} | cut -d' ' -f5 | cut -d/ -f1; }
      id=1000; while [ $(used) -lt 470 ]; do
        for i in $(seq $(used) 470); do id=$((id+1)); echo $id; done | perl -e '${createThin}' /dev/mapper/control ${poolDevice}
      done`);
    const { exitCode, stderr } = await host.run();
    expect(exitCode).toBe(3);
    expect(stderr).toMatch(
      /has 9\d\.\d % of its metadata in use, and no snapshot is made from 90 % on; 1 old ones were removed/,
    );
    expect(stderr).toContain(`lvextend --poolmetadatasize +1G ${vg}/${pool}`);
    expect(await host.volumes("*_snap_*")).toEqual([`${one}_snap_20260105T000000Z`, keptOfTwo]);
    expect(await host.volumes("*_snap_*")).not.toContain(kept);
    expect(await host.sh(`${fill(one, 1)} && echo written`)).toBe("written\n");
  });
});

// In npm test by programs of LVM's names: test/runners/snapshot-thinning.
testLong(
  "in a volume group that is full of records, what has expired goes first, as else no volume would get a new snapshot ever again; then it fails and says what to type",
  async () => {
    await host.freshPool(one, two, three);
    // Tags of a group are among its records: until not even one of a hundred bytes fits.
    const fill = `words() { perl -e 'printf "--addtag %s%06x ", "x" x $ARGV[1], rand 2 ** 24 for 1 .. $ARGV[0]' $1 $2; }
      left=$(vgs --noheadings --nosuffix --units b -o vg_mda_free ${vg})
      [ $left -lt 8000 ] || vgchange -qq $(words $((left / 1004 - 4)) 990) ${vg}
      for long in 490 90; do while vgchange -qq $(words 1 $long) ${vg} 2>/dev/null; do :; done; done`;
    const expired = [one, two, three].map(origin => `${origin}_snap_20200101T000000Z`);
    await host.sh(`set -e
      ${[one, two, three].map(origin => `${make(origin, "20200101T000000Z")}; ${make(origin, "20200102T000000Z")}`).join("\n")}
      ${fill}`);
    const first = await host.run();
    expect(first.result).toMatchObject({ status: 0, created: 3, failed: [] });
    expect(first.result["removed"]).toEqual(expect.arrayContaining(expired));
    expect(first.stderr).toContain(`volume group ${vg} has 0.0 % free of the place for LVM's records`);
    expect((await host.metrics())["vg_metadata_free_pct"]).toBeLessThan(1);
    // Now none may go, as each volume's only one is its newest.
    await host.sh(`set -e; ${fill}`);
    const full = await host.run();
    expect(full.exitCode).toBe(1);
    expect(full.stderr).toMatch(/no new snapshot of 3 of 3 volumes: .*exceeds maximum metadata size/);
    expect(full.stderr).toContain(`vgextend ${vg} DISK`);
    expect(await host.volumes("*_snap_*")).toHaveLength(3);
  },
);

describe("a run that is ended", () => {
  beforeAll(() => host.freshPool(one, two));

  let existing: readonly string[] = [];

  /** @returns names of snapshots that have come since it was asked last */
  async function isWhole(): Promise<readonly string[]> {
    const { whole, expected, snapshots } = await host.look();
    expect(whole).toEqual(expected);
    const before = existing;
    existing = snapshots;
    return snapshots.filter(name => !before.includes(name));
  }

  async function converges(): Promise<string> {
    const { exitCode, stderr, result } = await host.run();
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    expect(result).toMatchObject({ created: 2, failed: [] });
    return stderr;
  }

  const killed = "systemctl kill --kill-whom=all -s KILL $unit";
  const stopped = "systemctl stop $unit";

  const kills = [
    { phase: "discover", by: killed, status: 137, program: "lvs", script: holdBefore, made: 0 },
    { phase: "guard", by: killed, status: 137, program: "dmsetup", script: holdBefore, made: 0 },
    { phase: "snapshot", by: killed, status: 137, program: "lvcreate", script: holdAfter, made: 1 },
    { phase: "prune", by: killed, status: 137, program: "lvremove", script: holdAfter, made: 2 },
  ];
  const stops = [
    { phase: "guard", by: stopped, status: 143, program: "dmsetup", script: holdBefore, made: 0 },
    { phase: "snapshot", by: stopped, status: 143, program: "lvcreate", script: delay(3), made: 1 },
    { phase: "prune", by: stopped, status: 143, program: "lvremove", script: delay(3), made: 2 },
  ];

  // Each run comes past the phase in which the one before was ended, the last one to its end.
  test.each([...endedSteps(kills, 0, 3), ...endedSteps(stops, 0, 3)])(
    "in $phase, reported as $status, leaves the pool whole and $made new snapshots",
    async ({ phase, by, status, program, script, made }) => {
      if (phase === "prune") await host.sh(make(one, "20250101T000000Z"));
      const lines = await host.service(phase, by, await host.before(program, script));
      expect(lines).toContain(`in phase ${phase}`);
      expect((await host.metrics())["last_status"]).toBe(status);
      expect(await isWhole()).toHaveLength(made);
      expect(existing).not.toContain(`${one}_snap_20250101T000000Z`);
    },
  );

  test("by its budget is reported as 124 and finishes the volume that it is at; a second one at the same time ends with 75", async () => {
    const budgetMs = 15_000;
    await host.writeConfig({ budgetMs });
    // The first lvcreate begins when the budget is used up.
    const startedAt = `$(sed -n 's/.*"startedAt":"\\([^"]*\\)".*/\\1/p' ${stateDir}/running.json)`;
    const late = `end=$(($(date -d "${startedAt}" +%s) + ${budgetMs / 1000 + 2}))
      while [ $(date +%s) -lt $end ]; do sleep 0.5; done`;
    const path = await host.before("lvcreate", `touch ${folder}/held; ${late}`);
    const lines = await host.service(
      "snapshot",
      `$runner >${folder}/second 2>&1; echo $? >>${folder}/second`,
      path,
    );
    await host.writeConfig();
    const second = await host.sh(`cat ${folder}/second`);
    expect(second).toContain("another run holds the lock");
    expect(second.trim().split("\n").at(-1)).toBe("75");
    expect(lines).toContain(`in phase snapshot: its budget of ${budgetMs / 1000} s is used up`);
    expect((await host.metrics())["last_status"]).toBe(124);
    expect(await isWhole()).toHaveLength(1);
  });

  test("many times converges at last, and lets a volume run on that was left suspended", async () => {
    await host.sh(`dmsetup suspend ${poolDevice.replace("thin--data-tpool", one.replaceAll("-", "--"))}`);
    expect(await converges()).toContain(`volume ${vg}/${one} was suspended by a command that was killed`);
    await isWhole();
  });

  test("by kill -9 of lvcreate itself leaves a pool that takes no change; the report of the end mends it", async () => {
    // What a kill between the kernel's new snapshot and LVM's record of it leaves (seen so in one of a few kills), made by
    // hand: the kernel's transaction goes back by one, and LVM's metadata still holds its message to the pool.
    const half = `${one}_snap_20260101T000000Z`;
    const broken = await host.sh(`set -e; ${make(one, "20260101T000000Z")}
      now=$(dmsetup status ${poolDevice} | cut -d' ' -f4); file=${folder}/vg.txt
      dmsetup message ${poolDevice} 0 "set_transaction_id $now $((now - 1))"
      vgcfgbackup -qq -f $file ${vg}
      sed -i '/type = "thin-pool"/a message1 {\\ncreate = "${half}"\\n}' $file
      vgcfgrestore -qq -y --force -f $file ${vg}
      lvcreate -qq -s -n ${one}_other ${vg}/${one} 2>&1 || true`);
    expect(broken).toContain("Manual intervention may be required");
    await host.sh(
      `echo '{"pid":1,"startTicks":"0","bootId":"","startedAt":"","invocation":"","phase":"snapshot"}' >${stateDir}/running.json`,
    );
    const { stderr } = await host.run("--report-end");
    expect(stderr).toContain(`removed the half-made volume ${half}`);
    expect(await isWhole()).not.toContain(half);
  });

  const cuts = [
    { phase: "discover", program: "lvs", script: holdBefore },
    { phase: "guard", program: "dmsetup", script: holdBefore },
    { phase: "snapshot", program: "lvcreate", script: holdAfter },
    { phase: "prune", program: "lvremove", script: holdAfter },
  ];

  test.each(endedSteps(cuts, 2, 3))(
    "by a power cut in $phase leaves a pool that comes back, and the next run converges",
    async ({ phase, program, script }) => {
      if (phase === "prune") await host.sh(make(one, "20250101T000000Z"));
      await host.service(phase, "exit 0", await host.before(program, script));
      await powerCut("pve2");
      await startHosts({ only: ["pve2"], say: () => undefined });
      await host.replug();
      await converges();
      await isWhole();
      expect(await host.metrics()).toMatchObject({ last_status: 0, failed_total: 0 });
    },
  );
});

test("a volume group that lost its disk comes back by the commands of daily-backup's page, with its sizes", async () => {
  const page = readFileSync("docs/layers/daily-backup.md", "utf8");
  const commands = /^    pvcreate [^]*?\n\n/m.exec(page)?.[0] ?? "";
  await host.freshPool(one);
  const sizes = `lvs --noheadings --separator ' ' --options lv_name,lv_size,lv_metadata_size,chunk_size -S 'pool_lv=""' ${vg}`;
  const before = await host.sh(`set -e; lvcreate -qq -y -L 8M -n root ${vg}
    mkdir -p ${folder}/facts/lvm; vgcfgbackup -qq --file ${folder}/facts/lvm/%s.vg ${vg}; ${sizes}`);
  const [, uuid = "", disk = ""] = (
    await host.sh(`pvs --noheadings -o vg_name,pv_uuid,pv_name -S vg_name=${vg}`)
  )
    .trim()
    .split(/\s+/);
  await host.sh(`set -e; vgchange -qq -an ${vg}; losetup -d ${disk}; rm ${folder}/disk
    truncate -s 160M ${folder}/disk; losetup ${disk} ${folder}/disk; ! vgs ${vg} 2>/dev/null`);
  const words = {
    "/dev/DISK": disk,
    UUID: uuid,
    VG: vg,
    POOL: pool,
    SIZE: "128M",
    METADATA: "2M",
    CHUNK: "64K",
  };
  const script = Object.entries(words).reduce(
    (text, [word, value]) => text.replaceAll(new RegExp(`(?<![\\w-])${word}(?!\\w)`, "g"), value),
    commands,
  );
  await host.sh(`set -e; cd ${folder}\n${script}`);
  expect(await host.sh(sizes)).toBe(before);
  // The pool takes volumes and snapshots again, and the others can be formatted.
  await host.sh(
    `set -e; lvcreate -qq -V 32M -T ${vg}/${pool} -n ${one}; mkfs.ext4 -q /dev/${vg}/${one}; mkfs.ext4 -q /dev/${vg}/root`,
  );
  expect((await host.run()).result).toMatchObject({ status: 0, created: 1 });
});

describe("what snapshots hold", () => {
  const before = (until: string, stamp: string): string =>
    `lvcreate -qq -s --addtag holdfast.before-restore --addtag holdfast.until=${until} --addtag holdfast.origin=${one} -n ${one}_snap_${stamp} ${vg}/${one}`;

  test("is looked at without a change to them, and what a restore kept of a volume stays its time, and can be restored", async () => {
    await host.freshPool(one, two, three);
    // A folder in it is the root again: the kernel mounts that without a word.
    await host.sh(`for name in ${one} ${two}; do mke2fs -q -t ext4 -E nodiscard /dev/${vg}/$name; done
      debugfs -w -R 'mkdir sub' /dev/${vg}/${two} 2>/dev/null; debugfs -w -R 'ln / sub/round' /dev/${vg}/${two} 2>/dev/null
      ${before("20200101T000000Z", "20191218T000000Z")}; ${before("20990101T000000Z", "20200102T000000Z")}`);
    const { result: made } = await host.run();
    expect(made).toMatchObject({ status: 0, created: 3, removed: [`${one}_snap_20191218T000000Z`] });
    const snapshots = await host.volumes();
    // What a verify leaves that was killed; no process has such an id.
    await host.sh(
      `lvcreate -qq -s -kn --addtag holdfast.scratch -n holdfast-verify-20200101T000000Z-4194305 ${vg}/${snapshots.find(name => name.startsWith(`${one}_snap_20`))}`,
    );
    const { exitCode, result } = await host.run("verify");
    expect(result).toMatchObject({
      status: 1,
      verified: [
        { volume: one, holds: "ext4, its structures are whole" },
        { volume: three, holds: expect.stringContaining("no file system") },
        { volume: two, fault: expect.stringContaining("not whole") },
      ],
    });
    expect(exitCode).toBe(1);
    expect(await host.volumes()).toEqual(snapshots);
    const kept = `${one}_snap_20200102T000000Z`;
    expect((await host.run(`list ${one}`)).stdout).toContain(`"name":"${kept}","sizeBytes"`);
    expect((await host.run(`restore ${one} ${kept} --no-workload`)).exitCode).toBe(0);
  });
});
