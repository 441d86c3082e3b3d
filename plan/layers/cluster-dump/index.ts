import type { Estate } from "../../estate/schema";
import type { Layer } from "../layer";
import { clusterDumpJob } from "./jobs";
import { clusterDumpSpec } from "./spec";

/** What runs a database; undefined for what is none. */
function engineOf(estate: Estate, dataset: string): string | undefined {
  const [service = "", name = service] = dataset.split("/");
  const found = estate.services[service]?.data.find(data => (data.name ?? service) === name);
  return found?.kind === "database" ? found.engine : undefined;
}

/** Namespace of a volume's claim, which a dump of its files has to mount; a database is asked from anywhere. */
function claimNamespace(estate: Estate, dataset: string): string | undefined {
  const [service = "", name = service] = dataset.split("/");
  const found = estate.services[service]?.data.find(data => (data.name ?? service) === name);
  return found?.kind === "volume" ? found.namespace : undefined;
}

/** CronJobs that dump a database or a state. */
export const clusterDump: Layer<"cluster-dump", typeof clusterDumpSpec> = {
  name: "cluster-dump",
  spec: clusterDumpSpec,
  gives: [],
  runs: ({ name, schedule, alert }) => [{ job: name, at: [], schedule, alert }],
  references(part, at, look, estate) {
    const { name, cluster, dataset, target } = part;
    const all = estate.layers["cluster-dump"];
    if (all.findIndex(other => other.name === name && other.cluster === cluster) < all.indexOf(part))
      look.fault([...at, "name"], name, "is there twice in this cluster. Give each dump its own name");
    look.cluster([...at, "cluster"], cluster);
    if (part.dump) {
      look.secret([...at, "dump", "secret"], part.dump.secret);
      const engine = engineOf(estate, dataset);
      if (engine !== undefined && engine !== part.dump.engine)
        look.fault(
          [...at, "dump", "engine"],
          part.dump.engine,
          `is not what ${dataset} is: ${engine}. Another engine's client makes no dump of it`,
        );
      if (estate.clusters[cluster] && !estate.clusters[cluster]?.runnerImage)
        look.fault(
          ["clusters", cluster, "runnerImage"],
          undefined,
          `is missing: the dump ${name} is verified in it. Example: "docker.io/library/node:24-bookworm-slim@sha256:" and the digest that \`skopeo inspect\` shows`,
        );
    }
    look.dataset([...at, "dataset"], dataset);
    const claimIn = claimNamespace(estate, dataset);
    if (claimIn !== undefined && claimIn !== part.namespace)
      look.fault(
        [...at, "namespace"],
        part.namespace,
        `isn't where the claim of ${dataset} is: that is in "${claimIn}", and a pod mounts claims of its own namespace alone. Expected "${claimIn}"`,
      );
    if (/^\/(tmp|run|dev|proc|sys|var\/tmp|var\/run)(\/|$)/.test(target.path))
      look.fault(
        [...at, "target", "path"],
        target.path,
        'is emptied at each boot of the host, and with it goes every dump. Expected a folder of its own in an NFS tree, e.g. "/srv/nfs/etcd-backup"',
      );
    if (look.host([...at, "target", "host"], target.host))
      look.below([...at, "target", "path"], target.host, target.path);
  },
  jobs: (part, estate) => [clusterDumpJob(part, estate)],
};
