import { name, timeZone } from "../../plan/estate/fields";
import { cluster as clusterFields } from "../../plan/estate/places";
import type { FoundCluster } from "./cluster";
import { layersOf } from "./layers";
import { destinationName, destinationPart, leftAtNas } from "./nas";
import { comment, todo, typeScriptOf } from "./noted";
import { hostPart, namedPools } from "./places";
import type { Way } from "./way";
import { clusterName, type Found, servicesOf } from "./services";

const receiver = "me";

/** An estate with its notes, and what is there and isn't in it, in words. */
export interface Draft {
  readonly estate: Readonly<Record<string, unknown>>;
  readonly left: readonly string[];
}

/** @param year the one in which it is asked */
export function draftOf(found: Found, way: Way, year: number): Draft {
  const { host, called, cluster, nas } = found;
  const { services, left } = servicesOf(found);
  const disks = host.disks.map(({ name }) => name);
  const nasName = destinationName(called);
  const estate = {
    name: todo("my-house", "what it is called in alerts and reports"),
    zone: zoneOf(host.zone),
    years: [year, year + 1],
    hosts: { [called]: hostPart(host, way.address, way) },
    ...(cluster && {
      clusters: {
        [clusterName]: {
          hosts: [called],
          disk: todo(
            namedPools(host)[0]?.pool.disks[0] ?? disks[0],
            "the disk that has the nodes' own file systems",
          ),
          ...(clusterFields.shape.api.safeParse(cluster.api).success && { api: cluster.api }),
        },
      },
    }),
    ...(nas && { destinations: { [nasName]: destinationPart(nas, nasName) } }),
    links: [
      ...(nas
        ? [
            todo(
              { from: nasName, to: called, bandwidth: "20MB" },
              "how many bytes a second a restore from the NAS carries",
            ),
          ]
        : []),
      todo(
        { from: called, to: called, bandwidth: "100MB" },
        "how many bytes a second a restore from its own disks carries",
      ),
    ],
    services,
    monitoring: {
      pushgateway: pushgatewayOf(cluster, way.address),
      ...{ scrapeInterval: "1min", evaluationInterval: "1min", namespace: namespaceOf(cluster) },
      runbooks: todo(
        "https://runbooks.example.org",
        "where the pages lie that alerts lead to: holdfast runbooks",
      ),
    },
    receivers: {
      [receiver]: todo(
        { kind: "slack", channel: "#backups", webhookSecret: { name: "slack", key: "url" } },
        "who hears of alerts: holdfast explain receivers",
      ),
    },
    layers: layersOf(found, services, receiver),
  };
  return { estate, left: [...left, ...unknownZone(host.zone), ...(nas ? leftAtNas(nas) : [])] };
}

/** The file, as TypeScript. */
export function fileText({ estate }: Draft, { host, cluster }: Found): string {
  const there = [...host.backups, ...(cluster?.dumps ?? [])];
  return [
    'import type { EstateInput } from "holdfast";',
    "",
    "// What `holdfast discover` saw. Each TODO is a guess, or what no host can tell. Nothing here is deployed before `pulumi up`.",
    ...(there.length === 0
      ? []
      : ["// What runs there already and looks like a backup, which nothing below takes into account:"]),
    ...there.map(line => comment(`  ${line}`)),
    `export const estate: EstateInput = ${typeScriptOf(estate)};`,
    "",
  ].join("\n");
}

function zoneOf(zone: string): unknown {
  const isPlace = zone.includes("/") && !zone.startsWith("Etc/") && timeZone.safeParse(zone).success;
  return isPlace ? zone : todo("UTC", "the time zone that people's clocks there have, e.g. Europe/Berlin");
}

/** JSON has no TODO for it. */
function unknownZone(zone: string): string[] {
  return zone === "" || timeZone.safeParse(zone).success
    ? []
    : [`the time zone ${JSON.stringify(zone)}, which is none that is known: UTC stands in its place`];
}

function pushgatewayOf(cluster: FoundCluster | undefined, address: string): unknown {
  const at = address.includes(":") ? `[${address}]` : address;
  const found = cluster?.services.find(({ name }) => /pushgateway/.test(name));
  const nodePort = found?.ports.find(port => port.nodePort !== undefined)?.nodePort;
  if (found === undefined) return todo(`http://${at}:9091`, "a Pushgateway that the host reaches");
  const seen = `service ${found.namespace}/${found.name} has port ${found.ports.map(({ port }) => port).join(", ")}`;
  return nodePort === undefined
    ? todo(`http://${at}:9091`, `${seen} in the cluster, and no node port: how the host reaches it`)
    : todo(`http://${at}:${nodePort}`, `${seen}; the address is that of the host, and a node's is meant`);
}

function namespaceOf(cluster: FoundCluster | undefined): unknown {
  const found = cluster?.databases.find(({ engine }) => engine === "prometheus")?.namespace;
  return name.safeParse(found).data ?? todo("monitoring", "the namespace of Prometheus");
}
