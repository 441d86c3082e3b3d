import { type HostName, hostNames, onHost, processName } from "../../hosts";
import { isRunning } from "../../process";
import { type Disk, keyOf } from "./round";

/** Where a volume is mounted on its host while a pod uses it. */
const folder = "/run/lab-pods";

/** How long a volume that can't be mounted or unmounted is left alone, and how old a listing of mounts may be. */
const againMs = 5_000;
const listingMs = 15_000;

/** Volume group of every host of the lab. */
const vg = "pve";

/** Makes volumes really used: mounted on the host that has them, as their pods' node would. */
export class HostMounts {
  private readonly mounted = new Map<string, Disk>();
  private readonly failedAt = new Map<string, number>();
  private listedAt = -Infinity;
  /** Why a volume could not be mounted or unmounted, by its key. */
  readonly troubles = new Map<string, string>();

  /** What is mounted; asked again at times, as a host may have lost its mounts with its power. */
  async list(): Promise<ReadonlyMap<string, Disk>> {
    if (performance.now() - this.listedAt < listingMs) return this.mounted;
    this.mounted.clear();
    const hosts = hostNames.filter(host => host !== "nas" && isRunning(processName(host)));
    await Promise.all(
      hosts.map(async host => {
        const stdout = await mountsOf(host);
        for (const line of stdout.split("\n").filter(target => target.startsWith(`${folder}/`)))
          this.note({ host, name: line.slice(folder.length + 1) });
      }),
    );
    this.listedAt = performance.now();
    return this.mounted;
  }

  async mount(disk: Disk): Promise<void> {
    const at = `${folder}/${disk.name}`;
    if (await this.attempt(disk, `mkdir -p ${at} && mount /dev/${vg}/${disk.name} ${at}`)) this.note(disk);
  }

  async unmount(disk: Disk): Promise<void> {
    const at = `${folder}/${disk.name}`;
    if (await this.attempt(disk, `umount ${at} && rmdir ${at}`)) this.mounted.delete(keyOf(disk));
  }

  private note(disk: Disk): void {
    this.mounted.set(keyOf(disk), disk);
  }

  /** @returns whether it succeeded; a failure is told once and tried again after a while */
  private async attempt(disk: Disk, command: string): Promise<boolean> {
    const key = keyOf(disk);
    if (performance.now() - (this.failedAt.get(key) ?? -Infinity) < againMs) return false;
    const reason = await failureOf(disk, command);
    if (reason === undefined) {
      this.failedAt.delete(key);
      this.troubles.delete(key);
      return true;
    }
    if (this.troubles.get(key) !== reason) console.log(`${new Date().toISOString()} ${key}: ${reason}`);
    this.failedAt.set(key, performance.now());
    this.troubles.set(key, reason);
    return false;
  }
}

/** Nothing of a host that boots or hangs: the others' pods don't wait for it. */
async function mountsOf(host: HostName): Promise<string> {
  try {
    const command = "findmnt --list --noheadings --output TARGET";
    return (await onHost(host, command, { timeoutMs: 20_000 })).stdout;
  } catch {
    return "";
  }
}

async function failureOf(disk: Disk, command: string): Promise<string | undefined> {
  const host = hostNames.find(name => name === disk.host);
  if (host === undefined) return `no host "${disk.host}" in the lab`;
  if (!/^[A-Za-z0-9_+][A-Za-z0-9_.+-]*$/.test(disk.name)) return "not the name of a logical volume";
  if (!isRunning(processName(host))) return `${host} doesn't run`;
  try {
    const { exitCode, stderr } = await onHost(host, command, { timeoutMs: 20_000 });
    return exitCode === 0 ? undefined : stderr.trim();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
