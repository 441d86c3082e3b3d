import type { InForce } from "../../plan/contracts/in-force";
import { listMounts, optionsOf } from "../runtime/mounts";
import { quoted } from "../runtime/quoted";
import { shell } from "../runtime/shell";
import type { Difference } from "./effective-state";
import { systemd } from "./units";

type Mount = Extract<InForce, { kind: "mount" }>;

/** What is mounted somewhere, or would be. */
interface Found {
  /** Absent where it has none, or nobody says which. */
  readonly uuid?: string | undefined;
  /** What it is where it has no UUID. */
  readonly called?: string;
  readonly options: readonly string[];
}

/** By the mount table of the host's first process: in that of this run's own sandbox, all is read-only and nosuid. */
export async function mountDifferences(mounts: readonly Mount[], stop: AbortSignal): Promise<Difference[]> {
  if (mounts.length === 0) return [];
  const rows = await listMounts(stop, 1);
  const differences: Difference[] = [];
  for (const mount of mounts) {
    const row = rows.findLast(({ target }) => target === mount.path);
    const found =
      row?.fstype === "autofs"
        ? await onDemand(mount, stop)
        : row && {
            uuid: row.uuid ?? undefined,
            ...(row.uuid === null && {
              called: `one without a UUID (${row.fstype} on ${quoted(row.source ?? "no device")})`,
            }),
            options: optionsOf(row),
          };
    differences.push(...differencesOf(mount, found));
  }
  return differences;
}

function differencesOf({ path, fsUuid, options }: Mount, found: Found | undefined): Difference[] {
  const differs = (text: string, next: string): Difference[] => [
    { kind: "mount", subject: path, text, next },
  ];
  if (!found)
    return differs(
      `declared the file system ${fsUuid}, and nothing is mounted`,
      shell`mount UUID=${fsUuid} ${path}`,
    );
  const other = found.uuid ?? found.called;
  if (other !== undefined && other !== fsUuid)
    return differs(
      `declared the file system ${fsUuid}, and ${other} is mounted`,
      shell`findmnt --mountpoint ${path} --output SOURCE,UUID,OPTIONS`,
    );
  const missing = options.filter(option => !found.options.includes(option));
  return missing.length === 0
    ? []
    : differs(
        `declared ${options.join(",")}, and it is mounted without ${missing.join(" and ")}`,
        shell`mount -o remount,${missing.join(",")} ${path}   (and the same in /etc/fstab)`,
      );
}

/** What systemd mounts there once somebody goes there, by its own word: a look wakes no disk. Of one that it knows by a device, its UUID is each job's to prove. */
async function onDemand({ path }: Mount, stop: AbortSignal): Promise<Found | undefined> {
  const shown = await systemd(["systemctl", "show", "--property=LoadState,What,Options", "--", path], stop);
  const said = new Map(
    shown
      .split("\n")
      .map(line => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1).trim()]),
  );
  if (said.get("LoadState") !== "loaded") return undefined;
  const [, uuid] = /^(?:UUID=|\/dev\/disk\/by-uuid\/)(.+)$/.exec(said.get("What") ?? "") ?? [];
  const options = (said.get("Options") ?? "").split(",");
  return { uuid, options: options.includes("ro") ? options : [...options, "rw"] };
}
