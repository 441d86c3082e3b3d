import type { InForce } from "../../plan/contracts/in-force";
import { listMounts, optionsOf } from "../runtime/mounts";
import { quoted } from "../runtime/quoted";
import { shell } from "../runtime/shell";
import type { Difference } from "./effective-state";

type Mount = Extract<InForce, { kind: "mount" }>;

/** By the mount table of the host's first process: in that of this run's own sandbox, all is read-only and nosuid. */
export async function mountDifferences(mounts: readonly Mount[], stop: AbortSignal): Promise<Difference[]> {
  if (mounts.length === 0) return [];
  const rows = await listMounts(stop, 1);
  return mounts.flatMap(({ path, fsUuid, options }) => {
    const differs = (text: string, next: string): Difference[] => [
      { kind: "mount", subject: path, text, next },
    ];
    const row = rows.findLast(({ target }) => target === path);
    if (!row)
      return differs(
        `declared the file system ${fsUuid}, and nothing is mounted`,
        shell`mount UUID=${fsUuid} ${path}`,
      );
    const show = shell`findmnt --mountpoint ${path} --output SOURCE,UUID,OPTIONS`;
    if (row.uuid !== fsUuid)
      return differs(
        `declared the file system ${fsUuid}, and ${row.uuid ?? `one without a UUID (${row.fstype} on ${quoted(row.source ?? "no device")})`} is mounted`,
        show,
      );
    const missing = options.filter(option => !optionsOf(row).includes(option));
    return missing.length === 0
      ? []
      : differs(
          `declared ${options.join(",")}, and it is mounted without ${missing.join(" and ")}`,
          shell`mount -o remount,${missing.join(",")} ${path}   (and the same in /etc/fstab)`,
        );
  });
}
