import { mustOnHost } from "../hosts";
import { claims, type HouseClaim, unclaimed } from "./claims";
import { passphrase } from "./passphrase";

/** Makes the volumes of the house on `pve`, with what they hold; those that are there already stay as they are. */
export async function makeVolumes(
  say: (line: string) => void,
  of: readonly HouseClaim[] = [...claims, unknownVolume],
): Promise<void> {
  const there = new Set((await mustOnHost("pve", "lvs --noheadings -o lv_name pve")).split(/\s+/));
  const missing = of.filter(claim => !there.has(claim.volume));
  for (const [index, claim] of missing.entries()) {
    if (index % 6 === 0) say(`volumes of the house: ${index} of ${missing.length} are made`);
    // The passphrase by standard input: a command's text can be read in the process list.
    await mustOnHost("pve", script(claim), { input: passphrase(), timeoutMs: 300_000 });
  }
}

const unknownVolume: HouseClaim = {
  namespace: "",
  name: "",
  volume: unclaimed,
  sizeMib: 64,
  holds: "files",
  fileSystem: "ext4",
  dirty: false,
};

function script({ volume, sizeMib, fileSystem, holds, dirty }: HouseClaim): string {
  const device = `/dev/pve/${volume}`;
  const [opened, close] =
    fileSystem === "luks" ? ["/dev/mapper/house", "cryptsetup close house"] : [device, ":"];
  return `set -e
umask 077; cat >/run/house-passphrase; umask 022
lvcreate -qq -V ${sizeMib}M -T pve/data -n ${volume}
${fileSystem === "luks" ? encrypt(device) : ""}
${fileSystem === "xfs" ? "mkfs.xfs -q -K" : "mke2fs -q -t ext4 -E nodiscard"} ${opened}
mkdir -p /run/house; mount ${opened} /run/house; cd /run/house
${contents[holds]}
cd /; ${dirty ? "sync -f /run/house; echo late >/run/house/late; xfs_io -x -c 'shutdown -f' /run/house;" : ""}
umount /run/house; ${close}; rm /run/house-passphrase`;
}

/** Few iterations: a lab's passphrase is as random as a key, and the lab is slow. */
function encrypt(device: string): string {
  const cheap = "--batch-mode --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000";
  return `cryptsetup luksFormat ${cheap} --key-file /run/house-passphrase ${device}
cryptsetup open --key-file /run/house-passphrase ${device} house`;
}

const contents: Readonly<Record<HouseClaim["holds"], string>> = {
  files: "cp -a /usr/share/zoneinfo/Europe . ; echo readme >README",
  nothing: "echo excluded >file",
  nasty: `echo space >'a name with spaces'; echo newline >"$(printf 'two\\nlines')"; echo dash >./-rf
echo latin1 >"$(printf 'caf\\351')"; echo linked >one; ln one another; ln -s /etc/passwd out-of-the-tree
mkfifo pipe; truncate -s 8M sparse; echo acl >guarded; setfacl -m u:daemon:r guarded
setfattr -n user.holdfast -v kept guarded; chown daemon:daemon guarded; chmod 640 guarded`,
  // A writer that is killed in the middle of a transaction: what it committed lies in the write-ahead log alone.
  sqlite: `mkdir -p deep/er; mkfifo /run/sql; sqlite3 deep/er/store </run/sql >/dev/null & writer=$!; exec 7>/run/sql
cat >&7 <<'END'
PRAGMA journal_mode=WAL;
PRAGMA wal_autocheckpoint=0;
PRAGMA cache_size=5;
CREATE TABLE notes(id INTEGER PRIMARY KEY, text TEXT);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<1000) INSERT INTO notes SELECT i, hex(randomblob(40)) FROM n;
BEGIN;
WITH RECURSIVE n(i) AS (SELECT 2001 UNION ALL SELECT i+1 FROM n WHERE i<4000) INSERT INTO notes SELECT i, hex(randomblob(40)) FROM n;
.shell touch /run/sql-done
END
until [ -e /run/sql-done ]; do sleep 0.1; done
kill -9 $writer; wait $writer || true; exec 7>&-; rm /run/sql /run/sql-done`,
};
