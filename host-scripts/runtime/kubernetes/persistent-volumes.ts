import { z } from "zod";
import type { KubernetesApi } from "./api";

/** A persistent volume whose data is a logical volume of a host. */
export interface PersistentVolume {
  readonly name: string;
  /** Second part of the CSI handle: with the Proxmox CSI plugin, the host that has the disk. */
  readonly zone: string;
  /** Last part of the CSI handle: name of the logical volume. */
  readonly disk: string;
  /** Absent while no claim is bound to it. */
  readonly claim: { readonly namespace: string; readonly name: string } | undefined;
  /** Its claim is gone: what is bound to a claim of that name is another one. */
  readonly isReleased: boolean;
  /** Pods get it as a device (`volumeMode: Block`). */
  readonly isBlock: boolean;
}

const list = z.object({
  // A page of a list is not all of it; nobody asks for pages.
  metadata: z.object({ continue: z.literal("").optional() }).optional(),
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string() }),
      spec: z.object({
        csi: z.object({ volumeHandle: z.string() }).optional(),
        claimRef: z.object({ namespace: z.string(), name: z.string() }).optional(),
        volumeMode: z.string().optional(),
      }),
      status: z.object({ phase: z.string().optional() }).optional(),
    }),
  ),
});

/** Phases of a volume of which the claim was deleted: it is kept, or couldn't be removed. */
const afterClaim: ReadonlySet<string> = new Set(["Released", "Failed"]);

/** A volume's handle with the Proxmox CSI plugin is "region/zone/storage/disk"; volumes of other kinds are left out. */
export function volumesIn(answer: unknown): PersistentVolume[] {
  return list.parse(answer).items.flatMap(({ metadata, spec, status }): PersistentVolume[] => {
    const parts = spec.csi?.volumeHandle.split("/") ?? [];
    const disk = parts.at(-1);
    if (disk === undefined) return [];
    const kind = { isReleased: afterClaim.has(status?.phase ?? ""), isBlock: spec.volumeMode === "Block" };
    return [{ name: metadata.name, zone: parts[1] ?? "", disk, claim: spec.claimRef, ...kind }];
  });
}

export async function persistentVolumes(api: KubernetesApi): Promise<PersistentVolume[]> {
  return volumesIn(await api.get("/api/v1/persistentvolumes"));
}

const attachments = z.object({
  items: z.array(
    z.object({
      spec: z.object({
        nodeName: z.string(),
        source: z.object({ persistentVolumeName: z.string().optional() }),
      }),
    }),
  ),
});

/** Nodes that a persistent volume is attached to, or still being detached from. */
export async function attachedTo(api: KubernetesApi, volume: string): Promise<string[]> {
  const answer = attachments.parse(await api.get("/apis/storage.k8s.io/v1/volumeattachments"));
  return answer.items
    .filter(({ spec }) => spec.source.persistentVolumeName === volume)
    .map(({ spec }) => spec.nodeName);
}
