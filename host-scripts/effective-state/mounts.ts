import type { InForce } from "../../plan/contracts/in-force";
import { listMounts, type Mounts, optionsOf } from "../runtime/mounts";
import { quoted } from "../runtime/quoted";
import { run } from "../runtime/run";
import { shell } from "../runtime/shell";
import type { Difference } from "./effective-state";

type Mount = Extract<InForce, { kind: "mount" }>;

/** By the mount table of the host's first process: in that of this run's own sandbox, all is read-only and nosuid. */
export async function mountDifferences(mounts: readonly Mount[], stop: AbortSignal): Promise<Difference[]> {
  if (mounts.length === 0) return [];
  const rows = await mountedFor(mounts, stop);
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
    if (row.fstype === "autofs")
      return differs(
        `declared the file system ${fsUuid}, which systemd mounts when somebody goes there, and it can't`,
        shell`ls ${path}; systemctl --failed; dmesg --level err,warn | tail`,
      );
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

/** What is mounted once somebody has gone to each place, as jobs do: where systemd mounts on demand, an idle place has no file system yet. */
async function mountedFor(mounts: readonly Mount[], stop: AbortSignal): Promise<Mounts> {
  const rows = await listMounts(stop, 1);
  const idle = mounts.filter(
    ({ path }) => rows.findLast(({ target }) => target === path)?.fstype === "autofs",
  );
  if (idle.length === 0) return rows;
  for (const { path } of idle) await run(["stat", "--", `${path}/.`], { timeoutMs: 60_000, stop });
  return listMounts(stop, 1);
}
