import type * as pulumi from "@pulumi/pulumi";
import { ClusterAccess } from "../components/cluster-access";
import type { JobSecret } from "../components/host-job";
import type { Estate } from "../plan";
import { clusterAccessRules, type ClusterRights } from "../plan/contracts/cluster-access";
import { isInCluster, type Job } from "../plan/job";
import { operatorFault } from "./operator-fault";
import type { Settings } from "./settings";

/** The cluster that some jobs run in or ask, what for, and where its API answers. */
export interface AskedCluster {
  readonly name: string;
  readonly server: string;
  readonly rights: readonly ClusterRights[];
}

/**
 * The cluster that the jobs or the Pushgateway run in, or need access to; none when there is no such one.
 * @throws {pulumi.RunError} when there are several, or it isn't known where its API answers
 */
export function askedCluster(jobs: readonly Job[], estate: Estate): AskedCluster | undefined {
  const asked = jobs.flatMap(job =>
    job.credentials.flatMap(({ from }) => (from.kind === "cluster-access" ? [from] : [])),
  );
  const pushgateway = estate.monitoring.pushgatewayServer;
  const names = new Set([
    ...asked.map(({ cluster }) => cluster),
    ...jobs.filter(isInCluster).map(({ host }) => host),
    ...(pushgateway ? [pushgateway.cluster] : []),
  ]);
  const [name] = names;
  if (name === undefined) return undefined;
  if (names.size > 1)
    throw operatorFault(
      `Jobs run in several clusters or ask them for access (${[...names].join(", ")}), and a stack reaches one: that of ` +
        "holdfast:kubeconfig. Nothing was changed. Next: an estate and a stack for each cluster.",
    );
  const server = estate.clusters[name]?.api;
  if (server === undefined)
    throw operatorFault(
      `Jobs run in the cluster "${name}" or ask it for access, and nothing says where its API answers; nothing was changed. ` +
        `Next: clusters: { ${name}: { api: "https://192.168.1.20:6443" } } in the estate.`,
    );
  return { name, server, rights: [...new Set(asked.map(({ rights }) => rights))] };
}

/** The hosts' accounts in a cluster, by what they are for. */
export type ClusterAccounts = ReadonlyMap<ClusterRights, ClusterAccess>;

/** What an account is called in the cluster, and after the name of the others among the stack's resources. */
const accountNames: Readonly<Record<ClusterRights, { objectName: string; suffix: string }>> = {
  "list-volumes": { objectName: "holdfast-host", suffix: "" },
  restore: { objectName: "holdfast-restore", suffix: "-restore" },
};

/** An account for each thing that the jobs ask the cluster for. @param tokens name of their tokens */
export function clusterAccounts(
  cluster: AskedCluster,
  estate: Estate,
  tokens: string | undefined,
  opts: pulumi.ComponentResourceOptions,
): ClusterAccounts {
  return new Map(
    cluster.rights.map(rights => {
      const { objectName, suffix } = accountNames[rights];
      const args = {
        ...{ namespace: estate.monitoring.namespace, objectName, server: cluster.server },
        rules: clusterAccessRules[rights],
        ...(tokens === undefined ? {} : { tokens }),
      };
      return [rights, new ClusterAccess(`cluster-access-${cluster.name}${suffix}`, args, opts)];
    }),
  );
}

/** The texts of a job's credentials. Secrets of the stack have been required before. */
export function secretsOf(
  job: Pick<Job, "name" | "credentials">,
  settings: Settings,
  accounts: ClusterAccounts | undefined,
): JobSecret[] {
  return job.credentials.map(({ name, from }) => {
    const text =
      from.kind === "secret" ? settings.secrets[from.secret] : accounts?.get(from.rights)?.kubeconfig;
    if (text === undefined) throw new Error(`the credential "${name}" of job ${job.name} comes from nowhere`);
    return { name, text };
  });
}
