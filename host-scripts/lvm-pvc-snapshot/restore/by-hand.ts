import type { ControllerRef } from "../../runtime/kubernetes/workloads";

/** How an operator stops what can't be scaled down and back, as commands to paste. */
export function stopByHand({ kind, namespace, name }: ControllerRef): string {
  const kubectl = `kubectl -n ${namespace}`;
  switch (kind) {
    case "DaemonSet":
      return `${kubectl} patch daemonset ${name} -p '{"spec":{"template":{"spec":{"nodeSelector":{"holdfast/stopped":"true"}}}}}'`;
    case "Job":
      return `${kubectl} patch job ${name} -p '{"spec":{"suspend":true}}'`;
    case "ReplicaSet":
      return `${kubectl} scale replicaset ${name} --replicas=0`;
    case "Pod":
      return `${kubectl} get pod ${name} -o yaml >${name}.yaml && ${kubectl} delete pod ${name}`;
    default:
      return `${kubectl} get ${kind.toLowerCase()} ${name} -o yaml   (stop its pods the way that it offers)`;
  }
}
