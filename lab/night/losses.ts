import { offsiteSyncJobName } from "../../plan/contracts/offsite-sync";
import { mustOnHost } from "../hosts";
import { diskOf } from "../house/machine";
import { inVolume } from "./in-volume";
import { database, paste, type PrintedRestores } from "./printed-restores";
import { differences, runOnce } from "./steps";

const mirrored = "systemctl start nfs-mirror.service";

/** All is mirrored, and from then on nothing is: its timer rests, and a run that this has begun has ended. */
export const mirrorRests = `systemctl stop nfs-mirror.timer; ${mirrored}`;

/**
 * Changes a file of a service, and mirrors it by what the tracker has named.
 * @returns what the mirror says of that @throws when it compared all, or named nothing
 */
export async function mirrorNamed(): Promise<string> {
  const said = await mustOnHost(
    "pve",
    `set -e; ${mirrorRests}
echo more >>/srv/nfs/nasty/one; ${mirrored}; cmp /srv/nfs/nasty/one /mnt/backup/nasty/one
journalctl _SYSTEMD_INVOCATION_ID=$(systemctl show -P InvocationID nfs-mirror.service) -o cat --no-pager
systemctl start nfs-mirror.timer`,
    { timeoutMs: 1_200_000 },
  );
  const named = /nfs-change-tracker has named [1-9]\d* names.*$/m.exec(said)?.[0];
  if (named === undefined) throw new Error(`the mirror didn't go by what was named:\n${said}`);
  return named;
}

/**
 * Loses files of a service, and restores it. The mirror's timer stands still meanwhile: it would mirror the loss within two minutes.
 * @returns what came back @throws when it isn't what there was
 */
export async function loseFiles(printed: PrintedRestores): Promise<string> {
  const [source, before] = ["/srv/nfs/nasty", "/srv/nfs-ssd/before"];
  await mustOnHost(
    "pve",
    `set -e; ${mirrorRests}
mkdir -p ${before}; rsync -aHAXXS --delete ${source}/ ${before}/
cd ${source}; rm one; echo ransom >guarded; echo pay >README`,
    { timeoutMs: 1_200_000 },
  );
  await paste(printed("tree: nfs-mirror"));
  const different = await differences(before, source);
  if (different.length > 0) throw new Error(`${source} isn't what it was:\n${different.join("\n")}`);
  await mustOnHost("pve", "systemctl start nfs-mirror.timer");
  return `${source} is what it was in bytes and metadata, and what had come of it is kept aside`;
}

/**
 * Sends the host's copies to the NAS. Then a service and its copy are gone, as when the disks of both fail, and what the NAS has is
 * restored to the one and from there to the other.
 * @returns what came back @throws when it isn't what there was
 */
export async function loseBothDisks(printed: PrintedRestores): Promise<string> {
  const [source, before] = ["/srv/nfs/nasty", "/srv/nfs-ssd/before"];
  await mustOnHost("pve", mirrorRests, { timeoutMs: 1_200_000 });
  const seconds = await runOnce(offsiteSyncJobName, 1_800_000);
  await mustOnHost(
    "pve",
    `set -e; rsync -aHAXXS --delete ${source}/ ${before}/; rm -r ${source} /mnt/backup/nasty`,
  );
  await paste(printed(`tree: nfs-mirror ${offsiteSyncJobName}`));
  const different = await differences(before, source);
  if (different.length > 0) throw new Error(`${source} isn't what it was:\n${different.join("\n")}`);
  await mustOnHost("pve", "systemctl start nfs-mirror.timer");
  return `sent and verified after ${seconds} s; then ${source} and its copy on the host were gone, and came back from the NAS in bytes and metadata`;
}

/**
 * Empties the password vault's volume, and restores it: files from their generation, the database from its own copy, which has what
 * only the write-ahead log had.
 * @returns what came back @throws when it isn't what there was
 */
export async function loseVolume(printed: PrintedRestores): Promise<string> {
  await inVolume(database, "find . -mindepth 1 -delete");
  await paste(printed("database: lvm-pvc-snapshot daily-backup"));
  await paste(printed("database: lvm-pvc-snapshot daily-backup sqlite"));
  const restored = await inVolume(database, askDatabase);
  if (restored !== soundDatabase)
    throw new Error(`the restored database isn't what was committed: ${restored}`);
  return "vaultwarden is back from the backup disk: its database is sound, with all 1000 committed rows and none of the others";
}

/** What a database of the house is asked, and what a sound one says: what was committed, and no file of a writer. */
export const askDatabase =
  "ls deep/er; sqlite3 deep/er/store 'PRAGMA integrity_check; SELECT count(*) FROM notes'";
export const soundDatabase = "store\nok\n1000\n";

/**
 * Overwrites the disk of a cluster's node, and restores the machine beside what is left of it.
 * @returns what came back @throws when it isn't what there was
 */
export async function loseMachine(printed: PrintedRestores): Promise<string> {
  const sum = async (disk: string): Promise<string> =>
    (await mustOnHost("pve", `sha256sum </dev/pve/${disk}`)).trim();
  const before = await sum(diskOf());
  await mustOnHost(
    "pve",
    `yes ransom | dd of=/dev/pve/${diskOf()} bs=1M count=1 iflag=fullblock conv=fsync status=none`,
  );
  const said = await paste(printed("nodes: vm-images"));
  const id = Number(/is VM (\d+) now/.exec(said)?.[1]);
  const configured = await mustOnHost("pve", `qm config ${id}`);
  if (!configured.includes(`scsi0: data:${diskOf(id)},`) || (await sum(diskOf(id))) !== before)
    throw new Error(`VM ${id} isn't what was imaged:\n${said}\n${configured}`);
  // The next night of this lab finds the machine as this one did.
  await mustOnHost(
    "pve",
    `dd if=/dev/pve/${diskOf(id)} of=/dev/pve/${diskOf()} bs=1M count=1 conv=fsync status=none`,
  );
  return `k8s-1 is back as VM ${id}, on a thin volume of its own that equals the lost disk in each byte`;
}
