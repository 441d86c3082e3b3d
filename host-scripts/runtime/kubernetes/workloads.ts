import { z } from "zod";
import { type KubernetesApi } from "./api";

/** What a controller is known by. */
export interface ControllerRef {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** A controller that can be scaled, and that starts its pods again when it is scaled back. */
export interface Workload extends ControllerRef {
  readonly kind: "Deployment" | "StatefulSet";
}

const ownerReferences = z
  .array(z.object({ kind: z.string(), name: z.string(), controller: z.boolean().optional() }))
  .default([]);
const pod = z.object({
  metadata: z.object({ namespace: z.string(), name: z.string(), ownerReferences }),
  spec: z.object({
    volumes: z
      .array(
        z.object({
          name: z.string(),
          persistentVolumeClaim: z.object({ claimName: z.string() }).optional(),
          ephemeral: z.looseObject({}).optional(),
        }),
      )
      .default([]),
  }),
  status: z.object({ phase: z.string().optional() }).default({}),
});
/** A pod as the API lists it. */
export type Pod = z.infer<typeof pod>;

/** How a pod uses a claim. An ephemeral claim goes with its pod, and its volume with it. */
export interface User {
  readonly pod: Pod;
  readonly ephemeral: boolean;
}

/** Pods of the claim's namespace that use it. A pod that has ended holds nothing any more. */
export function usersOf(list: unknown, claimName: string): User[] {
  const { items } = z.object({ items: z.array(pod) }).parse(list);
  return items.flatMap((item): User[] => {
    if (item.status.phase === "Succeeded" || item.status.phase === "Failed") return [];
    const named = item.spec.volumes.some(it => it.persistentVolumeClaim?.claimName === claimName);
    const ephemeral = item.spec.volumes.some(
      it => it.ephemeral !== undefined && `${item.metadata.name}-${it.name}` === claimName,
    );
    return named || ephemeral ? [{ pod: item, ephemeral }] : [];
  });
}

/** @returns the controller of an object of this namespace; undefined for one that nobody would make again */
function controllerOf(
  references: z.infer<typeof ownerReferences>,
  namespace: string,
): ControllerRef | undefined {
  const found = references.find(({ controller }) => controller);
  return found && { kind: found.kind, namespace, name: found.name };
}

export function isWorkload(ref: ControllerRef): ref is Workload {
  return ref.kind === "Deployment" || ref.kind === "StatefulSet";
}

/**
 * What made a pod, at the top: of a Deployment's pod not its ReplicaSet but the Deployment; the pod itself when nothing did.
 * @throws what the API throws
 */
export async function topControllerOf(api: KubernetesApi, { metadata }: Pod): Promise<ControllerRef> {
  const { namespace } = metadata;
  const direct = controllerOf(metadata.ownerReferences, namespace);
  if (!direct) return { kind: "Pod", namespace, name: metadata.name };
  if (direct.kind !== "ReplicaSet") return direct;
  const set = z
    .object({ metadata: z.object({ ownerReferences }) })
    .parse(await api.get(pathOf({ ...direct, kind: "ReplicaSet" })));
  return controllerOf(set.metadata.ownerReferences, namespace) ?? direct;
}

/** How many pods a workload should have, and how many are there. */
export interface Scale {
  readonly replicas: number;
  readonly ready: number;
  /** It deletes its claims when it is scaled down, and their volumes go with them. */
  readonly deletesClaims: boolean;
}

const scaled = z.object({
  metadata: z.object({ generation: z.number().default(0) }),
  spec: z.object({
    replicas: z.int().default(1),
    persistentVolumeClaimRetentionPolicy: z.object({ whenScaled: z.string().optional() }).optional(),
  }),
  status: z
    .object({ observedGeneration: z.number().default(0), readyReplicas: z.int().default(0) })
    .default({ observedGeneration: 0, readyReplicas: 0 }),
});

export async function scaleOf(api: KubernetesApi, workload: Workload): Promise<Scale> {
  const { metadata, spec, status } = scaled.parse(await api.get(pathOf(workload)));
  return {
    replicas: spec.replicas,
    // Before the controller has seen the last change, its figures are about the one before.
    ready: status.observedGeneration >= metadata.generation ? status.readyReplicas : 0,
    deletesClaims: spec.persistentVolumeClaimRetentionPolicy?.whenScaled === "Delete",
  };
}

export async function setScale(api: KubernetesApi, workload: Workload, replicas: number): Promise<void> {
  await api.patch(`${pathOf(workload)}/scale`, { spec: { replicas } });
}

export async function podsOf(api: KubernetesApi, namespace: string, claimName: string): Promise<User[]> {
  return usersOf(await api.get(`/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`), claimName);
}

const plural = { Deployment: "deployments", StatefulSet: "statefulsets", ReplicaSet: "replicasets" } as const;

function pathOf({ kind, namespace, name }: ControllerRef & { readonly kind: keyof typeof plural }): string {
  return `/apis/apps/v1/namespaces/${encodeURIComponent(namespace)}/${plural[kind]}/${encodeURIComponent(name)}`;
}
