import type { EstateInput } from "../plan/estate/schema";
import { exampleEstate } from "../plan/estate/example";
import { exampleKey } from "../plan/estate/example-keys";

type Service = NonNullable<EstateInput["services"]>[string];

const hostsEach = 10;
/** Of which one a host has its photos, and the others share the volumes. */
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
  const placeAmongTen = (host: string): number => hosts.indexOf(host) % hostsEach;
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
          address: `${host}.example`,
          ssh: { ...pve.ssh, hostKey: exampleKey(host) },
          filesystems: Object.fromEntries(
            Object.entries(pve.filesystems).map(([mount, filesystem], index) => [
              mount,
              { ...filesystem, fsUuid: uuidOf(hosts.indexOf(host), index) },
            ]),
          ),
          pools: Object.fromEntries(
            Object.entries(pve.pools ?? {}).map(([pool, given]) => [pool, { ...given, vgMetadata: "64MiB" }]),
          ),
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
    destinations: Object.fromEntries(
      nasNames.map(name => [
        name,
        { ...nas, address: `${name}.example`, hostKey: exampleKey(name), size: "900TB" },
      ]),
    ),
    links: hosts.flatMap(host => [
      { from: host, to: nasOf(host), bandwidth: "1GB" },
      { from: host, to: host, bandwidth: "2GB" },
    ]),
    secrets: Object.fromEntries(
      ["nas-password", "nas-key", ...hosts.map(callsOf)].map(name => [name, { keptIn: ["break-glass"] }]),
    ),
    monitoring: {
      ...example.monitoring,
      deadMan: {
        urlSecret: { name: "watchdog", key: "url" },
        hosts: Object.fromEntries(hosts.map(host => [host, callsOf(host)])),
      },
      exporters: example.monitoring.exporters?.map(exporter => ({ ...exporter, instances: hosts })),
    },
    services: Object.fromEntries(
      range(servicesEach * factor).map(service => [`service-${service}`, serviceOf(service, hosts)]),
    ),
    layers: {
      ...layers,
      "lvm-pvc-snapshot": forHosts(layers["lvm-pvc-snapshot"]).map(spec => ({
        ...spec,
        excludeNamespaces: [],
      })),
      "nfs-mirror": forHosts(layers["nfs-mirror"]),
      "daily-backup": forHosts(layers["daily-backup"]).map(spec => ({
        ...spec,
        firewalls: [],
        configuration: undefined,
      })),
      "cluster-dump": [],
      "vm-images": [],
      "restore-drill": forHosts(layers["restore-drill"]),
      "effective-state": [],
      "nfs-change-tracker": forHosts(layers["nfs-change-tracker"]),
      "offsite-sync": forHosts(layers["offsite-sync"]).map(spec => ({
        ...spec,
        // One after the other, as they write to one NAS.
        schedule: {
          onCalendar: `*-*-* ${timeOf(360 + 20 * placeAmongTen(spec.host))}`,
          after: ["daily-backup"],
        },
        usualRun: "20min",
        destination: nasOf(spec.host),
        legs: spec.legs.map(({ from, to }) => ({ from, to: `${to}-${spec.host}` })),
      })),
      "nas-snapshots": layers["nas-snapshots"].flatMap(spec =>
        nasNames.map(destination => ({
          ...spec,
          destination,
          schedule: { onCalendar: "*-*-* 13:00:00" },
          watch: undefined,
        })),
      ),
    },
  };
}

/** The secret with the address that a host calls. */
function callsOf(host: string): string {
  return `${host}-calls`;
}

/** The photos of a host, or a share of every host's volumes. */
function serviceOf(service: number, allHosts: readonly string[]): Service {
  // Fifty services to every ten hosts.
  const group = Math.floor(service / servicesEach) * hostsEach;
  const hosts = allHosts.slice(group, group + hostsEach);
  const photosOf = hosts[service % servicesEach];
  return photosOf === undefined ? volumesOf(service, hosts) : photos(photosOf);
}

function photos(host: string): Service {
  return {
    data: [
      { kind: "tree", host, path: "/srv/nfs/photos", size: "300GB", churnPerDay: "2GB", growthPerDay: "0B" },
    ],
    promise: { rpo: { "live-disk": "36h", site: "36h", "host-root": "61h" }, rto: "12h" },
  };
}

function volumesOf(service: number, hosts: readonly string[]): Service {
  return {
    data: hosts.flatMap(host =>
      range(volumesOfHost / (servicesEach - hostsEach)).map(volume => ({
        kind: "volume" as const,
        name: `${host}-${volume}`,
        claim: `data-${volume}`,
        host,
        pool: "data",
        namespace: `service-${service}`,
        size: "2GB",
        churnPerDay: "20MB",
        growthPerDay: "0B",
      })),
    ),
    promise: { rpo: { application: "27h", "live-disk": "30h", site: "36h", "host-root": "61h" }, rto: "12h" },
  };
}

function uuidOf(host: number, filesystem: number): string {
  return `${String(host).padStart(8, "0")}-0000-4000-8000-${String(filesystem).padStart(12, "0")}`;
}

function timeOf(minuteOfDay: number): string {
  const [hour, minute] = [Math.floor(minuteOfDay / 60), minuteOfDay % 60];
  return `${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}:00`;
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
