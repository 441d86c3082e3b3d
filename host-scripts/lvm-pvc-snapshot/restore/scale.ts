import type { KubernetesApi } from "../../runtime/kubernetes/api";
import { attachedTo } from "../../runtime/kubernetes/persistent-volumes";
import { podsOf, scaleOf, setScale, type Workload } from "../../runtime/kubernetes/workloads";
import type { Phase } from "../../runtime/phases";
import { shell } from "../../runtime/shell";
import { lookAtVolumes, note, places, recordOf, type Restore, waitFor } from "./context";
import { isSwapped } from "./swap";

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
        return pods.length === 0 ? undefined : `${podsText(pods.length)} not ended yet: ${names}`;
      },
      shell`kubectl -n ${claim.namespace} get pods -o wide`,
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
      shell`lsblk /dev/${vg}/${volume}; fuser -vam /dev/${vg}/${volume}`,
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
          shell`kubectl -n ${namespace} scale ${kind.toLowerCase()} ${name} --replicas=${replicas}`,
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
        shell`kubectl -n ${workload.namespace} describe ${workload.kind.toLowerCase()} ${workload.name}`,
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

export function podsText(count: number): string {
  return count === 1 ? "1 pod" : `${count} pods`;
}

export function textOf({ kind, namespace, name }: Workload): string {
  return `${kind} ${namespace}/${name}`;
}
