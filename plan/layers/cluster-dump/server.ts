import { slipOf } from "../../contracts/near";
import type { Lookup, Path } from "../../estate/lookup";
import type { DatasetSpec } from "../../estate/services";
import type { ClusterDumpSpec, DumpSpec } from "./spec";

const usualPorts: readonly (readonly [port: number, of: RegExp])[] = [
  [5432, /^postgresql$/],
  [3306, /^(mysql|mariadb)$/],
  [6379, /^redis$/],
  [8200, /^vault$/],
  [9090, /^prometheus$/],
];

/** What an own command asks is its own business. */
type ServerDump = Exclude<Extract<DumpSpec, { server?: unknown }>, { engine: "command" }>;

/**
 * Looks at whom a dump's client asks.
 * @param at the dump's part
 * @param others the dumps before it in the estate, and what it is a dump of
 */
export function askedServer(
  part: ClusterDumpSpec,
  dump: ServerDump,
  at: Path,
  { before, dumped }: { before: readonly ClusterDumpSpec[]; dumped: DatasetSpec | undefined },
  look: Lookup,
): void {
  const { engine, server, image } = dump;
  const where = [...at, "dump", "server"];
  place(part, dump, where, look);
  const livesIn = dumped?.kind === "database" && "namespace" in dumped.on ? dumped.on.namespace : undefined;
  if (
    livesIn !== undefined &&
    server.namespace !== undefined &&
    server.namespace !== livesIn &&
    // Of a slip in the data, a check says so.
    slipOf(livesIn, [server.namespace]) === undefined &&
    !look.isFaulty([...where, "namespace"])
  )
    look.fault(
      [...where, "namespace"],
      server.namespace,
      `isn't where ${part.dataset} is by its volume: that is in "${livesIn}", and a server runs where its claim is. Expected "${livesIn}", or that namespace in the service's data`,
    );
  const other = usualPorts.find(([usual, of]) => usual === server.port && !of.test(engine));
  if (other)
    look.fault(
      [...where, "port"],
      server.port,
      `is another engine's port than ${engine}'s. Remove it: left out, it is the engine's own`,
    );
  const twin = before.find(
    ({ cluster, dataset, dump: theirs }) =>
      cluster === part.cluster &&
      dataset !== part.dataset &&
      theirs &&
      "server" in theirs &&
      theirs.engine !== "command" &&
      theirs.server.host === server.host &&
      theirs.server.port === server.port,
  );
  if (twin)
    look.fault(
      [...where, "host"],
      server.host,
      `is the server of ${twin.name} already, which dumps all of ${twin.dataset}: nothing of ${part.dataset} would be in this one. Expected the service of ${part.dataset}, e.g. "${part.dataset.split("/", 1)[0] ?? ""}.${part.namespace}.svc.cluster.local"`,
    );
  if ([/postgres/, /mariadb|mysql/].some(of => !of.test(engine) && of.test(image)))
    look.fault(
      [...at, "dump", "image"],
      image,
      `is another engine's by its name, and has no client of ${engine}. Expected an image with its client, and the digest that \`skopeo inspect\` shows`,
    );
}

/** A pod's client reaches the pods of one namespace, and a name without dots is of the pod's own. */
function place(part: ClusterDumpSpec, { server }: ServerDump, where: Path, look: Lookup): void {
  const { host, namespace } = server;
  // What has a node's own address is none of the cluster's services.
  if (namespace === undefined) return;
  const [service = "", given] = /^([^.]+)\.([^.]+)\.svc(\.|$)/.exec(host)?.slice(1) ?? [];
  const meant = given ?? (/[.:]/.test(host) ? undefined : part.namespace);
  if (/^(localhost|127\.[0-9.]+|::1)$/i.test(host))
    look.fault(
      [...where, "host"],
      host,
      `is the dump's own pod, which runs no server. Expected its service, e.g. "${part.dataset}.${namespace}.svc.cluster.local"`,
    );
  else if (meant !== undefined && meant !== namespace)
    look.fault(
      [...where, "namespace"],
      namespace,
      `isn't where "${host}" is: that is in "${meant}", and a dump's pod reaches pods of the one namespace that stands here alone. Expected "${meant}", or "${service || host}.${namespace}.svc.cluster.local" as its host`,
    );
}
