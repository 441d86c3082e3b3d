import { mustOnHost } from "../hosts";
import { connect } from "../servers/api";

const onNode = { key: "kubernetes.io/hostname", operator: "In", values: ["node"] };

/**
 * A new folder of the node's disk as a volume for a claim of the same name, which need not be there yet.
 * @param owner account that it belongs to
 * @returns the folder's path
 */
export async function localVolume(name: string, namespace: string, owner: number): Promise<string> {
  const path = `/opt/${name}`;
  await mustOnHost("node", `rm -rf ${path}; install -d -o ${owner} -g ${owner} -m 750 ${path}`);
  await connect().apply(`/api/v1/persistentvolumes/${name}`, {
    ...{ apiVersion: "v1", kind: "PersistentVolume", metadata: { name } },
    spec: {
      ...{ accessModes: ["ReadWriteOnce"], storageClassName: "", capacity: { storage: "2Gi" } },
      ...{ claimRef: { namespace, name }, local: { path }, persistentVolumeReclaimPolicy: "Retain" },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [onNode] }] } },
    },
  });
  return path;
}

/** The claim of `localVolume`, for a pod that nobody installs. */
export async function claimVolume(name: string, namespace: string): Promise<void> {
  await connect().apply(`/api/v1/namespaces/${namespace}/persistentvolumeclaims/${name}`, {
    ...{ apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { name, namespace } },
    spec: {
      ...{ accessModes: ["ReadWriteOnce"], storageClassName: "", volumeName: name },
      resources: { requests: { storage: "64Mi" } },
    },
  });
}
