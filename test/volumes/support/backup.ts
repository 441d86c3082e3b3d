import { mustOnHost, startHosts } from "../../../lab/hosts";
import { readFacts } from "../../../lab/facts";
import { makeVolume, removeVolumes, snapshot } from "./thin-volumes";
import { credentialsDir, host, installUnit, openGates, stateDir, type Unit } from "./unit";

export const plain = "vm-1-pvc-plain";
export const unclean = "vm-1-pvc-unclean";
export const locked = "vm-1-pvc-locked";
/** Encrypted, and what is in it is a volume group. */
export const nested = "vm-1-pvc-nested";
export const all = [plain, unclean, locked] as const;

export const backupDisk = "/mnt/backup";

/** Fields of the job's config that the tests share. */
export function backupConfig(change: object = {}) {
  return {
    target: { path: backupDisk, fsUuid: readFacts().pve2.filesystems[backupDisk] },
    volumes: {
      ...{ vg: "pve", pool: "data", pattern: "vm-1-pvc-*", excludeNamespaces: [] },
      ...{ snapshotJob: "lvm-pvc-snapshot", maxSnapshotAgeMs: 14 * 3_600_000 },
      snapshots: {
        stateDir: stateDir("lvm-pvc-snapshot"),
        ...{ keep: { kind: "age", ms: 30 * 86_400_000, atLeast: 1 }, zone: "UTC" },
      },
      ...{ keep: { every: "week", count: 4 }, more: [], volumeBudgetMs: 300_000, luksKeys: ["luks"] },
      accepted: [],
      contentPeriodMs: 30 * 86_400_000,
      collapse: { leastPercent: 20, mostChangedPercent: 90 },
    },
    sqlite: { every: "week", count: 4 },
    volumesTextfile: `${stateDir("daily-backup")}-volumes.prom`,
    ...change,
  };
}

/** The job on a host that keeps nothing of other tests: no volumes, no copies, no state. */
export async function installOnCleanHost(): Promise<Unit> {
  await startHosts({ only: [host], say: () => undefined });
  const unit = await installUnit("daily-backup", "daily_backup");
  await openGates();
  await removeVolumes("^ *vm-[0-9]+-pvc-");
  await mustOnHost(
    host,
    `rm -rf ${stateDir("daily-backup")} ${stateDir("lvm-pvc-snapshot")} ${backupDisk}/pvc-data ${backupDisk}/sqlite-backup`,
  );
  return unit;
}

/** A tree that trips careless programs, in ext4 with a database in it; XFS with work left in its log; and a locked volume. */
export async function makeVolumes(): Promise<void> {
  const ext4 = (device: string): string => `mke2fs -q -t ext4 -E nodiscard ${device}`;
  await makeVolume(plain, { sizeMib: 64, make: ext4, fill: nasty });
  await makeVolume(unclean, {
    sizeMib: 320,
    make: device => `mkfs.xfs -q -K ${device}`,
    fill: "echo early >early; sync -f .; echo late >late; sync late; xfs_io -x -c 'shutdown -f' .",
  });
  await mustOnHost(host, `umask 077; printf 'correct horse' >${credentialsDir}/luks`);
  await makeLocked(
    locked,
    device =>
      `${ext4(device)}; mount ${device} /run/volume; echo secret >/run/volume/secret; umount /run/volume`,
  );
  await snapshot(all);
}

export async function makeNested(): Promise<void> {
  await makeLocked(
    nested,
    device => `pvcreate -qq ${device}; vgcreate -qq stolen ${device}; lvcreate -qq -L 8M -n from stolen
vgchange -qq -an stolen; udevadm settle`,
  );
}

/** @param fill shell commands that write to the device within */
async function makeLocked(name: string, fill: (device: string) => string): Promise<void> {
  const cheap = "--batch-mode --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000";
  const key = `--key-file ${credentialsDir}/luks`;
  await mustOnHost(
    host,
    `set -e; lvcreate -qq -V 64M -T pve/data -n ${name}; cryptsetup luksFormat ${cheap} ${key} /dev/pve/${name}
cryptsetup open ${key} /dev/pve/${name} making; ${fill("/dev/mapper/making")}
cryptsetup close making`,
    { timeoutMs: 1_200_000 },
  );
}

const nasty = `echo space >'a name with spaces'; echo newline >"$(printf 'two\\nlines')"; echo dash >./-rf
echo latin1 >"$(printf 'caf\\351')"; echo linked >one; ln one another; ln -s /etc/passwd out-of-the-tree
mkfifo pipe; truncate -s 8M sparse; echo acl >guarded; setfacl -m u:daemon:r guarded
setfattr -n user.holdfast -v kept guarded; chown daemon:daemon guarded; chmod 640 guarded; mkdir -m 700 empty
sqlite3 store 'PRAGMA journal_mode=WAL; CREATE TABLE t(x); INSERT INTO t VALUES(1),(2),(3)' >/dev/null`;

/** Folder of a volume's generation of the week of an instant, by the host's clock. */
export async function week(): Promise<string> {
  return (await mustOnHost(host, "date -u +%G-%V")).trim();
}

export function generation(period: string, volume: string): string {
  return `${backupDisk}/pvc-data/${period}/unknown/${volume}`;
}

/** What rsync would still change to make a copy equal to a volume's files, by content and all metadata; empty when equal. */
export async function differences(volume: string, copy: string): Promise<string> {
  return mustOnHost(
    host,
    `set -e; mkdir -p /run/volume; mount -o ro /dev/pve/${volume} /run/volume
rsync -aHAXXSn --checksum --delete --itemize-changes --numeric-ids /run/volume/ ${copy}/; umount /run/volume`,
    { timeoutMs: 1_200_000 },
  );
}

const forgotten = new Set<string>();

/** Says of volumes that a test has removed that they are meant to be gone, as `lvm-pvc-snapshot forget` does. */
export async function forget(...volumes: readonly string[]): Promise<void> {
  for (const volume of volumes) forgotten.add(volume);
  const said = Object.fromEntries([...forgotten].map(volume => [volume, new Date().toISOString()]));
  const folder = stateDir("lvm-pvc-snapshot");
  await mustOnHost(host, `mkdir -p ${folder}; cat >${folder}/forgotten.json`, {
    input: JSON.stringify(said),
  });
}

/** Number that tells a folder from another one in its place. */
export async function inode(path: string): Promise<string> {
  return (await mustOnHost(host, `stat -c %i ${path}`)).trim();
}

/** The next call of rsync on the host does all of its work but one file, and then the runner that waits for it is killed. */
export async function killInRsync(leftOut: string): Promise<void> {
  await mustOnHost(host, "cat >/usr/local/bin/rsync; chmod 755 /usr/local/bin/rsync", {
    input: `#!/bin/bash
rm "$0"
/usr/bin/rsync --exclude=${leftOut} "$@"
pkill -KILL -f '^/usr/bin/node .*daily-backup[.]cjs'
`,
  });
}
