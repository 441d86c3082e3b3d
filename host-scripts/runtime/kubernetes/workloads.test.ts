import { ApiRefusal, type KubernetesApi } from "./api";
import { volumesIn } from "./persistent-volumes";
import { scaleOf, topControllerOf, usersOf } from "./workloads";

const pod = (name: string, change: object = {}, spec: object = {}): object => ({
  metadata: { namespace: "shop", name, ...change },
  spec: { volumes: [{ name: "d", persistentVolumeClaim: { claimName: "data" } }], ...spec },
  status: { phase: "Running" },
});

/** An API that holds objects by path. */
const holding = (objects: Readonly<Record<string, unknown>>): KubernetesApi => ({
  get: path =>
    path in objects ? Promise.resolve(objects[path]) : Promise.reject(new ApiRefusal(404, `no ${path}`)),
  patch: path => Promise.reject(new ApiRefusal(403, path)),
});

const owned = (kind: string, name: string): object => ({
  ownerReferences: [
    { kind: "Something", name: "else" },
    { kind, name, controller: true },
  ],
});

test("finds the pods that use a claim: not those of another claim, without one, or that have ended", () => {
  const other = { volumes: [{ name: "d", persistentVolumeClaim: { claimName: "other" } }] };
  const items = [
    pod("uses"),
    pod("other", {}, other),
    pod("none", {}, { volumes: [{ name: "tmp", emptyDir: {} }] }),
    pod("bare", {}, { volumes: undefined }),
    { ...pod("done"), status: { phase: "Succeeded" } },
    { ...pod("lost"), status: { phase: "Failed" } },
    pod("ending", { deletionTimestamp: "2026-05-26T00:00:00Z" }),
  ];
  expect(usersOf({ items }, "data").map(({ pod: { metadata } }) => metadata.name)).toEqual([
    "uses",
    "ending",
  ]);
});

test("a claim that a pod brings along by itself is told apart", () => {
  const items = [pod("web", {}, { volumes: [{ name: "scratch", ephemeral: { volumeClaimTemplate: {} } }] })];
  expect(usersOf({ items }, "web-scratch")).toMatchObject([{ ephemeral: true }]);
  expect(usersOf({ items }, "web")).toEqual([]);
});

test.each([
  ["a Deployment's pod", owned("ReplicaSet", "web-1"), { kind: "Deployment", name: "web" }],
  ["a ReplicaSet's own pod", owned("ReplicaSet", "alone"), { kind: "ReplicaSet", name: "alone" }],
  ["a StatefulSet's pod", owned("StatefulSet", "db"), { kind: "StatefulSet", name: "db" }],
  ["a DaemonSet's pod", owned("DaemonSet", "agent"), { kind: "DaemonSet", name: "agent" }],
  ["a pod of its own", {}, { kind: "Pod", name: "p" }],
])("finds what made %s", async (_, metadata, owner) => {
  const api = holding({
    "/apis/apps/v1/namespaces/shop/replicasets/web-1": { metadata: owned("Deployment", "web") },
    "/apis/apps/v1/namespaces/shop/replicasets/alone": { metadata: {} },
  });
  const [user] = usersOf({ items: [pod("p", metadata)] }, "data");
  if (!user) throw new Error("no pod");
  expect(await topControllerOf(api, user.pod)).toEqual({ namespace: "shop", ...owner });
});

test("a workload's figures are none until its controller has seen the last change", async () => {
  const path = "/apis/apps/v1/namespaces/shop/statefulsets/db";
  const db = { kind: "StatefulSet", namespace: "shop", name: "db" } as const;
  const at = (generation: number, policy?: object): Promise<unknown> =>
    scaleOf(
      holding({
        [path]: {
          metadata: { generation },
          spec: { replicas: 2, persistentVolumeClaimRetentionPolicy: policy },
          status: { observedGeneration: 1, readyReplicas: 2 },
        },
      }),
      db,
    );
  expect(await at(1)).toEqual({ replicas: 2, ready: 2, deletesClaims: false });
  expect(await at(2)).toMatchObject({ ready: 0 });
  expect(await at(1, { whenScaled: "Delete", whenDeleted: "Retain" })).toMatchObject({ deletesClaims: true });
});

test("a persistent volume is known by its CSI handle; one without is left out", () => {
  const claimRef = { namespace: "shop", name: "data" };
  const items = [
    { metadata: { name: "pv-a" }, spec: { csi: { volumeHandle: "lab/pve/data/vm-9999-pvc-a" }, claimRef } },
    {
      metadata: { name: "pv-b" },
      spec: { csi: { volumeHandle: "lab/pve/data/vm-9999-pvc-b" }, volumeMode: "Block" },
      status: { phase: "Released" },
    },
    { metadata: { name: "nfs" }, spec: { nfs: { server: "nas" }, claimRef } },
  ];
  expect(volumesIn({ items })).toEqual([
    { name: "pv-a", zone: "pve", disk: "vm-9999-pvc-a", claim: claimRef, isBlock: false, isReleased: false },
    { name: "pv-b", zone: "pve", disk: "vm-9999-pvc-b", claim: undefined, isBlock: true, isReleased: true },
  ]);
});
