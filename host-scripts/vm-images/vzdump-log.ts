/** A disk of a VM, as vzdump names it: "scsi0" and "local-lvm:vm-100-disk-0". */
export interface Disk {
  readonly key: string;
  readonly volume: string;
}

/** What vzdump wrote beside an image. */
export interface DumpLog {
  /** It says that it finished the backup of this VM. */
  readonly isFinished: boolean;
  /** The VM's, where it has one. */
  readonly name?: string;
  readonly errors: readonly string[];
  /** What the guest's agent failed in: vzdump goes on then, and the image is whole. It is the guest's own text in part. */
  readonly agentErrors: readonly string[];
  readonly included: readonly Disk[];
  readonly excluded: readonly Disk[];
}

const namePrefix = "INFO: VM Name: ";

/** Reads a log of vzdump: a time before each line in its file, none in what it prints. */
export function readDumpLog(text: string, id: number): DumpLog {
  const lines = text.split("\n").map(line => line.replace(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d /, ""));
  const disks = (word: string): Disk[] =>
    lines.flatMap(line => {
      const [, key, volume] = new RegExp(`^INFO: ${word} disk '([^']+)' '([^']+)'`).exec(line) ?? [];
      return key === undefined || volume === undefined ? [] : [{ key, volume }];
    });
  const errors: Record<"own" | "agent", string[]> = { own: [], agent: [] };
  let of: "own" | "agent" = "own";
  for (const line of lines) {
    if (line.startsWith("ERROR: ")) errors[of].push(line.slice("ERROR: ".length));
    else of = line.startsWith("INFO: issuing guest-agent '") ? "agent" : "own";
  }
  const name = lines.find(line => line.startsWith(namePrefix))?.slice(namePrefix.length);
  return {
    ...(name !== undefined && { name }),
    isFinished: lines.some(line => line.startsWith(`INFO: Finished Backup of VM ${id} (`)),
    errors: errors.own,
    agentErrors: errors.agent,
    included: disks("include"),
    excluded: disks("exclude"),
  };
}

/** Why a VM's backup failed, by what vzdump printed: the last error names the cause. What the guest says is asked last: it may say anything. */
export function causeOf({ errors, agentErrors }: DumpLog, id: number): string | undefined {
  const prefix = `Backup of VM ${id} failed - `;
  const isVerdict = (line: string): boolean => line.startsWith(prefix);
  const verdict = errors.findLast(isVerdict) ?? agentErrors.findLast(isVerdict);
  return verdict?.slice(prefix.length) ?? errors.at(-1);
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
