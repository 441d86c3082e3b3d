import { slipOf } from "../../contracts/near";
import type { Lookup, Path } from "../../estate/lookup";
import type { Estate } from "../../estate/schema";
import { dumpedOf, placeOf } from "./dataset";
import type { ClusterDumpSpec, DumpSpec } from "./spec";

/** What images with an engine's client are called. */
const clients: Readonly<Record<string, readonly string[]>> = {
  postgresql: ["postgres", "postgresql", "pgvector", "postgis", "timescaledb", "psql"],
  // MariaDB's client asks a MySQL server for nothing that it lacks; MySQL's own asks MariaDB for tables of its statistics.
  mysql: ["mysql", "percona", "mariadb"],
  mariadb: ["mariadb"],
  redis: ["redis", "valkey"],
  vault: ["vault", "openbao"],
  etcd: ["etcd"],
  prometheus: ["prometheus"],
  sqlite: ["sqlite", "sqlite3"],
};
/** One of each. */
const examples: Readonly<Record<string, string>> = {
  postgresql: "docker.io/library/postgres:16",
  mysql: "docker.io/library/mysql:8.4",
  mariadb: "docker.io/library/mariadb:11.4",
  redis: "docker.io/library/redis:7.4",
  vault: "docker.io/hashicorp/vault:1.14.1",
  etcd: "registry.k8s.io/etcd:3.5.15-0",
  prometheus: "docker.io/prom/prometheus:v3.5.0",
  sqlite: "docker.io/keinos/sqlite3:3.46.1",
};
/** What has none of them. */
const without = ["node", "alertmanager", "pushgateway", "consul"];

/** What an image is by its name, where that is none that has an engine's client: images of somebody's own are called as they like. */
function othersImage(image: string, engine: string): string | undefined {
  const path = image.replace(/@.*$/, "").replace(/:[^/]*$/, "");
  if (clients[engine]?.some(client => path.includes(client))) return undefined;
  const last = path.slice(path.lastIndexOf("/") + 1);
  const others = Object.values(clients).flat();
  // Docker's own "node"; what bears that name elsewhere may have anything in it.
  if (last === "node" && !/^((docker\.io\/)?library\/)?node$/.test(path)) return undefined;
  return [...others, ...without].find(
    other => last === other || (/^(postgres|mysql|mariadb)$/.test(other) && last.includes(other)),
  );
}

/** Looks at whose client makes a dump: of what the data is, from an image that has it. */
export function askedClient(
  part: ClusterDumpSpec,
  dump: Exclude<DumpSpec, { engine: "command" }>,
  at: Path,
  estate: Estate,
  look: Lookup,
): void {
  const { dataset } = part;
  const { engine, image } = dump;
  const dumped = dumpedOf(estate, dataset);
  const where = [...at, "dump", "engine"];
  if (dumped?.kind === "database" && dumped.engine !== engine)
    otherEngine(dataset, dumped.engine, engine, where, estate, look);
  if (engine === "sqlite" && dumped) ofFiles(dataset, where, estate, look);
  if (engine === "prometheus") {
    const [service = ""] = dump.server.host.split(".");
    if (slipOf(dump.claim, [service]) !== undefined)
      look.fault(
        [...at, "dump", "claim"],
        dump.claim,
        `is but a letter from the service that this dump asks ("${dump.server.host}"), after which its chart calls the claim: no pod could mount it. Did you mean "${service}"?`,
      );
  }
  const other = look.isFaulty(where) ? undefined : othersImage(image, engine);
  if (other !== undefined)
    look.fault(
      [...at, "dump", "image"],
      image,
      `is ${other} by its name, and has no client of ${engine}. Expected an image with that, e.g. "${examples[engine] ?? ""}"`,
    );
}

/** Where several dumps agree on another engine, the data is what was slipped in. */
function otherEngine(
  dataset: string,
  is: string,
  engine: string,
  where: Path,
  estate: Estate,
  look: Lookup,
): void {
  const all = estate.layers["cluster-dump"].flatMap(({ dataset: of, dump }) =>
    of === dataset && dump && dump.engine !== "command" ? [dump.engine] : [],
  );
  if (all.length < 2 || all.some(each => each !== engine)) {
    look.fault(
      where,
      engine,
      `is not what ${dataset} is, and another engine's client makes no dump of it. Expected "${is}"`,
    );
    return;
  }
  const place = [...placeOf(dataset, estate), "engine"];
  if (!look.isFaulty(place))
    look.fault(
      place,
      is,
      `is not what its ${all.length} dumps are made with, and another engine's client makes no dump of it. Expected "${engine}"`,
    );
}

/** An application's SQLite databases, in one volume. */
function ofFiles(dataset: string, where: Path, estate: Estate, look: Lookup): void {
  const dumped = dumpedOf(estate, dataset);
  if (dumped?.kind !== "volume" || dumped.count > 1 || dumped.block)
    look.fault(
      where,
      "sqlite",
      `is for the files of one volume, and ${dataset} isn't that. Expected a dataset of kind "volume" without "count" and "block"`,
    );
}
