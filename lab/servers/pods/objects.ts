import { z } from "zod";
import type { Api } from "../api";

const metadata = z.object({ name: z.string(), namespace: z.string().default("") });

const pod = z.object({
  metadata: metadata.extend({ uid: z.string(), deletionTimestamp: z.string().optional() }),
  spec: z.object({
    nodeName: z.string().optional(),
    containers: z.array(z.object({ name: z.string(), image: z.string() })),
    volumes: z
      .array(z.object({ persistentVolumeClaim: z.object({ claimName: z.string() }).optional() }))
      .default([]),
  }),
  status: z.object({ phase: z.string().optional() }).default({}),
});
export type Pod = z.infer<typeof pod>;

const claim = z.object({ metadata, spec: z.object({ volumeName: z.string().optional() }) });
const volume = z.object({
  metadata,
  spec: z.object({ csi: z.object({ driver: z.string(), volumeHandle: z.string() }).optional() }),
});
const attachment = z.object({
  metadata,
  spec: z.object({
    nodeName: z.string(),
    source: z.object({ persistentVolumeName: z.string().optional() }),
  }),
});
export type Attachment = z.infer<typeof attachment>;

/** What a round decides on. */
export interface Cluster {
  readonly pods: readonly Pod[];
  readonly claims: readonly z.infer<typeof claim>[];
  readonly volumes: readonly z.infer<typeof volume>[];
  readonly attachments: readonly Attachment[];
}

/** @throws when the API doesn't answer */
export async function readCluster(api: Api): Promise<Cluster> {
  const list = async <T>(path: string, item: z.ZodType<T>): Promise<T[]> =>
    z.object({ items: z.array(item) }).parse(await api.get(path)).items;
  const [pods, claims, volumes, attachments] = await Promise.all([
    list("/api/v1/pods", pod),
    list("/api/v1/persistentvolumeclaims", claim),
    list("/api/v1/persistentvolumes", volume),
    list("/apis/storage.k8s.io/v1/volumeattachments", attachment),
  ]);
  return { pods, claims, volumes, attachments };
}
