import { messageOf, Refusal } from "../../runtime/errors";
import { ApiRefusal, type KubernetesApi } from "../../runtime/kubernetes/api";
import { type PersistentVolume, persistentVolumes } from "../../runtime/kubernetes/persistent-volumes";
import { isWorkload, podsOf, scaleOf, topControllerOf } from "../../runtime/kubernetes/workloads";
import { stamp } from "../../runtime/lvm/snapshots";
import type { Phase } from "../../runtime/phases";
import { stopByHand } from "./by-hand";
import { snapshotOf } from "./check";
import { command, places, type Restore } from "./context";
import type { FormerScale, RestoreRecord } from "../../runtime/lvm/restore-record";
import { ready, shell } from "../../runtime/shell";
import { podsText, textOf } from "./scale";
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
        shell`lsblk /dev/${config.vg}/${request.volume}; fuser -vam /dev/${config.vg}/${request.volume}`,
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
        : "no cluster is known here (no restoreKubeconfig in the config); nothing was scaled",
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
    for (const workload of workloads)
      log.info(`${textOf(workload)} uses it, with ${podsText(workload.replicas)}`);
    return { persistentVolume: volume.name, claim: volume.claim, workloads };
  } catch (error) {
    if (error instanceof Refusal) throw error;
    const refused = error instanceof ApiRefusal ? `refuses (${error.status})` : "can't be asked";
    throw new Refusal(
      `the Kubernetes API ${refused} who uses ${request.volume}: ${messageOf(error)}`,
      shell`${ready(command(restore))} --no-workload   (only if nothing uses the volume)`,
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
      shell`kubectl get pv ${candidates.map(({ name }) => name)} -o yaml`,
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
        shell`kubectl -n ${claim.namespace} get pod ${pod.metadata.name} -o yaml`,
      );
    if (!isWorkload(owner))
      throw new Refusal(
        `the volume is used by ${pods}, which ${owner.kind === "Pod" ? "nothing would start again" : `${owner.kind} ${owner.name} starts`}: it can't be scaled down and back`,
        shell`${ready(stopByHand(owner))}   (then the same command again; afterwards undo it)`,
      );
    const key = textOf(owner);
    if (found.has(key)) continue;
    const { replicas, deletesClaims } = await scaleOf(api, owner);
    if (deletesClaims)
      throw new Refusal(
        `${key} deletes its claims when it is scaled down (persistentVolumeClaimRetentionPolicy), and their volumes with them`,
        shell`kubectl -n ${owner.namespace} patch statefulset ${owner.name} --type merge -p '{"spec":{"persistentVolumeClaimRetentionPolicy":{"whenScaled":"Retain"}}}'`,
      );
    found.set(key, { kind: owner.kind, namespace: owner.namespace, name: owner.name, replicas });
  }
  return [...found.values()].sort((one, other) => (textOf(one) < textOf(other) ? -1 : 1));
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
