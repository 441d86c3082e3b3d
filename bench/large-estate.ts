import type { EstateInput } from "../plan/estate/schema";
import { exampleEstate } from "../plan/estate/example";

type Service = NonNullable<EstateInput["services"]>[string];

const hostsEach = 10;
const servicesEach = 50;
const volumesOfHost = 1_000;

/**
 * A sound estate of the size that a speed is promised for, times a factor: ten hosts with a thousand volumes each, fifty
 * services that are spread over them, five years. Every ten hosts have a NAS, and every host the example's jobs.
 */
export function largeEstate(factor: number): EstateInput {
  const example = exampleEstate();
  const [pve, nas, layers] = [example.hosts.pve, example.destinations.nas, example.layers];
  if (!pve || !nas) throw new Error("the example estate has a host pve and a destination nas");
  const hosts = range(hostsEach * factor).map(index => `pve-${index}`);
  const nasOf = (host: string): string => `nas-${Math.floor(Number(host.slice("pve-".length)) / hostsEach)}`;
  const nasNames = [...new Set(hosts.map(nasOf))];
  const forHosts = <T extends object>(specs: readonly T[]) =>
    specs.flatMap(spec => hosts.map(host => ({ ...spec, host })));
  return {
    ...example,
    years: [2026, 2027, 2028, 2029, 2030],
    hosts: Object.fromEntries(
      hosts.map(host => [
        host,
        {
          ...pve,
          disks: {
            sda: { medium: "hdd", size: "100TB", role: "backup" },
            sdb: { medium: "ssd", size: "931GB", role: "system" },
            sdc: { medium: "hdd", size: "100TB" },
          },
        },
      ]),
    ),
    clusters: {},
    firewalls: {},
    destinations: Object.fromEntries(nasNames.map(name => [name, { ...nas, size: "900TB" }])),
    links: hosts.flatMap(host => [
      { from: host, to: nasOf(host), bandwidth: "1GB" },
      { from: host, to: host, bandwidth: "2GB" },
    ]),
    secrets: { "nas-password": { keptIn: ["break-glass"] } },
    services: Object.fromEntries(
      range(servicesEach * factor).map(service => [`service-${service}`, serviceOf(service, hosts)]),
    ),
    layers: {
      ...layers,
      "lvm-pvc-snapshot": forHosts(layers["lvm-pvc-snapshot"]).map(spec => ({
        ...spec,
        excludeNamespaces: [],
      })),
      "nfs-mirror": forHosts(layers["nfs-mirror"]).map(spec => ({ ...spec, excludes: [] })),
      "daily-backup": forHosts(layers["daily-backup"]).map(spec => ({ ...spec, firewalls: [] })),
      "cluster-dump": [],
      "vm-images": [],
      "nfs-change-tracker": forHosts(layers["nfs-change-tracker"]),
      "offsite-sync": forHosts(layers["offsite-sync"]).map(spec => ({
        ...spec,
        schedule: { ...spec.schedule, after: ["daily-backup"] },
        destination: nasOf(spec.host),
        legs: [{ from: "/mnt/backup", to: `/Backup/${spec.host}` }],
      })),
      "nas-snapshots": layers["nas-snapshots"].flatMap(spec =>
        nasNames.map(destination => ({ ...spec, destination })),
      ),
    },
  };
}

/** Its share of every host's volumes. */
function serviceOf(service: number, allHosts: readonly string[]): Service {
  // Fifty services to every ten hosts.
  const group = Math.floor(service / servicesEach) * hostsEach;
  const hosts = allHosts.slice(group, group + hostsEach);
  return {
    data: hosts.flatMap(host =>
      range(volumesOfHost / servicesEach).map(volume => ({
        kind: "volume" as const,
        name: `${host}-${volume}`,
        claim: `data-${volume}`,
        host,
        pool: "data",
        namespace: `service-${service}`,
        size: "2GB",
        churnPerDay: "20MB",
      })),
    ),
    promise: { rpo: { application: "27h", "live-disk": "30h", site: "33h", "host-root": "58h" }, rto: "8h" },
  };
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
