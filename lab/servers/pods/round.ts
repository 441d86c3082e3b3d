import type { Attachment, Cluster, Pod } from "./objects";

/** The one node that the stand-in plays; pods without a volume of a host go elsewhere. */
export const nodeName = "lab-node";

/** A logical volume of a host, as a CSI handle "region/zone/storage/disk" names it. */
export interface Disk {
  readonly host: string;
  readonly name: string;
}

/** A volume that a pod mounts. */
export interface Mounted {
  readonly pv: string;
  readonly driver: string;
  readonly disk: Disk;
}

/** What is to be done next. Each list is independent of the others. */
export interface Round {
  readonly bind: readonly Pod[];
  readonly attach: readonly Mounted[];
  readonly mount: readonly Disk[];
  readonly run: readonly Pod[];
  readonly unmount: readonly Disk[];
  /** Pods that were told to end and hold nothing any more. */
  readonly finish: readonly Pod[];
  readonly detach: readonly Attachment[];
}

export const keyOf = ({ host, name }: Disk): string => `${host}/${name}`;

/**
 * Compares what pods want with what is there. A pod runs once its volumes are attached and mounted, and is gone once
 * they are unmounted; then they are detached.
 * @param mounted keys of the disks that are mounted on their hosts
 */
export function decide(cluster: Cluster, mounted: ReadonlyMap<string, Disk>): Round {
  const pods = cluster.pods.filter(pod => isOurs(pod, cluster));
  const ending = pods.filter(pod => pod.metadata.deletionTimestamp !== undefined);
  const living = pods.filter(pod => pod.metadata.deletionTimestamp === undefined);
  const ready = living.flatMap(pod => {
    const volumes = volumesOf(pod, cluster);
    return volumes ? [{ pod, volumes }] : [];
  });
  const wanted = new Map(ready.flatMap(({ volumes }) => volumes.map(it => [keyOf(it.disk), it])));
  const attached = new Set(cluster.attachments.map(({ spec }) => spec.source.persistentVolumeName));
  const held = new Set(pods.flatMap(pod => volumesOf(pod, cluster)?.map(({ pv }) => pv) ?? []));
  const isThere = ({ pv, disk }: Mounted): boolean => attached.has(pv) && mounted.has(keyOf(disk));
  return {
    bind: ready.map(({ pod }) => pod).filter(({ spec }) => spec.nodeName === undefined),
    attach: [...wanted.values()].filter(({ pv }) => !attached.has(pv)),
    mount: [...wanted.values()]
      .filter(({ pv, disk }) => attached.has(pv) && !mounted.has(keyOf(disk)))
      .map(({ disk }) => disk),
    run: ready
      .filter(({ pod, volumes }) => pod.spec.nodeName === nodeName && volumes.every(isThere))
      .map(({ pod }) => pod)
      .filter(({ status }) => status.phase !== "Running"),
    unmount: [...mounted].filter(([key]) => !wanted.has(key)).map(([, disk]) => disk),
    finish: ending.filter(pod =>
      (volumesOf(pod, cluster) ?? []).every(
        ({ disk }) => wanted.has(keyOf(disk)) || !mounted.has(keyOf(disk)),
      ),
    ),
    detach: cluster.attachments.filter(
      ({ spec }) => spec.nodeName === nodeName && !held.has(spec.source.persistentVolumeName ?? ""),
    ),
  };
}

/** Pods of another node are a real kubelet's, and so are those that have no volume of a host. */
function isOurs(pod: Pod, cluster: Cluster): boolean {
  const { nodeName: node } = pod.spec;
  if (pod.status.phase === "Succeeded" || pod.status.phase === "Failed") return false;
  return node === nodeName || (node === undefined && (volumesOf(pod, cluster)?.length ?? 0) > 0);
}

/** @returns undefined while a claim isn't bound to a volume that a host of the lab can have */
function volumesOf(pod: Pod, { claims, volumes }: Cluster): Mounted[] | undefined {
  const found: Mounted[] = [];
  for (const { persistentVolumeClaim: source } of pod.spec.volumes) {
    if (!source) continue;
    const claim = claims.find(
      ({ metadata }) => metadata.namespace === pod.metadata.namespace && metadata.name === source.claimName,
    );
    const volume = volumes.find(({ metadata }) => metadata.name === claim?.spec.volumeName);
    const [, host = "", , name = ""] = volume?.spec.csi?.volumeHandle.split("/") ?? [];
    if (!volume?.spec.csi || name === "") return undefined;
    found.push({ pv: volume.metadata.name, driver: volume.spec.csi.driver, disk: { host, name } });
  }
  return found;
}
