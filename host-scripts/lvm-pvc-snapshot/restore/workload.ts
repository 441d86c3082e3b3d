import { messageOf, Refusal } from "../../runtime/errors";
import { ApiRefusal, type KubernetesApi } from "../../runtime/kubernetes/api";
import {
  attachedTo,
  type PersistentVolume,
  persistentVolumes,
} from "../../runtime/kubernetes/persistent-volumes";
import {
  isWorkload,
  podsOf,
  scaleOf,
  setScale,
  topControllerOf,
  type Workload,
} from "../../runtime/kubernetes/workloads";
import { stamp } from "../../runtime/lvm/snapshots";
import type { Phase } from "../../runtime/phases";
import { stopByHand } from "./by-hand";
import { snapshotOf } from "./check";
import { command, lookAtVolumes, note, places, recordOf, type Restore, waitFor } from "./context";
import type { FormerScale, RestoreRecord } from "./record";
import { isSwapped } from "./swap";

/** What was found of a volume in the cluster. */
type Found = Pick<RestoreRecord, "persistentVolume" | "claim" | "workloads">;

/** Finds what has to be scaled down, and how many pods it has now. Reads only; then it is known on disk, before anything is done. */
export const findWorkload: Phase<Restore> = {
  name: "find-workload",
  async run(restore) {
    const { record, request, volumes, config } = restore;
    // Once the volumes are swapped, its pods are those that the restore itself has started.
    const known = request.action === "rollback" || (record && isSwapped(record, places(restore)));
    if (record?.end === null && known) return;
    const found = await ask(restore);
    const inPlace = volumes.find(({ name }) => name === request.volume);
    if (found.workloads.length === 0 && inPlace?.open)
      throw new Refusal(
        request.workload
          ? `${request.volume} is in use, and not by a pod that the cluster knows`
          : `${request.volume} is in use, and --no-workload says that nothing uses it`,
        `lsblk /dev/${config.vg}/${request.volume}; fuser -vam /dev/${config.vg}/${request.volume}`,
      );
    begin(restore, found);
  },
};

async function ask(restore: Restore): Promise<Found> {
  const nobody: Found = { persistentVolume: null, claim: null, workloads: [] };
  const { request, log, notes, stop, connect } = restore;
  if (!request.workload || !connect) {
    notes.push(
      connect
        ? "the cluster wasn't asked who uses the volume (--no-workload)"
        : "no cluster is known here (no kubeconfig in the config); nothing was scaled",
    );
    return nobody;
  }
  try {
    const api = connect(stop.signal);
    const volume = await persistentVolumeOf(restore, api);
    if (!volume?.claim) {
      notes.push(
        volume
          ? `no claim is bound to the persistent volume ${volume.name}; nothing was scaled`
          : `no persistent volume of the cluster is ${request.volume}; nothing was scaled`,
      );
      return { ...nobody, persistentVolume: volume?.name ?? null };
    }
    const workloads = await workloadsOf(api, volume.claim);
    if (workloads.length === 0)
      notes.push(`no pod uses the claim ${volume.claim.namespace}/${volume.claim.name}; nothing was scaled`);
    for (const workload of workloads) log.info(`${textOf(workload)} uses it, with ${workload.replicas} pods`);
    return { persistentVolume: volume.name, claim: volume.claim, workloads };
  } catch (error) {
    if (error instanceof Refusal) throw error;
    const refused = error instanceof ApiRefusal ? `refuses (${error.status})` : "can't be asked";
    throw new Refusal(
      `the Kubernetes API ${refused} who uses ${request.volume}: ${messageOf(error)}`,
      `${command(restore)} --no-workload   (only if nothing uses the volume)`,
    );
  }
}

async function persistentVolumeOf(
  { request, config }: Restore,
  api: KubernetesApi,
): Promise<PersistentVolume | undefined> {
  const same = (await persistentVolumes(api)).filter(({ disk }) => disk === request.volume);
  const here = same.filter(({ zone }) => zone === config.host);
  const candidates = same.length > 1 && here.length > 0 ? here : same;
  if (candidates.length > 1)
    throw new Refusal(
      `${candidates.length} persistent volumes of the cluster are called ${request.volume}: ${candidates.map(({ name, zone }) => `${name} in zone "${zone}"`).join(", ")}`,
      `kubectl get pv ${candidates.map(({ name }) => name).join(" ")} -o yaml`,
    );
  return candidates[0];
}

/** @throws {Refusal} for what can't be scaled down and back */
async function workloadsOf(
  api: KubernetesApi,
  claim: { readonly namespace: string; readonly name: string },
): Promise<FormerScale[]> {
  const users = await podsOf(api, claim.namespace, claim.name);
  const found = new Map<string, FormerScale>();
  for (const { pod, ephemeral } of users) {
    const owner = await topControllerOf(api, pod);
    const pods = `pod ${claim.namespace}/${pod.metadata.name}`;
    if (ephemeral)
      throw new Refusal(
        `the claim ${claim.name} is a part of ${pods}: when that ends, the claim and its volume are deleted`,
        `kubectl -n ${claim.namespace} get pod ${pod.metadata.name} -o yaml`,
      );
    if (!isWorkload(owner))
      throw new Refusal(
        `the volume is used by ${pods}, which ${owner.kind === "Pod" ? "nothing would start again" : `${owner.kind} ${owner.name} starts`}: it can't be scaled down and back`,
        `${stopByHand(owner)}   (then the same command again; afterwards undo it)`,
      );
    const key = textOf(owner);
    if (found.has(key)) continue;
    const { replicas, deletesClaims } = await scaleOf(api, owner);
    if (deletesClaims)
      throw new Refusal(
        `${key} deletes its claims when it is scaled down (persistentVolumeClaimRetentionPolicy), and their volumes with them`,
        `kubectl -n ${owner.namespace} patch statefulset ${owner.name} --type merge -p '{"spec":{"persistentVolumeClaimRetentionPolicy":{"whenScaled":"Retain"}}}'`,
      );
    found.set(key, { kind: owner.kind, namespace: owner.namespace, name: owner.name, replicas });
  }
  return [...found.values()];
}

/** The record of this run: a new one, or the interrupted one with what uses the volume by now. */
function begin(restore: Restore, found: Found): void {
  const { request, volumes, record } = restore;
  if (record) {
    // Of a finished restore the pods run, and theirs are the counts to go back to; of an interrupted one it has scaled some down.
    const former = record.end === null ? record.workloads : [];
    const known = new Set(former.map(textOf));
    const workloads = [...former, ...found.workloads.filter(workload => !known.has(textOf(workload)))];
    const claim = found.claim ?? record.claim;
    const persistentVolume = found.persistentVolume ?? record.persistentVolume;
    restore.record = { ...record, workloads, claim, persistentVolume };
    return;
  }
  const snapshot = snapshotOf(restore);
  const old = volumes.find(({ name }) => name === request.volume);
  if (!old) throw new Error(`no volume ${request.volume}`);
  restore.record = {
    volume: request.volume,
    snapshot: { name: snapshot.name, uuid: snapshot.uuid },
    old: { uuid: old.uuid, sizeBytes: old.sizeBytes, tags: [...old.tags] },
    stamp: stamp(Date.now()),
    ...found,
    doing: "restore",
    phase: "find-workload",
    freshUuid: null,
    used: false,
    end: null,
  };
}

/** Scales every workload down and waits until the pods are gone. */
export const scaleDown: Phase<Restore> = {
  name: "scale-down",
  async run(restore) {
    const { workloads, claim, doing } = recordOf(restore);
    const swapped = isSwapped(recordOf(restore), places(restore));
    if (swapped !== (doing === "rollback") || workloads.length === 0) return;
    const api = apiOf(restore);
    if (!api || !claim) return;
    for (const workload of workloads) {
      if ((await scaleOf(api, workload)).replicas === 0) continue;
      restore.log.info(`scales ${textOf(workload)} from ${workload.replicas} to 0`);
      await setScale(api, workload, 0);
    }
    await waitFor(
      restore,
      async () => {
        const pods = await podsOf(api, claim.namespace, claim.name);
        const names = pods.map(({ pod }) => pod.metadata.name).join(", ");
        return pods.length === 0 ? undefined : `${pods.length} pods have not ended: ${names}`;
      },
      `kubectl -n ${claim.namespace} get pods -o wide`,
    );
  },
};

/** Waits until no node has the volume and nothing has its device open. */
export const detach: Phase<Restore> = {
  name: "detach",
  async run(restore) {
    const { persistentVolume, volume, doing } = recordOf(restore);
    const { vg } = restore.config;
    if (isSwapped(recordOf(restore), places(restore)) !== (doing === "rollback")) return;
    const api = apiOf(restore);
    await waitFor(
      restore,
      async () => {
        const nodes = api && persistentVolume !== null ? await attachedTo(api, persistentVolume) : [];
        if (nodes.length > 0) return `${volume} is attached to ${nodes.join(", ")}`;
        await lookAtVolumes(restore);
        const open = restore.volumes.some(({ name, open: isOpen }) => name === volume && isOpen);
        return open ? `${volume} is open on ${restore.config.host}` : undefined;
      },
      `lsblk /dev/${vg}/${volume}; fuser -vam /dev/${vg}/${volume}`,
    );
  },
};

/** Scales every workload back to what it had, and waits until its pods are ready. */
export const scaleUp: Phase<Restore> = {
  name: "scale-up",
  async run(restore) {
    const { workloads, doing } = recordOf(restore);
    // From here on, pods may write to what is in place.
    if (doing === "restore") note(restore, { used: true });
    if (workloads.length === 0) return;
    const api = apiOf(restore);
    if (!api) {
      const scale = workloads.map(
        ({ kind, namespace, name, replicas }) =>
          `kubectl -n ${namespace} scale ${kind.toLowerCase()} ${name} --replicas=${replicas}`,
      );
      restore.notes.push(`what used the volume was not scaled back (--no-workload): ${scale.join("; ")}`);
      return;
    }
    await scaleBack(restore, api);
    for (const workload of workloads.filter(({ replicas }) => replicas > 0))
      await waitFor(
        restore,
        async () => {
          const { replicas, ready } = await scaleOf(api, workload);
          return ready >= replicas ? undefined : `${textOf(workload)} has ${ready} of ${replicas} pods ready`;
        },
        `kubectl -n ${workload.namespace} describe ${workload.kind.toLowerCase()} ${workload.name}`,
      );
  },
};

/** Only from 0: a count that somebody has set meanwhile is theirs. */
export async function scaleBack(restore: Restore, api: KubernetesApi): Promise<void> {
  for (const workload of recordOf(restore).workloads) {
    const now = (await scaleOf(api, workload)).replicas;
    if (now === workload.replicas) continue;
    if (now > 0) {
      restore.notes.push(
        `${textOf(workload)} was set to ${now} meanwhile, and had ${workload.replicas} before`,
      );
      continue;
    }
    restore.log.info(`scales ${textOf(workload)} back to ${workload.replicas}`);
    await setScale(api, workload, workload.replicas);
  }
}

/** The cluster, unless it is to be left alone. */
export function apiOf(restore: Restore, stop = restore.stop.signal): KubernetesApi | undefined {
  return restore.request.workload ? restore.connect?.(stop) : undefined;
}

export function textOf({ kind, namespace, name }: Workload): string {
  return `${kind} ${namespace}/${name}`;
}
