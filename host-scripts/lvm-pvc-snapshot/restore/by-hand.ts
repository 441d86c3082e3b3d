import type { ControllerRef } from "../../runtime/kubernetes/workloads";
import { ready, shell } from "../../runtime/shell";

/** How an operator stops what can't be scaled down and back, as commands to paste. */
export function stopByHand({ kind, namespace, name }: ControllerRef): string {
  const kubectl = shell`kubectl -n ${namespace}`;
  switch (kind) {
    case "DaemonSet":
      return shell`${ready(kubectl)} patch daemonset ${name} -p '{"spec":{"template":{"spec":{"nodeSelector":{"holdfast/stopped":"true"}}}}}'`;
    case "Job":
      return shell`${ready(kubectl)} patch job ${name} -p '{"spec":{"suspend":true}}'`;
    case "ReplicaSet":
      return shell`${ready(kubectl)} scale replicaset ${name} --replicas=0`;
    case "Pod":
      return shell`${ready(kubectl)} get pod ${name} -o yaml >${name}.yaml && ${ready(kubectl)} delete pod ${name}`;
    default:
      return shell`${ready(kubectl)} get ${kind.toLowerCase()} ${name} -o yaml   (stop its pods the way that it offers)`;
  }
}
