import { shortestGap } from "../../calendar";
import type { ClusterDumpConfig } from "../../contracts/cluster-dump";
import type { Estate } from "../../estate/schema";
import type { Deployment, Trigger } from "../../job";
import { type DumpPod, podPaths, type Reachable } from "../../pod";
import { pushgatewayPort } from "../../pushgateway";
import { keepPolicyOf, retentionOf } from "../../retention";
import { pushgatewayOf } from "../common";
import { mountAbove } from "../places";
import { engines, metricsOf } from "./engines";
import type { Engine } from "./engines/engine";
import { claimOf } from "./dataset";
import { type ClusterDumpSpec, type DumpSpec, secretOf } from "./spec";

/** Of a range that no distribution gives to anybody; NFS knows accounts by their number alone. */
const uid = 64_738;

/** A CronJob with a client of the server's own version; planned where the estate doesn't say which. */
export function deploymentOf(
  spec: ClusterDumpSpec,
  estate: Estate,
  trigger: Trigger,
  run: Limits,
): Deployment {
  const runnerImage = estate.clusters[spec.cluster]?.runnerImage;
  if (!spec.dump || runnerImage === undefined) return { kind: "planned" };
  return {
    kind: "cronjob",
    runner: "cluster-dump",
    pod: podOf(spec, spec.dump, runnerImage, estate, trigger, run),
  };
}

interface Limits {
  readonly budgetMs: number;
  readonly timeoutMs: number;
}

function podOf(
  spec: ClusterDumpSpec,
  dump: DumpSpec,
  runnerImage: string,
  estate: Estate,
  trigger: Trigger,
  { budgetMs, timeoutMs }: Limits,
): DumpPod {
  const { host, path } = spec.target;
  const engine: Engine = engines[dump.engine];
  const { scripts, scratch } = engine;
  const server = serverOf(dump);
  return {
    namespace: spec.namespace,
    schedule: trigger.calendar,
    zone: trigger.zone,
    startWithinMs: startWithinMs(trigger, estate),
    timeoutMs,
    uid,
    client: {
      image: dump.image,
      script: `${scripts}-${engine.script("databases" in dump ? dump.databases : undefined)}`,
      restoreScript: `${scripts}-restore`,
      includes: [scripts, "exchange", ...("owner" in dump ? ["volume-restore"] : [])],
      scratch,
      environment: environmentOf(dump, scratch),
      ...("owner" in dump && {
        files: {
          claim: "claim" in dump ? dump.claim : claimOf(estate, spec.dataset),
          ...{ owner: dump.owner, usedBy: dump.usedBy },
        },
      }),
    },
    runnerImage,
    config: `${JSON.stringify(configOf(spec, dump, estate, trigger, budgetMs), undefined, 2)}\n`,
    secret: secretOf(dump),
    pushSecret: estate.monitoring.pushgatewayLogin?.password,
    target: {
      host,
      server: estate.hosts[host]?.address ?? "",
      path,
      fsUuid: estate.hosts[host]?.filesystems[mountAbove(estate, host, path)]?.fsUuid ?? "",
    },
    reaches: [...(server ? [reachOf(server)] : []), ...reachedPushgateway(estate)],
  };
}

/** How long after its time a run may begin: half of what lies between two, and an hour at most. */
export function startWithinMs({ schedule, zone }: Trigger, { years }: Estate): number {
  return Math.min(3_600_000, Math.floor(shortestGap(schedule, zone, years).ms / 2));
}

/** What the client's scripts read. */
function environmentOf(dump: DumpSpec, scratch: boolean): Record<string, string> {
  const server = serverOf(dump);
  return {
    ...(server && { DATABASE_HOST: server.host, DATABASE_PORT: String(server.port) }),
    ...("tls" in dump && { SCHEME: dump.tls ? "https" : "http" }),
    ...("user" in dump && { DATABASE_USER: dump.user }),
    ...{ HOME: podPaths.exchange, EXCHANGE: podPaths.exchange },
    ...(secretOf(dump) !== undefined && { PASSWORD_FILE: `${podPaths.credentials}/password` }),
    ...(scratch && { SCRATCH: podPaths.scratch }),
    ...("owner" in dump && {
      FILES:
        "folder" in dump && dump.folder !== undefined ? `${podPaths.files}/${dump.folder}` : podPaths.files,
    }),
    ...("excludes" in dump && { EXCLUDES: dump.excludes.map(({ name }) => name).join("\n") }),
    ...("make" in dump && { MAKE: dump.make, CHECK: dump.check, RESTORE: dump.restore ?? "" }),
  };
}

type Server = NonNullable<Extract<DumpSpec, { server?: object | undefined }>["server"]>;

function serverOf(dump: DumpSpec): Server | undefined {
  return "server" in dump ? dump.server : undefined;
}

function reachOf({ host, port, namespace }: Server): Reachable {
  return namespace === undefined ? { address: host, port } : { namespace, port };
}

function configOf(
  spec: ClusterDumpSpec,
  dump: DumpSpec,
  estate: Estate,
  trigger: Trigger,
  budgetMs: number,
): ClusterDumpConfig {
  const stateDir = `${podPaths.target}/.holdfast/${spec.name}`;
  return {
    ...{ job: spec.name, host: spec.cluster, budgetMs, stateDir, textfile: `${stateDir}/metrics.prom` },
    pushgateway: pushgatewayOf(estate, podPaths.pushCredentials),
    zone: trigger.zone,
    exchange: podPaths.exchange,
    target: podPaths.target,
    seen: { ...spec.target, namespace: spec.namespace },
    keep: keepPolicyOf(retentionOf(spec.keep)),
    band: spec.band,
    metrics: metricsOf(dump),
    // The image may have to be fetched first; a client that hasn't begun by then leaves no time for the dump.
    clientWithinMs: Math.floor(budgetMs / 2),
  };
}

/** At its address; and as its pod, where it is one: the port of a node has become that of a pod before most networks look. */
export function reachedPushgateway({ monitoring }: Estate): Reachable[] {
  const { hostname, port, protocol } = new URL(monitoring.pushgateway);
  const number = port === "" ? (protocol === "https:" ? 443 : 80) : Number(port);
  const pods = { namespace: monitoring.namespace, port: pushgatewayPort };
  return [{ address: hostname, port: number }, ...(monitoring.pushgatewayServer ? [pods] : [])];
}
