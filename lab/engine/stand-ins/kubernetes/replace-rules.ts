import type { Changes } from "../protocol/diff";

type Rules = Readonly<Record<string, readonly string[]>>;

const workload = ["spec.selector"];

/**
 * Properties that can't be changed in place, by kind. Those of ConfigMap and Secret could be, but are replaced so that what
 * uses them notices.
 */
const immutable: Rules = {
  ClusterRoleBinding: ["roleRef"],
  ConfigMap: ["data", "binaryData"],
  DaemonSet: workload,
  Deployment: workload,
  Job: ["spec.completions", "spec.parallelism", "spec.selector", "spec.template"],
  PersistentVolume: [
    ...[
      "awsElasticBlockStore",
      "azureDisk",
      "azureFile",
      "cephfs",
      "cinder",
      "csi",
      "fc",
      "flexVolume",
      "flocker",
    ],
    ...["gcePersistentDisk", "glusterfs", "hostPath", "iscsi", "local", "nfs", "photonPersistentDisk"],
    ...["portworxVolume", "quobyte", "rbd", "scaleIO", "storageos", "vsphereVolume"],
  ].map(source => `spec.${source}`),
  PersistentVolumeClaim: ["spec"],
  Pod: ["spec"],
  ResourceQuota: ["spec.scopes"],
  RoleBinding: ["roleRef"],
  Secret: ["type", "data", "stringData"],
  Service: ["spec.clusterIP"],
  StatefulSet: [
    "spec.podManagementPolicy",
    "spec.revisionHistoryLimit",
    "spec.selector",
    "spec.serviceName",
    "spec.volumeClaimTemplates",
  ],
  StorageClass: ["parameters", "provisioner"],
};

export interface Mutable {
  readonly enableConfigMapMutable?: boolean | undefined;
  readonly enableSecretMutable?: boolean | undefined;
}

/** Paths among the changes for which the object has to be made anew. */
export function replacesFor(kind: string, changes: Changes, mutable: Mutable): string[] {
  const updatable =
    (kind === "ConfigMap" && mutable.enableConfigMapMutable) ||
    (kind === "Secret" && mutable.enableSecretMutable);
  const rules = [
    "metadata.name",
    "metadata.namespace",
    "kind",
    ...(updatable ? [] : (immutable[kind] ?? [])),
  ];
  return [...changes.keys()].filter(path => rules.some(rule => isWithin(path, rule)));
}

/** Whether a path is the rule's or lies below it. */
function isWithin(path: string, rule: string): boolean {
  return path === rule || path.startsWith(`${rule}.`) || path.startsWith(`${rule}[`);
}
