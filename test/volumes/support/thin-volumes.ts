import { mustOnHost } from "../../../lab/hosts";
import { host } from "./unit";

/** Volume group and pool of the host, as the Proxmox installer names them. */
export const vg = "pve";

/**
 * Makes a thin volume and fills it, with its file system as the script leaves it.
 * @param fill shell commands; the working directory is the mounted file system
 */
export async function makeVolume(
  name: string,
  options: { sizeMib: number; make: (device: string) => string; fill: string },
): Promise<void> {
  const device = `/dev/${vg}/${name}`;
  await mustOnHost(
    host,
    `set -e; lvcreate -qq -V ${options.sizeMib}M -T ${vg}/data -n ${name}; ${options.make(device)}
mkdir -p /run/volume; mount ${device} /run/volume; cd /run/volume
${options.fill}
cd /; umount /run/volume`,
    { timeoutMs: 1_200_000 },
  );
}

/** Changes what a volume holds. */
export async function changeVolume(name: string, script: string): Promise<void> {
  await mustOnHost(
    host,
    `set -e; mkdir -p /run/volume; mount /dev/${vg}/${name} /run/volume; cd /run/volume; ${script}; cd /; umount /run/volume`,
  );
}

/**
 * Snapshots as the snapshot job makes and tags them.
 * @param ageS how long ago they were made, by their names
 */
export async function snapshot(names: readonly string[], ageS = 0): Promise<void> {
  await mustOnHost(
    host,
    `set -e; now() { at=$(date -u -d "-${ageS} seconds" +%Y%m%dT%H%M%SZ); }; now
# Two within a second would have one name.
while [ -n "$(lvs --noheadings -o lv_name -S lv_name=${names[0]}_snap_$at ${vg})" ]; do sleep 0.3; now; done
for v in ${names.join(" ")}; do
  lvcreate -qq -s --addtag holdfast.lvm-pvc-snapshot -n \${v}_snap_$at ${vg}/$v
done`,
    { timeoutMs: 1_200_000 },
  );
}

/** What a run may have left: mappers, scratch snapshots, the pool's metadata snapshot, mounts. Empty when there is nothing. */
export async function leaks(): Promise<string> {
  return mustOnHost(
    host,
    `for file in /sys/block/dm-*/dm/name; do read -r name <$file; case $name in *holdfast*) echo $name ;; esac; done
lvs --noheadings -o lv_name -S tags=holdfast.scratch ${vg}
read -r _ _ _ _ _ _ held _ < <(dmsetup status ${vg}-data-tpool); [ $held = - ] || echo metadata snapshot $held
grep -hs volumes-test/state /proc/[0-9]*/mounts || :`,
  );
}

/** Removes all volumes and snapshots of a pattern, by one command: each start of LVM costs as much as what it does. */
export async function removeVolumes(pattern: string): Promise<void> {
  await mustOnHost(host, `lvremove -qq -y -S 'lv_name=~"${pattern}"' ${vg}`, { timeoutMs: 1_200_000 });
}
