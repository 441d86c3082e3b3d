/** A rule of Kubernetes' role-based access control; see PolicyRule of rbac.authorization.k8s.io/v1. */
export interface AccessRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/**
 * What an account in a cluster is for:
 * - `list-volumes`: nightly runs ask whose volume is whose
 * - `restore`: an operator's restore stops what uses a volume, and starts it again
 */
export type ClusterRights = "list-volumes" | "restore";

/** Whose volume is it: the CSI handle names the logical volume, `claimRef` its claim. One list a run. */
const listVolumes: AccessRule = { apiGroups: [""], resources: ["persistentvolumes"], verbs: ["list"] };

/**
 * What each account may do, and no more: no secret is read, no object is made or deleted, and what runs every night by itself
 * changes nothing. Rights are for the whole cluster, because volumes belong to any namespace.
 */
export const clusterAccessRules: Readonly<Record<ClusterRights, readonly AccessRule[]>> = {
  "list-volumes": [listVolumes],
  restore: [
    listVolumes,
    // Which pods use the claim, and when they are gone. A pod's name isn't known beforehand, so `get` won't do.
    { apiGroups: [""], resources: ["pods"], verbs: ["list"] },
    // What owns those pods, how many it should have and how many are ready; whether scaling it down deletes its claims.
    { apiGroups: ["apps"], resources: ["deployments", "replicasets", "statefulsets"], verbs: ["get"] },
    // To nothing and back. The subresource holds the count alone: no image, no command, no volume can be changed by it.
    { apiGroups: ["apps"], resources: ["deployments/scale", "statefulsets/scale"], verbs: ["patch"] },
    // When the volume is detached from its node.
    { apiGroups: ["storage.k8s.io"], resources: ["volumeattachments"], verbs: ["list"] },
  ],
};
