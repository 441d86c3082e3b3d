import type { Layer } from "../layer";
import { clusterDumpJob } from "./jobs";
import { clusterDumpSpec } from "./spec";

/** CronJobs that dump a database or a state. */
export const clusterDump: Layer<"cluster-dump", typeof clusterDumpSpec> = {
  name: "cluster-dump",
  spec: clusterDumpSpec,
  runs: ({ name, schedule, alert }) => [{ job: name, at: [], schedule, alert }],
  references(part, at, look, estate) {
    const { name, cluster, dataset, target } = part;
    const all = estate.layers["cluster-dump"];
    if (all.findIndex(other => other.name === name && other.cluster === cluster) < all.indexOf(part))
      look.fault([...at, "name"], name, "is there twice in this cluster. Give each dump its own name");
    look.cluster([...at, "cluster"], cluster);
    look.dataset([...at, "dataset"], dataset);
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
