/** A disk of a VM, as vzdump names it: "scsi0" and "local-lvm:vm-100-disk-0". */
export interface Disk {
  readonly key: string;
  readonly volume: string;
}

/** What vzdump wrote beside an image. */
export interface DumpLog {
  /** It says that it finished the backup of this VM. */
  readonly isFinished: boolean;
  readonly errors: readonly string[];
  readonly included: readonly Disk[];
  readonly excluded: readonly Disk[];
}

/** Reads a log of vzdump: a time before each line in its file, none in what it prints. */
export function readDumpLog(text: string, id: number): DumpLog {
  const lines = text.split("\n").map(line => line.replace(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d /, ""));
  const disks = (word: string): Disk[] =>
    lines.flatMap(line => {
      const [, key, volume] = new RegExp(`^INFO: ${word} disk '([^']+)' '([^']+)'`).exec(line) ?? [];
      return key === undefined || volume === undefined ? [] : [{ key, volume }];
    });
  return {
    isFinished: lines.some(line => line.startsWith(`INFO: Finished Backup of VM ${id} (`)),
    errors: lines.flatMap(line => (line.startsWith("ERROR: ") ? [line.slice("ERROR: ".length)] : [])),
    included: disks("include"),
    excluded: disks("exclude"),
  };
}

/** Why a VM's backup failed, by what vzdump printed: the last error names the first cause. */
export function causeOf({ errors }: DumpLog, id: number): string | undefined {
  const prefix = `Backup of VM ${id} failed - `;
  const ours = errors.find(line => line.startsWith(prefix));
  return ours?.slice(prefix.length) ?? errors.at(-1);
}

/** What holds a VM's lock: "backup", "migrate", "suspended"; undefined when none is in the way. */
export function lockOf(cause: string): string | undefined {
  return /VM is locked \(([\w-]+)\)/.exec(cause)?.[1];
}

/** "vm-100-disk-0" of "local-lvm:vm-100-disk-0", and of "local:100/vm-100-disk-0.raw". */
export function diskName(volume: string): string {
  const name = volume.slice(Math.max(volume.lastIndexOf(":"), volume.lastIndexOf("/")) + 1);
  return name.replace(/\.(raw|qcow2|vmdk)$/, "");
}
