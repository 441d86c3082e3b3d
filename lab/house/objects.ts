import type { HostName } from "../hosts";
import { connect } from "../servers/api";
import { claims, type HouseClaim } from "./claims";

const storageClass = "proxmox-lvm";

/** Puts the house's namespaces, volumes and claims into the Kubernetes API. Quick inside the lab's network alone. */
export async function applyObjects(of: readonly HouseClaim[] = claims): Promise<void> {
  const api = connect();
  const namespaces = [...new Set(of.map(claim => claim.namespace))];
  await Promise.all(
    namespaces.map(name =>
      api.apply(`/api/v1/namespaces/${name}`, { apiVersion: "v1", kind: "Namespace", metadata: { name } }),
    ),
  );
  await Promise.all(
    of.map(async claim => {
      await api.apply(`/api/v1/persistentvolumes/pv-${claim.volume}`, persistentVolume(claim));
      await api.apply(
        `/api/v1/namespaces/${claim.namespace}/persistentvolumeclaims/${claim.name}`,
        persistentVolumeClaim(claim),
      );
    }),
  );
}

/** As the Proxmox CSI plugin makes it: the handle is "region/zone/storage/disk". */
function persistentVolume({ namespace, name, volume, sizeMib }: HouseClaim): object {
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name: `pv-${volume}` },
    spec: {
      capacity: { storage: `${sizeMib}Mi` },
      accessModes: ["ReadWriteOnce"],
      persistentVolumeReclaimPolicy: "Retain",
      storageClassName: storageClass,
      claimRef: { apiVersion: "v1", kind: "PersistentVolumeClaim", namespace, name },
      csi: { driver: "csi.proxmox.sinextra.dev", volumeHandle: `lab/pve/data/${volume}` },
      ...onHostOnly("pve"),
    },
  };
}

/** Of a volume that no node of another host reaches, as the Proxmox CSI plugin says it. */
export function onHostOnly(host: HostName): object {
  const expression = { key: "topology.kubernetes.io/zone", operator: "In", values: [host] };
  return { nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [expression] }] } } };
}

function persistentVolumeClaim({ namespace, name, volume, sizeMib }: HouseClaim): object {
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { namespace, name },
    spec: {
      accessModes: ["ReadWriteOnce"],
      storageClassName: storageClass,
      volumeName: `pv-${volume}`,
      resources: { requests: { storage: `${sizeMib}Mi` } },
    },
  };
}
