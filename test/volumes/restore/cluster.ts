import { readFileSync } from "node:fs";
import { z } from "zod";
import { onHostOnly } from "../../../lab/house/objects";
import { until } from "../../../lab/process";
import { type Api, connect } from "../../../lab/servers";
import { credentials } from "../../../lab/servers/credentials";
import { urls } from "../../../lab/servers/places";
import { clusterAccessRules } from "../../../plan/contracts/cluster-access";

export const namespace = "restore-test";
let connected: Api | undefined;
/** The servers are started by who uses them, after this file was read. */
const api = (): Api => (connected ??= connect());
const inNamespace = (path: string): string => path.replace("NS", namespace);

/** An account with the rights that a restore has, and no others. @returns its token */
export async function accountOfHost(): Promise<string> {
  await api().apply(`/api/v1/namespaces/${namespace}`, {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: namespace },
  });
  const rbac = "rbac.authorization.k8s.io";
  const name = "holdfast-restore-test";
  await api().apply(inNamespace(`/api/v1/namespaces/NS/serviceaccounts/${name}`), {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name, namespace },
  });
  await api().apply(`/apis/${rbac}/v1/clusterroles/${name}`, {
    ...{
      apiVersion: `${rbac}/v1`,
      kind: "ClusterRole",
      metadata: { name },
      rules: clusterAccessRules.restore,
    },
  });
  await api().apply(`/apis/${rbac}/v1/clusterrolebindings/${name}`, {
    ...{ apiVersion: `${rbac}/v1`, kind: "ClusterRoleBinding", metadata: { name } },
    roleRef: { apiGroup: rbac, kind: "ClusterRole", name },
    subjects: [{ kind: "ServiceAccount", name, namespace }],
  });
  const answer = await api().create(inNamespace(`/api/v1/namespaces/NS/serviceaccounts/${name}/token`), {
    apiVersion: "authentication.k8s.io/v1",
    kind: "TokenRequest",
    spec: { expirationSeconds: 3600 },
  });
  return z.object({ status: z.object({ token: z.string() }) }).parse(answer).status.token;
}

/** A kubeconfig as a deployment writes it to the host. */
export function kubeconfig(token: string, server: string = urls.kubernetes): string {
  const ca = Buffer.from(readFileSync(credentials.authority)).toString("base64");
  return JSON.stringify({
    clusters: [{ name: "c", cluster: { server, "certificate-authority-data": ca } }],
    users: [{ name: "u", user: { token } }],
  });
}

/** A claim on a volume of pve2, a Deployment of two pods and a StatefulSet of one that mount it. */
export async function applyWorkload(volume: string): Promise<void> {
  const metadata = { name: "data", namespace };
  const shape = { accessModes: ["ReadWriteOnce"], storageClassName: "proxmox-lvm" };
  await api().apply(`/api/v1/persistentvolumes/pv-${volume}`, {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name: `pv-${volume}` },
    spec: {
      ...{ ...shape, capacity: { storage: "64Mi" }, persistentVolumeReclaimPolicy: "Retain" },
      csi: { driver: "csi.proxmox.sinextra.dev", volumeHandle: `lab/pve2/data/${volume}` },
      ...onHostOnly("pve2"),
      claimRef: { apiVersion: "v1", kind: "PersistentVolumeClaim", ...metadata },
    },
  });
  await api().apply(inNamespace("/api/v1/namespaces/NS/persistentvolumeclaims/data"), {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata,
    spec: { ...shape, volumeName: `pv-${volume}`, resources: { requests: { storage: "64Mi" } } },
  });
  for (const [kind, name, replicas] of [
    ["Deployment", "web", 2],
    ["StatefulSet", "index", 1],
  ] as const)
    await api().apply(inNamespace(`/apis/apps/v1/namespaces/NS/${kind.toLowerCase()}s/${name}`), {
      ...{ apiVersion: "apps/v1", kind, metadata: { name, namespace } },
      spec: {
        ...{ replicas, selector: { matchLabels: { app: name } } },
        ...(kind === "StatefulSet" ? { serviceName: name } : {}),
        template: {
          metadata: { labels: { app: name } },
          spec: {
            terminationGracePeriodSeconds: 5,
            volumes: [{ name: "data", persistentVolumeClaim: { claimName: "data" } }],
            containers: [{ name: name, image: "lab", volumeMounts: [{ name: "data", mountPath: "/data" }] }],
          },
        },
      },
    });
}

/** Removes all of it, so that no volume is mounted any more. */
export async function removeWorkload(volume: string): Promise<void> {
  await api().remove(inNamespace("/apis/apps/v1/namespaces/NS/deployments/web"));
  await api().remove(inNamespace("/apis/apps/v1/namespaces/NS/statefulsets/index"));
  await until(async () => (await podCount()) === 0, 1_200_000);
  await api().remove(inNamespace("/api/v1/namespaces/NS/persistentvolumeclaims/data"));
  await api().remove(`/api/v1/persistentvolumes/pv-${volume}`);
}

async function podCount(): Promise<number> {
  const path = inNamespace("/api/v1/namespaces/NS/pods");
  return z.object({ items: z.array(z.unknown()) }).parse(await api().get(path)).items.length;
}

const scaled = z.object({
  spec: z.object({ replicas: z.int() }),
  status: z.object({ readyReplicas: z.int().default(0) }),
});

/** Wanted and ready pods, e.g. "web 2/2, index 1/1". */
export async function pods(): Promise<string> {
  const of = async (plural: string, name: string): Promise<string> => {
    const found = scaled.parse(await api().get(inNamespace(`/apis/apps/v1/namespaces/NS/${plural}/${name}`)));
    return `${name} ${found.status.readyReplicas}/${found.spec.replicas}`;
  };
  return `${await of("deployments", "web")}, ${await of("statefulsets", "index")}`;
}

export async function podsAreReady(): Promise<void> {
  let last = "";
  const ready = async (): Promise<boolean> => (last = await pods()) === "web 2/2, index 1/1";
  if (!(await until(ready, 1_200_000, 300))) throw new Error(`pods after 1200 s: ${last}`);
}
