import { Provider } from "@pulumi/kubernetes/provider";
import * as pulumi from "@pulumi/pulumi";
import type { Estate } from "../plan";
import { clustersAt } from "../plan/cluster-address";
import type { AskedCluster } from "./host-jobs";
import type { Kubeconfig } from "./kubeconfig";
import { operatorFault } from "./operator-fault";

/**
 * The provider of all that is made in a cluster, once it is sure that it is the estate's: whatever context kubectl points
 * at on the machine that deploys, another cluster is refused before the first resource.
 * @param asked the cluster that jobs need access to; where none does, any of the estate's will do
 * @throws {pulumi.RunError} that names both servers
 */
export function clusterProvider(
  kubeconfig: Kubeconfig,
  estate: Estate,
  asked: AskedCluster | undefined,
  opts: pulumi.ResourceOptions,
): Provider {
  requireSameCluster(kubeconfig, estate, asked);
  // The context is the one that was compared: kubectl's current one may move between two looks.
  return new Provider(
    "cluster",
    { kubeconfig: pulumi.secret(kubeconfig.value), context: kubeconfig.context },
    opts,
  );
}

function requireSameCluster(
  { server, origin, context, ambient }: Kubeconfig,
  estate: Estate,
  asked: AskedCluster | undefined,
): void {
  const known = Object.entries(estate.clusters).flatMap(([name, { api }]) =>
    api !== undefined && (asked === undefined || asked.name === name) ? [{ name, api }] : [],
  );
  if (known.length === 0) {
    if (!ambient) return;
    throw operatorFault(
      `kubectl's context "${context}" of ${origin} leads to ${server}, and nothing says that this is the one that the ` +
        "estate's alerts belong to; nothing was changed. Next: pulumi config set holdfast:kubeconfig FILE.",
    );
  }
  const found = clustersAt(server, estate);
  if (known.some(({ name }) => found.includes(name))) return;
  const meant = known.map(({ name, api }) => `clusters.${name}.api of the estate is ${api}`).join(", ");
  const [{ name }] = known as [(typeof known)[0]];
  throw operatorFault(
    `The context "${context}" of ${origin} leads to ${server}, and ${meant}; nothing was changed. Next: ` +
      "pulumi config set holdfast:kubeconfig FILE, or kubectl config use-context NAME. If it is another address of the " +
      `same cluster: clusters: { ${name}: { reachedAs: ["${server}"] } } in the estate.`,
  );
}
