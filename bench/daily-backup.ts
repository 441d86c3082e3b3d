import { readFileSync } from "node:fs";
import { join } from "node:path";
import { debianPackages } from "../lab/debian";
import { backupConfig, backupDisk } from "../test/volumes/support/backup";
import { changeVolume, makeVolume, removeVolumes, snapshot, vg } from "../test/volumes/support/thin-volumes";
import { installUnit, stateDir, type Unit } from "../test/volumes/support/unit";
import { elapsedMs, onLabHost, withLabHost } from "./lab-host";
import type { Row } from "./row";

const files = 200_000;
const volume = "vm-3-pvc-bench";
/** What is read by those that ours is compared with. */
const mounted = "/run/bench";
const theirs = `${backupDisk}/bench`;
/**
 * As deep below the disk as ours: rsync 3.5 opens each folder of the base's path, twice for each file, so that four folders
 * more make it slower by half.
 */
const generationOf = (number: number): string => `${theirs}/${number}/unknown/${volume}`;

/**
 * A volume of 200,000 files on the lab's host, without a change and with one, through `daily-backup`, against rsync with
 * `--link-dest` and against rsnapshot, both of the same mounted snapshot. Nobody's deletion of an old generation counts.
 */
export function benchDailyBackup(): Promise<Row[]> {
  return withLabHost(async () => {
    const unit = await installUnit("daily-backup", "daily_backup");
    try {
      await prepare(unit);
      return await compare(unit);
    } finally {
      await onLabHost(
        `mountpoint -q ${mounted} && umount ${mounted}; rm -rf ${stateDir("daily-backup")} ${theirs} ${backupDisk}/pvc-data`,
      );
      await removeVolumes(`^ *${volume}`);
    }
  });
}

async function prepare(unit: Unit): Promise<void> {
  const rsnapshot = join(await debianPackages("rsnapshot", ["rsnapshot"]), "usr/bin/rsnapshot");
  await onLabHost("cat >/root/rsnapshot", readFileSync(rsnapshot, "utf8"));
  await onLabHost("cat >/root/rsnapshot.conf", rsnapshotConfig);
  await removeVolumes(`^ *${volume}`);
  await onLabHost(
    `rm -rf ${stateDir("daily-backup")} ${theirs} ${backupDisk}/pvc-data; mkdir -p ${theirs} ${mounted}`,
  );
  const { volumes } = backupConfig();
  await unit.configure({
    ...backupConfig({ volumes: { ...volumes, pattern: volume, volumeBudgetMs: 3_600_000, luksKeys: [] } }),
    budgetMs: 3_600_000,
  });
  await onLabHost("cat >/root/make-files.cjs", makeFiles);
  await makeVolume(volume, {
    sizeMib: 2048,
    make: device => `mke2fs -q -t ext4 -b 1024 -N ${files * 1.2} -E nodiscard ${device}`,
    fill: `node /root/make-files.cjs ${files}`,
  });
}

/** Each once: rsync takes minutes in a host of the lab, and what is compared is far apart. */
async function compare(unit: Unit): Promise<Row[]> {
  await nextSnapshot();
  await ours(unit, 1);
  await rsync(0);
  await rsnapshot();
  await nextSnapshot();
  const unchanged = { rsync: await rsync(1), rsnapshot: await rsnapshot(), ours: await ours(unit, 0) };
  await changeVolume(volume, "echo changed >folder-7/file-777");
  await nextSnapshot();
  const changed = { rsync: await rsync(2), rsnapshot: await rsnapshot(), ours: await ours(unit, 1) };
  const name = `daily-backup, ${files.toLocaleString("en")} files`;
  return [
    faster(`${name} unchanged, against rsync --link-dest`, unchanged.rsync, unchanged.ours, 20),
    faster(`${name} unchanged, against rsnapshot`, unchanged.rsnapshot, unchanged.ours, 20),
    slower(`${name}, one changed, against rsync --link-dest`, changed.ours, changed.rsync, 1.1),
    // Which writes new metadata to the inodes that all of its generations share, and so needs one pass in the place of two.
    slower(`${name}, one changed, against rsnapshot`, changed.ours, changed.rsnapshot, 2),
  ];
}

/** @returns milliseconds, as all of these */
async function ours(unit: Unit, copied: 0 | 1): Promise<number> {
  const elapsed = await coldMs("systemctl start daily-backup.service");
  const { output } = await unit.ended();
  if (!output.includes(`: ${copied} copied`)) throw new Error(`not ${copied} volumes copied:\n${output}`);
  const removalS = Number(/phase prune took ([\d.]+) s/.exec(output)?.[1] ?? 0);
  return elapsed - removalS * 1000;
}

function rsync(generation: number): Promise<number> {
  const link = generation === 0 ? "" : `--link-dest=${generationOf(generation - 1)}`;
  const into = generationOf(generation);
  return coldMs(
    `mkdir -p ${into} && rsync -aHAXXS --numeric-ids ${link} ${mounted}/ ${into}/ && sync --file-system ${theirs}`,
  );
}

function rsnapshot(): Promise<number> {
  return coldMs(`perl /root/rsnapshot -c /root/rsnapshot.conf alpha && sync --file-system ${theirs}`);
}

/** As at night, when nobody has read these files for a day: nothing that was read before is in memory. */
async function coldMs(command: string): Promise<number> {
  await onLabHost("sync; echo 3 >/proc/sys/vm/drop_caches");
  return elapsedMs(command);
}

/** A snapshot of the volume, and its files mounted for those that can only read files. */
async function nextSnapshot(): Promise<void> {
  await snapshot([volume]);
  await onLabHost(
    `set -e; mountpoint -q ${mounted} && umount ${mounted}; for s in $(lvs --noheadings -o lv_name ${vg} | grep ${volume}_bare); do lvremove -qq -y ${vg}/$s; done
lvcreate -qq -s -kn -n ${volume}_bare ${vg}/${volume}; mount -o ro ${`/dev/${vg}/${volume}_bare`} ${mounted}`,
  );
}

function faster(name: string, their: number, our: number, least: number): Row {
  const value = their / our;
  return {
    name,
    value: `${value.toFixed(1)} × faster ${times(our, their)}`,
    aim: `≥ ${least} ×`,
    ok: value >= least,
  };
}

function slower(name: string, our: number, their: number, most: number): Row {
  const value = our / their;
  return { name, value: `${value.toFixed(2)} × ${times(our, their)}`, aim: `≤ ${most} ×`, ok: value <= most };
}

function times(our: number, their: number): string {
  return `(${(our / 1000).toFixed(1)} s to ${(their / 1000).toFixed(1)} s)`;
}

/** As Debian ships it, with hard links made by cp. */
const rsnapshotConfig = [
  ["config_version", "1.2"],
  ["snapshot_root", `${theirs}/rsnapshot/`],
  ["cmd_cp", "/bin/cp"],
  ["cmd_rm", "/bin/rm"],
  ["cmd_rsync", "/usr/bin/rsync"],
  ["rsync_short_args", "-aHAXXS"],
  ["rsync_long_args", "--delete --numeric-ids"],
  ["retain", "alpha", "50"],
  ["verbose", "1"],
  ["backup", `${mounted}/`, "volume/"],
]
  .map(words => `${words.join("\t")}\n`)
  .join("");

/** A hundred files a folder. */
const makeFiles = `const fs = require("fs");
for (let i = 0; i < Number(process.argv[2]); i += 1) {
  const folder = "folder-" + Math.floor(i / 100);
  if (i % 100 === 0) fs.mkdirSync(folder);
  fs.writeFileSync(folder + "/file-" + i, "content of file " + i);
}
`;
