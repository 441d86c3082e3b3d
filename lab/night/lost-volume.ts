import { mustOnHost } from "../hosts";
import { claims } from "../house/claims";

/**
 * Empties the password vault's volume on `pve`, and restores it from the night's copies: files from their generation, the
 * database from its own copy, which has what only the write-ahead log had.
 * @returns what came back @throws when it isn't what there was
 */
export async function loseAndRestore(): Promise<string> {
  const volume = claims.find(({ namespace }) => namespace === "vaultwarden")?.volume ?? "";
  const restored = await mustOnHost(
    "pve",
    `set -e
newest() { ls -d /mnt/backup/$1/*/vaultwarden/data | tail -n 1; }
mkdir -p /run/house; mount -o nosuid,nodev,noexec /dev/pve/${volume} /run/house
find /run/house -mindepth 1 -delete
rsync -aHAXXS --numeric-ids $(newest pvc-data)/ /run/house/
rm -f /run/house/deep/er/store-wal /run/house/deep/er/store-shm
rsync -aHAXXS --numeric-ids $(newest sqlite-backup)/ /run/house/
sqlite3 /run/house/deep/er/store 'PRAGMA integrity_check; SELECT count(*) FROM notes'
umount /run/house`,
    { timeoutMs: 300_000 },
  );
  if (restored !== "ok\n1000\n")
    throw new Error(`the restored database isn't what was committed: ${restored}`);
  return "vaultwarden is back from the backup disk: its database is sound, with all 1000 committed rows and none of the others";
}
