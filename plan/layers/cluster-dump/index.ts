import { slipOf } from "../../contracts/near";
import { askedJob } from "../../contracts/ask-command";
import type { Lookup, Path } from "../../estate/lookup";
import type { Estate } from "../../estate/schema";
import type { DatasetSpec } from "../../estate/services";
import { parseSize } from "../../units/size";
import type { Layer } from "../layer";
import { isTemporary } from "../places";
import { dumpedOf, meantInstead, placeOf } from "./dataset";
import { askedBeside, besideOf } from "./beside";
import { askedClient } from "./client";
import { drillJobs } from "./drill";
import { integrityJobs } from "./integrity";
import { clusterDumpJob } from "./jobs";
import { askedServer } from "./server";
import { clusterDumpSpec, longestCronJob, secretOf } from "./spec";

/** CronJobs that dump a database or a state. */
export const clusterDump: Layer<"cluster-dump", typeof clusterDumpSpec> = {
  name: "cluster-dump",
  summary: "CronJobs that dump a database or another server's state into an NFS tree",
  spec: clusterDumpSpec,
  gives: ["dumps of databases"],
  runs(part) {
    const { name, schedule, alert } = part;
    return [
      { job: name, at: [], schedule, alert },
      ...besideOf(part).map(({ at, spec }) => ({
        ...{ job: spec.name, at, schedule: spec.schedule, alert: spec.alert },
      })),
    ];
  },
  references(given, at, look, estate) {
    const meant = meantInstead(given, estate);
    // What would be told of the other dataset is told of nothing once that is mended.
    const part = meant === undefined ? given : { ...given, dataset: meant };
    const { name, cluster, dataset, target } = part;
    const all = estate.layers["cluster-dump"];
    const before = all.slice(0, all.indexOf(given));
    if (before.some(other => other.name === name && other.cluster === cluster))
      look.fault([...at, "name"], name, "is there twice in this cluster. Give each dump its own name");
    look.cluster([...at, "cluster"], cluster);
    if (meant !== undefined)
      look.fault(
        [...at, "dataset"],
        given.dataset,
        `isn't what the rest of this dump is of: it is called ${name}, and ${part.dump ? `its client and its server are those of ${meant}` : `${given.dataset} has a dump of its own`}. Expected "${meant}"`,
      );
    const dumped = dumpedOf(estate, dataset);
    const farOff =
      part.size !== undefined &&
      dumped?.size !== undefined &&
      !look.isFaulty([...placeOf(dataset, estate), "size"])
        ? farFrom(parseSize(part.size), parseSize(dumped.size))
        : undefined;
    if (farOff !== undefined)
      look.fault(
        [...at, "size"],
        part.size,
        `is ${farOff} the ${dumped?.size} that it is a dump of. Expected the size of one dump in its folder, or leave it out for as much as the data`,
      );
    if (part.dump) {
      if (dumped && !isOfServer(dumped) && "server" in part.dump && part.dump.engine !== "command")
        look.fault(
          [...at, "dataset"],
          dataset,
          `has no server that ${part.dump.engine}'s client could ask: it is ${dumped.kind === "volume" ? "a volume of files" : `of kind "${dumped.kind}"`}. Expected the database that is dumped`,
        );
      if (askedJob(name).length > longestCronJob)
        look.fault(
          [...at, "name"],
          name,
          `is too long: Kubernetes refuses a CronJob of more than ${longestCronJob} letters, and "${askedJob(name)}" is one beside it. Expected ${longestCronJob - askedJob("").length} at most`,
        );
      askedBeside(part, at, all, look);
      if ("usedBy" in part.dump)
        askedPods(part, part.dump.usedBy, [...at, "dump", "usedBy"], { dumped, estate }, look);
      const secret = secretOf(part.dump);
      if (secret !== undefined) look.secret([...at, "dump", "secret"], secret, "password");
      if ("server" in part.dump && part.dump.engine !== "command")
        askedServer(part, part.dump, at, { before, dumped, estate }, look);
      if (part.dump.engine !== "command") askedClient(part, part.dump, at, estate, look);
      if (estate.clusters[cluster] && !estate.clusters[cluster]?.runnerImage)
        look.fault(
          ["clusters", cluster, "runnerImage"],
          undefined,
          `is given here, but the dump ${name} is verified in it. Add it, e.g. "docker.io/library/node:24-bookworm-slim@sha256:" and the digest that \`skopeo inspect\` shows`,
        );
    }
    if (meant === undefined) look.dataset([...at, "dataset"], dataset);
    const claimIn =
      dumped?.kind === "volume"
        ? dumped.namespace
        : dumped?.kind === "database" && part.dump?.engine === "prometheus" && "namespace" in dumped.on
          ? dumped.on.namespace
          : part.namespace;
    if (claimIn !== part.namespace && !look.isFaulty([...at, "dataset"]))
      look.fault(
        [...at, "namespace"],
        part.namespace,
        `isn't where the claim of ${dataset} is: that is in "${claimIn}", and a pod mounts claims of its own namespace alone. Expected "${claimIn}"`,
      );
    if (isTemporary(target.path))
      look.fault(
        [...at, "target", "path"],
        target.path,
        'is emptied at each boot of the host, and with it goes every dump. Expected a folder of its own in an NFS tree, e.g. "/srv/nfs/etcd-backup"',
      );
    if (look.host([...at, "target", "host"], target.host))
      look.inMount([...at, "target", "path"], target.host, target.path);
  },
  jobs(part, estate) {
    const job = clusterDumpJob(part, estate);
    return [job, ...integrityJobs(part, job, estate), ...drillJobs(part, job, estate)];
  },
};

/** Whether a database server has it, be it by its volume alone. */
function isOfServer(dumped: DatasetSpec): boolean {
  return dumped.kind === "database" || (dumped.kind === "volume" && dumped.holds === "database");
}

/** A name without what people leave out of it: hyphens, dots and the last letter of more than one. */
function bare(name: string): string {
  return name.replace(/[-_.]|s$/g, "");
}

/** A dump of files runs on the node of the pods that have them: another service's labels lead elsewhere. */
function askedPods(
  { dataset, name, namespace }: Estate["layers"]["cluster-dump"][number],
  labels: Readonly<Record<string, string>>,
  at: Path,
  { dumped, estate: { services } }: { readonly dumped: DatasetSpec | undefined; readonly estate: Estate },
  look: Lookup,
): void {
  const [service = ""] = dataset.split("/");
  const found = Object.entries(labels);
  if (found.some(([, value]) => value === service)) return;
  const claim = dumped?.kind === "volume" ? (dumped.claim ?? "") : "";
  for (const [label, value] of found) {
    // What the cluster's own names have too is no slip, and "node-red" is often called "nodered" there.
    const isUsed = [namespace, claim, name].some(other => `-${other}-`.includes(`-${value}-`));
    if (!isUsed && bare(value) !== bare(service) && slipOf(value, [service]) !== undefined)
      look.fault(
        [...at, label],
        value,
        `is a name that nothing else here has: a dump would look for pods of that label, and find none. Did you mean "${service}"? If its pods are called "${value}", call the service so`,
      );
    // What they are part of, or managed by, may be a service, and they still be this one's.
    if (/(^|\/)(app|k8s-app|name|instance)$/.test(label) && Object.hasOwn(services, value))
      look.fault(
        [...at, label],
        value,
        `is how pods of the service ${value} are called, and what ${service} has is to be dumped: on another node its volume can't be mounted. Expected the labels of the pods of ${service}, e.g. "${service}"`,
      );
  }
}

/**
 * A slip of the unit makes a dump a thousand times smaller, and the disk full before its time; or larger, and nothing has room for it.
 * A dump has neither indices nor free room, and may well be a hundredth; as a text it may be some times as much.
 */
function farFrom(dumpBytes: number, dataBytes: number): string | undefined {
  if (dumpBytes < dataBytes / 1000) return "less than a thousandth of";
  return dumpBytes > dataBytes * 100 ? "more than a hundred times" : undefined;
}
