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
  /** Names that something has asked for by the part of the estate that has them, and where those that aren't there were asked for. */
  private readonly asked = new Map<object, Set<string>>();
  private readonly missing = new Map<
    string,
    { readonly fault: EstateFault; readonly section: Path; readonly among: object }[]
  >();
  constructor(private readonly estate: Estate) {}

  fault(path: Path, value: unknown, problem: string): void {
    this.faults.push({ path: pathText(path), value: shown(value), problem });
  }

  /** Whether something is told of what stands there. */
  isFaulty(path: Path): boolean {
    return this.faults.some(fault => fault.path === pathText(path));
  }

  /** Whether something is told of what stands there, or of a part of it. */
  isFaultyWithin(path: Path): boolean {
    const text = pathText(path);
    return this.faults.some(
      fault => fault.path.startsWith(text) && /^([.[]|$)/.test(fault.path.slice(text.length)),
    );
  }

  /** Whether something has asked for a part of the estate by its name. */
  isAsked(among: object, name: string): boolean {
    return this.asked.get(among)?.has(name) ?? false;
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

  /**
   * Expects a value to be the name of one of some parts of the estate.
   * @param section where those are
   */
  private key(
    path: Path,
    value: string,
    among: Readonly<Record<string, unknown>>,
    kind: string,
    section: Path,
  ): boolean {
    const asked = this.asked.get(among) ?? new Set();
    this.asked.set(among, asked.add(value));
    // Asked of each dataset: the names are gathered for a fault alone.
    if (Object.hasOwn(among, value)) return true;
    this.name(path, value, Object.keys(among), kind);
    const fault = this.faults.at(-1);
    const key = pathText([...section, value]);
    if (fault) this.missing.set(key, [...(this.missing.get(key) ?? []), { fault, section, among }]);
    return false;
  }

  /**
   * A name that several places agree on, and nothing has, but for one that is nearly the same and that nobody asks for: there is
   * the slip, and nothing is wrong with the others.
   */
  blameDeclarations(): void {
    for (const places of this.missing.values()) {
      const [first] = places;
      if (!first || places.length < 2) continue;
      const { section, among } = first;
      const value = JSON.parse(first.fault.value) as string;
      const near = nearest(value, Object.keys(among)).filter(name => !this.isAsked(among, name));
      const [slip, other] = near;
      if (slip === undefined || other !== undefined) continue;
      const isOfIt = ({ value: of, problem }: EstateFault): boolean =>
        of === first.fault.value && problem.startsWith("names no ");
      const rest = this.faults.filter(fault => !isOfIt(fault));
      this.faults.splice(0, this.faults.length, ...rest, {
        path: pathText([...section, slip]),
        value: shown(slip),
        problem: `is what nothing asks for, and ${places.length} places ask for "${value}", the first is ${first.fault.path}. Did you mean "${value}"?`,
      });
    }
  }

  host(path: Path, value: string): boolean {
    return this.key(path, value, this.estate.hosts, "host", ["hosts"]);
  }

  // Of a host that isn't there, its name is the fault.
  disk(path: Path, host: string, value: string): void {
    if (!this.estate.hosts[host]) return;
    const { disks } = this.estate.hosts[host];
    this.key(path, value, disks, `disk of host ${host}`, ["hosts", host, "disks"]);
  }

  pool(path: Path, host: string, value: string): void {
    if (!this.estate.hosts[host]) return;
    const { pools } = this.estate.hosts[host];
    this.key(path, value, pools, `thin pool of host ${host}`, ["hosts", host, "pools"]);
  }

  cluster(path: Path, value: string): void {
    this.key(path, value, this.estate.clusters, "cluster", ["clusters"]);
  }

  destination(path: Path, value: string): void {
    this.key(path, value, this.estate.destinations, "destination", ["destinations"]);
  }

  firewall(path: Path, value: string): boolean {
    return this.key(path, value, this.estate.firewalls, "firewall", ["firewalls"]);
  }

  receiver(path: Path, value: string): void {
    this.key(path, value, this.estate.receivers, "receiver", ["receivers"]);
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
    this.key(path, value, this.estate.secrets, "secret", ["secrets"]);
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
    // A disk for backups on which nothing lies is the one that is meant: to call another one so would hide the slip.
    const idle = Object.keys(disks).find(name => disks[name]?.role === "backup");
    if (meant.length === 0 && idle !== undefined) {
      const on = ["hosts", host, "filesystems", value, "disk"];
      if (this.isFaulty(on)) return;
      this.fault(
        on,
        disk,
        `is no disk for backups, while ${pathText(path)} writes copies there, and no file system of ${host} lies on "${idle}", which is one. Expected "${idle}"`,
      );
      return;
    }
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
