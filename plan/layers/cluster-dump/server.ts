import { slipOf } from "../../contracts/near";
import type { Estate } from "../../estate/schema";
import type { Lookup, Path } from "../../estate/lookup";
import type { DatasetSpec } from "../../estate/services";
import { meantInstead } from "./dataset";
import { usualPorts } from "../../contracts/usual-servers";
import type { ClusterDumpSpec, DumpSpec } from "./spec";

/** What an own command asks is its own business. */
type ServerDump = Exclude<Extract<DumpSpec, { server?: unknown }>, { engine: "command" }>;

/**
 * Looks at whom a dump's client asks.
 * @param at the dump's part
 * @param others the dumps before it in the estate, what it is a dump of, and the estate
 */
export function askedServer(
  part: ClusterDumpSpec,
  dump: ServerDump,
  at: Path,
  {
    before,
    dumped,
    estate,
  }: {
    before: readonly ClusterDumpSpec[];
    dumped: DatasetSpec | undefined;
    estate: Estate;
  },
  look: Lookup,
): void {
  const { engine, server } = dump;
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
  const isOthersSlip = twin !== undefined && meantInstead(twin, estate) === part.dataset;
  if (twin && !isOthersSlip)
    look.fault(
      [...where, "host"],
      server.host,
      `is the server of ${twin.name} already, which dumps all of ${twin.dataset}: nothing of ${part.dataset} would be in this one. Expected the service of ${part.dataset}, e.g. "${part.dataset.split("/", 1)[0] ?? ""}.${part.namespace}.svc.cluster.local"`,
    );
  if (!twin && !look.isFaulty([...where, "host"])) called(part, dump, where, estate.services, look);
  const sharing = "secret" in dump ? before.find(other => sharesSecret(part, dump, other)) : undefined;
  if (sharing && "secret" in dump) {
    const isMine = dump.secret === part.name;
    const [place, named] = isMine ? [[...at.slice(0, -1), before.indexOf(sharing)], part] : [at, sharing];
    look.fault(
      [...place, "dump", "secret"],
      dump.secret,
      `is called after ${named.name}, which logs in at another server with it: the two passwords are one, or one of the dumps fails each night. Expected a secret of its own`,
    );
  }
}

/** Whether two dumps of different servers have one secret, that is called after one of the two: several may share one on purpose. */
function sharesSecret({ name }: ClusterDumpSpec, dump: ServerDump, other: ClusterDumpSpec): boolean {
  const theirs = other.dump;
  if (!theirs || !("server" in theirs) || theirs.engine === "command") return false;
  if (!("secret" in dump) || !("secret" in theirs) || dump.secret !== theirs.secret) return false;
  const isOtherServer = theirs.server.host !== dump.server.host || theirs.server.port !== dump.server.port;
  return isOtherServer && [name, other.name].some(each => each === dump.secret);
}

/** A server that is called after another service, or nearly after its own. */
function called(
  { dataset }: ClusterDumpSpec,
  { engine, server: { host, namespace } }: ServerDump,
  where: Path,
  services: Estate["services"],
  look: Lookup,
): void {
  // What has a node's own address is none of the cluster's services.
  if (namespace === undefined) return;
  const [own = ""] = dataset.split("/");
  const [label = "", ...rest] = host.split(".");
  const meant = (name: string): string => [name, ...rest].join(".");
  const other = Object.hasOwn(services, label) && label !== own ? services[label] : undefined;
  const otherEngine = other?.data.find(data => data.kind === "database" && data.engine !== engine);
  const [, domain = ""] = /\.svc\.(.+)$/.exec(host) ?? [];
  if (otherEngine?.kind === "database")
    look.fault(
      [...where, "host"],
      host,
      `is called after the service ${label}, which is ${otherEngine.engine} and not ${engine}. Expected the server of ${dataset}, e.g. "${meant(own)}"`,
    );
  else if (!other && slipOf(label, [own]) !== undefined)
    look.fault(
      [...where, "host"],
      host,
      `is but a letter from the service that it is a dump of. Did you mean "${meant(own)}"?`,
    );
  else if (slipOf(domain, ["cluster.local"]) !== undefined)
    look.fault(
      [...where, "host"],
      host,
      `ends in a cluster's domain but for a letter. Did you mean "${host.slice(0, -domain.length)}cluster.local"?`,
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
