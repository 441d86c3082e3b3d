import type { Api } from "../api";
import { nodeName } from "./round";

/** How often the node says that it lives: the controller manager evicts the pods of one that doesn't. */
export const heartbeatMs = 10_000;

/** Registers the node, ready from the start, and closed to the real scheduler: what has no volume of a host would never run there. */
export async function registerNode(api: Api): Promise<void> {
  const path = `/api/v1/nodes/${nodeName}`;
  const node = { apiVersion: "v1", kind: "Node", metadata: { name: nodeName } };
  const taints = [{ key: "lab.invalid/stand-in", effect: "NoSchedule" }];
  await api.apply(path, { ...node, spec: { taints } });
  const now = new Date().toISOString();
  const ready = { type: "Ready", status: "True", reason: "StandIn", message: "stand-in for a kubelet" };
  await api.apply(`${path}/status`, {
    ...node,
    status: { conditions: [{ ...ready, lastHeartbeatTime: now, lastTransitionTime: now }] },
  });
}

export async function renewLease(api: Api): Promise<void> {
  await api.apply(`/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${nodeName}`, {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { name: nodeName, namespace: "kube-node-lease" },
    spec: {
      holderIdentity: nodeName,
      leaseDurationSeconds: 40,
      renewTime: new Date().toISOString().replace("Z", "000Z"),
    },
  });
}
