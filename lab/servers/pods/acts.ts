import { createHash } from "node:crypto";
import type { Api } from "../api";
import type { HostMounts } from "./host-mounts";
import type { Attachment, Pod } from "./objects";
import { type Mounted, nodeName, type Round } from "./round";

/** Does what a round decided. What fails is tried again in the next one. */
export async function act(api: Api, mounts: HostMounts, round: Round): Promise<void> {
  const outcomes = await Promise.allSettled([
    ...round.bind.map(pod => bind(api, pod)),
    ...round.attach.map(volume => attach(api, volume)),
    ...round.mount.map(disk => mounts.mount(disk)),
    ...round.run.map(pod => setRunning(api, pod)),
    ...round.unmount.map(disk => mounts.unmount(disk)),
    ...round.finish.map(pod => api.remove(`${pathOf(pod)}?gracePeriodSeconds=0`)),
    ...round.detach.map(attachment => api.remove(attachmentPath(attachment))),
  ]);
  const failed = outcomes.find(outcome => outcome.status === "rejected");
  if (failed) throw failed.reason;
}

const pathOf = ({ metadata: { namespace, name } }: Pod): string =>
  `/api/v1/namespaces/${namespace}/pods/${name}`;
const attachmentPath = ({ metadata }: Pick<Attachment, "metadata">): string =>
  `/apis/storage.k8s.io/v1/volumeattachments/${metadata.name}`;

/** The scheduler's part. */
async function bind(api: Api, pod: Pod): Promise<void> {
  const { name, namespace } = pod.metadata;
  await api.create(`${pathOf(pod)}/binding`, {
    apiVersion: "v1",
    kind: "Binding",
    metadata: { name, namespace },
    target: { apiVersion: "v1", kind: "Node", name: nodeName },
  });
}

/** The attacher's part. */
async function attach(api: Api, { pv, driver }: Mounted): Promise<void> {
  const name = `csi-${createHash("sha256").update(`${pv} ${nodeName}`).digest("hex")}`;
  const metadata = { name, namespace: "" };
  const object = { apiVersion: "storage.k8s.io/v1", kind: "VolumeAttachment", metadata: { name } };
  await api.apply(attachmentPath({ metadata }), {
    ...object,
    spec: { attacher: driver, nodeName, source: { persistentVolumeName: pv } },
  });
  await api.apply(`${attachmentPath({ metadata })}/status`, { ...object, status: { attached: true } });
}

/** The kubelet's part. No container is started: what a pod does to the lab is that it uses its volumes. */
async function setRunning(api: Api, pod: Pod): Promise<void> {
  const { name, namespace, uid } = pod.metadata;
  const now = new Date().toISOString();
  const conditions = ["Initialized", "PodScheduled", "ContainersReady", "Ready"];
  await api.apply(`${pathOf(pod)}/status`, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, uid },
    status: {
      phase: "Running",
      startTime: now,
      conditions: conditions.map(type => ({ type, status: "True", lastTransitionTime: now })),
      containerStatuses: pod.spec.containers.map(container => ({
        name: container.name,
        image: container.image,
        imageID: "",
        ready: true,
        started: true,
        restartCount: 0,
        state: { running: { startedAt: now } },
      })),
    },
  });
}
