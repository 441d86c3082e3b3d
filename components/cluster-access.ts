import { Secret } from "@pulumi/kubernetes/core/v1/secret";
import { ServiceAccount } from "@pulumi/kubernetes/core/v1/serviceAccount";
import { ClusterRole } from "@pulumi/kubernetes/rbac/v1/clusterRole";
import { ClusterRoleBinding } from "@pulumi/kubernetes/rbac/v1/clusterRoleBinding";
import * as pulumi from "@pulumi/pulumi";
import type { AccessRule } from "../plan/contracts/cluster-access";
import { kubeconfigOf } from "./cluster-access/kubeconfig";

export interface ClusterAccessArgs {
  /** Namespace of the account and its token; it has to exist. */
  readonly namespace: string;
  /** Name of the objects in the cluster, e.g. "holdfast-host". */
  readonly objectName: string;
  /** What the account may do, in every namespace. */
  readonly rules: readonly AccessRule[];
  /** Where the hosts reach the API server, e.g. "https://192.168.1.20:6443". */
  readonly server: string;
  /** Name of the token: another one makes a new token, gives it to the hosts, and then revokes the one before. @default none */
  readonly tokens?: string;
}

/** How long the cluster's controller manager may take to fill a token in. */
const tokenWithin = "2m";

/**
 * An account in a cluster for the jobs of its hosts, with the least rights that they need. Its token has no end of its own:
 * a host that comes back after a month has to back up at once. Removing the component revokes it.
 */
export class ClusterAccess extends pulumi.ComponentResource {
  /** A kubeconfig as JSON, with the server's certificate authority and the token. A secret. */
  readonly kubeconfig: pulumi.Output<string>;

  constructor(name: string, args: ClusterAccessArgs, opts?: pulumi.ComponentResourceOptions) {
    const { namespace, objectName, server, tokens } = args;
    super("holdfast:cluster:Access", name, { objectName, namespace }, opts);
    const labels = { "app.kubernetes.io/managed-by": "holdfast" };
    const metadata = { name: objectName, labels };
    const inNamespace = { ...metadata, namespace };
    const account = new ServiceAccount(
      `${name}-account`,
      // Nobody runs a pod as this account, and a pod that did should find no token.
      { metadata: inNamespace, automountServiceAccountToken: false },
      { parent: this },
    );
    const role = new ClusterRole(
      `${name}-role`,
      { metadata, rules: args.rules.map(mutable) },
      { parent: this },
    );
    const binding = new ClusterRoleBinding(
      `${name}-binding`,
      {
        metadata,
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: objectName },
        subjects: [{ kind: "ServiceAccount", name: objectName, namespace }],
      },
      { parent: this, dependsOn: [account, role] },
    );
    const token = new Secret(
      `${name}-token`,
      {
        type: "kubernetes.io/service-account-token",
        metadata: {
          ...inNamespace,
          // By another name, so that the new one is there before the old one goes.
          name: tokens === undefined ? objectName : `${objectName}-${tokens}`,
          annotations: {
            "kubernetes.io/service-account.name": objectName,
            // Of its own, the provider waits 5 s for a token, which a controller manager that has just started needs.
            "pulumi.com/waitFor": "jsonpath={.data.token}",
          },
        },
      },
      // Whoever gets the token may use it: not before the rights are there. Without the account, the cluster deletes it.
      {
        ...{ parent: this, dependsOn: [account, binding] },
        customTimeouts: { create: tokenWithin, update: tokenWithin },
      },
    );
    // A preview has the cluster's answer to a dry run, in which nobody has filled in the token.
    const isPreview = pulumi.runtime.isDryRun();
    this.kubeconfig = pulumi.secret(
      token.data.apply(data => (isPreview && !data?.["token"] ? "" : kubeconfigOf(server, data))),
    );
    this.registerOutputs({ kubeconfig: this.kubeconfig });
  }
}

function mutable({ apiGroups, resources, verbs }: AccessRule) {
  return { apiGroups: [...apiGroups], resources: [...resources], verbs: [...verbs] };
}
