import type * as pulumi from "@pulumi/pulumi";
import { BackupScrub } from "../components/backup-scrub";
import { ClusterAccess } from "../components/cluster-access";
import { DailyBackup } from "../components/daily-backup";
import type { HostJob, HostJobArgs, JobSecret } from "../components/host-job";
import { LvmPvcSnapshot } from "../components/lvm-pvc-snapshot";
import { NfsMirror } from "../components/nfs-mirror";
import { PfsenseBackup } from "../components/pfsense-backup";
import type { Estate } from "../plan";
import { clusterAccessRules } from "../plan/contracts/cluster-access";
import type { Job } from "../plan/job";
import { operatorFault } from "./operator-fault";
import type { Settings } from "./settings";

/** A job that this version installs. */
export interface InstalledJob extends Job {
  readonly runner: string;
}

type HostJobClass = new (name: string, args: HostJobArgs, opts?: pulumi.ComponentResourceOptions) => HostJob;

/** The component of each runner. */
const components: Readonly<Record<string, HostJobClass>> = {
  "nfs-mirror": NfsMirror,
  "lvm-pvc-snapshot": LvmPvcSnapshot,
  "daily-backup": DailyBackup,
  "pfsense-backup": PfsenseBackup,
  "backup-scrub": BackupScrub,
};

/** Whether a job is installed; others are only planned and checked. */
export function isInstalled(job: Job): job is InstalledJob {
  return job.runner !== undefined;
}

/** A job on its host. @throws {Error} for a runner without a component: a layer's fault, not an operator's */
export function hostJob(
  job: InstalledJob,
  name: string,
  args: HostJobArgs,
  opts: pulumi.ComponentResourceOptions,
): HostJob {
  const Component = components[job.runner];
  if (!Component) throw new Error(`the runner "${job.runner}" of job ${job.name} has no component`);
  return new Component(name, args, opts);
}

/** The cluster that some jobs ask, and where its API answers. */
export interface AskedCluster {
  readonly name: string;
  readonly server: string;
}

/**
 * The cluster that the jobs need access to; none when no job asks for one.
 * @throws {pulumi.RunError} when there are several, or it isn't known where its API answers
 */
export function askedCluster(jobs: readonly Job[], estate: Estate): AskedCluster | undefined {
  const names = new Set(
    jobs.flatMap(job =>
      job.credentials.flatMap(({ from }) => (from.kind === "cluster-access" ? [from.cluster] : [])),
    ),
  );
  const [name] = names;
  if (name === undefined) return undefined;
  if (names.size > 1)
    throw operatorFault(
      `Jobs ask for access to several clusters (${[...names].join(", ")}), and a stack reaches one: that of ` +
        "holdfast:kubeconfig. Nothing was changed. Next: an estate and a stack for each cluster.",
    );
  const server = estate.clusters[name]?.api;
  if (server === undefined)
    throw operatorFault(
      `Jobs ask for access to the cluster "${name}", and nothing says where its API answers; nothing was changed. ` +
        `Next: clusters: { ${name}: { api: "https://192.168.1.20:6443" } } in the estate.`,
    );
  return { name, server };
}

/** The account of the hosts in a cluster. */
export function clusterAccess(
  cluster: AskedCluster,
  estate: Estate,
  opts: pulumi.ComponentResourceOptions,
): ClusterAccess {
  return new ClusterAccess(
    `cluster-access-${cluster.name}`,
    {
      namespace: estate.monitoring.namespace,
      objectName: "holdfast-host",
      rules: clusterAccessRules,
      server: cluster.server,
    },
    opts,
  );
}

/** The texts of a job's credentials. Secrets of the stack have been required before. */
export function secretsOf(job: Job, settings: Settings, access: ClusterAccess | undefined): JobSecret[] {
  return job.credentials.map(({ name, from }) => {
    const text = from.kind === "secret" ? settings.secrets[from.secret] : access?.kubeconfig;
    if (text === undefined) throw new Error(`the credential "${name}" of job ${job.name} comes from nowhere`);
    return { name, text };
  });
}
