import { datasetId } from "../datasets";
import { isBelow } from "../layers/places";
import { nearest, slipOf } from "../contracts/near";
import { type EstateFault, pathText, shown } from "./faults";
import type { Estate } from "./schema";

/** Where something stands in an estate: ["layers", "nfs-mirror", 0, "source"]. */
export type Path = readonly PropertyKey[];

/** The question after a misspelt name; nothing where none of the known ones is near. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const near = nearest(name, known);
  return near.length === 0 ? "" : `. Did you mean ${near.map(shown).join(" or ")}?`;
}

/** What a secret is where something uses it. */
export type SecretUse = "ssh-key" | "password" | "passphrase" | "api-key" | "address" | "push";

/** The file system that a path is a slip away from, and the path in it. */
function missedMount(
  path: string,
  mounts: readonly string[],
): { readonly mount: string; readonly path: string } | undefined {
  const parts = path.split("/");
  for (const mount of mounts) {
    const depth = mount.split("/").length;
    const begin = parts.slice(0, depth).join("/");
    if (!mounts.includes(begin) && slipOf(begin, [mount]) !== undefined)
      return { mount, path: [mount, ...parts.slice(depth)].join("/") };
  }
  return undefined;
}

/** Collects faults while the estate is walked. */
export class Lookup {
  readonly faults: EstateFault[] = [];
  /** Places of the estate that take a secret for something. */
  readonly secretUses: { readonly path: Path; readonly value: string; readonly use: SecretUse }[] = [];
  constructor(private readonly estate: Estate) {}

  fault(path: Path, value: unknown, problem: string): void {
    this.faults.push({ path: pathText(path), value: shown(value), problem });
  }

  /** Whether something is told of what stands there. */
  isFaulty(path: Path): boolean {
    return this.faults.some(fault => fault.path === pathText(path));
  }

  /** Expects a value to be one of some names. */
  name(path: Path, value: string, among: Iterable<string>, kind: string): boolean {
    const names = [...among];
    if (names.includes(value)) return true;
    this.fault(
      path,
      value,
      `names no ${kind} (known: ${names.map(shown).join(", ") || "none"})${didYouMean(value, names)}`,
    );
    return false;
  }

  /** Expects a value to be the name of one of some parts of the estate. */
  private key(path: Path, value: string, among: Readonly<Record<string, unknown>>, kind: string): boolean {
    // Asked of each dataset: the names are gathered for a fault alone.
    return Object.hasOwn(among, value) || this.name(path, value, Object.keys(among), kind);
  }

  host(path: Path, value: string): boolean {
    return this.key(path, value, this.estate.hosts, "host");
  }

  disk(path: Path, host: string, value: string): void {
    this.key(path, value, this.estate.hosts[host]?.disks ?? {}, `disk of host ${host}`);
  }

  // Of a host that isn't there, its name is the fault.
  pool(path: Path, host: string, value: string): void {
    if (!this.estate.hosts[host]) return;
    this.key(path, value, this.estate.hosts[host]?.pools ?? {}, `thin pool of host ${host}`);
  }

  cluster(path: Path, value: string): void {
    this.key(path, value, this.estate.clusters, "cluster");
  }

  destination(path: Path, value: string): void {
    this.key(path, value, this.estate.destinations, "destination");
  }

  firewall(path: Path, value: string): boolean {
    return this.key(path, value, this.estate.firewalls, "firewall");
  }

  receiver(path: Path, value: string): void {
    this.key(path, value, this.estate.receivers, "receiver");
  }

  /** Expects a service's name, where it has one dataset of that name, or "SERVICE/DATASET". */
  dataset(path: Path, value: string): void {
    const datasets = Object.entries(this.estate.services).flatMap(([service, { data }]) =>
      data.map(dataset => datasetId(`${service}/${dataset.name ?? service}`)),
    );
    this.name(path, datasetId(value), datasets, "dataset of a service");
  }

  /** @param use what it is for there; left out, a restore needs it, whatever it is */
  secret(path: Path, value: string, use?: SecretUse): void {
    this.key(path, value, this.estate.secrets, "secret");
    if (use !== undefined) this.secretUses.push({ path, value, use });
  }

  mount(path: Path, host: string, value: string): void {
    if (!this.estate.hosts[host]) return;
    this.name(
      path,
      value,
      Object.keys(this.estate.hosts[host]?.filesystems ?? {}),
      `file system of host ${host}`,
    );
  }

  /** Expects a mount point that copies may be written to: where a disk of the host is for backups, it is on that one. */
  backupMount(path: Path, host: string, value: string): void {
    this.mount(path, host, value);
    const { filesystems = {}, disks = {} } = this.estate.hosts[host] ?? {};
    const { disk } = filesystems[value] ?? {};
    const meant = Object.keys(filesystems).filter(
      mount => disks[filesystems[mount]?.disk ?? ""]?.role === "backup",
    );
    if (disk === undefined || meant.includes(value)) return;
    if (meant.length === 0) {
      const role = ["hosts", host, "disks", disk, "role"];
      if (this.isFaulty(role)) return;
      this.fault(
        role,
        disks[disk]?.role,
        `is of the disk that ${pathText(path)} writes copies to, and no disk of ${host} is for backups: the disaster "backup-disk" would take none, and what is promised for it would be kept by itself. Expected "backup"`,
      );
      return;
    }
    this.fault(
      path,
      value,
      `is on disk ${disk} with the role "${disks[disk]?.role}": copies would lie beside what they are copies of. Expected ${meant.map(shown).join(" or ")}, or the role "backup" for that disk`,
    );
  }

  /** Expects a path to lie in a file system that the host's disks are known for. */
  below(path: Path, host: string, value: string): void {
    if (!this.estate.hosts[host]) return;
    const mounts = Object.keys(this.estate.hosts[host]?.filesystems ?? {});
    if (!mounts.some(mount => isBelow(value, mount)))
      this.fault(
        path,
        value,
        `lies in no file system of host ${host} (known: ${mounts.map(shown).join(", ") || "none"})`,
      );
  }

  /**
   * Expects the same of what a job or a person puts there, and none of the file systems to be missed by a letter.
   * @param instead what is expected; left out, the same in the file system that was missed
   */
  inMount(path: Path, host: string, value: string, instead?: string): void {
    this.below(path, host, value);
    const meant = missedMount(value, Object.keys(this.estate.hosts[host]?.filesystems ?? {}));
    if (meant !== undefined && !this.isFaulty(path))
      this.fault(
        path,
        value,
        `misses the file system "${meant.mount}" by a letter, and lies in the one around it: no job that reads "${meant.mount}" knows of it. ${instead ?? `Did you mean "${meant.path}"?`}`,
      );
  }
}
