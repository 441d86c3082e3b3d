import type { Cluster, Pod } from "./objects";
import { decide, type Disk, keyOf, nodeName } from "./round";

const disk: Disk = { host: "pve", name: "vm-9999-pvc-a" };
const mounted = new Map([[keyOf(disk), disk]]);
const attachment = {
  metadata: { name: "csi-1", namespace: "" },
  spec: { nodeName, source: { persistentVolumeName: "pv-a" } },
};

function pod(change: { name?: string; node?: string; phase?: string; ends?: boolean } = {}): Pod {
  return {
    metadata: {
      name: change.name ?? "web-0",
      namespace: "shop",
      uid: "u",
      deletionTimestamp: change.ends ? "2026-05-26T00:00:00Z" : undefined,
    },
    spec: {
      nodeName: change.node,
      containers: [],
      volumes: [{ persistentVolumeClaim: { claimName: "data" } }],
    },
    status: { phase: change.phase ?? "Pending" },
  };
}

function cluster(pods: Pod[], attachments = [attachment]): Cluster {
  return {
    pods,
    claims: [{ metadata: { name: "data", namespace: "shop" }, spec: { volumeName: "pv-a" } }],
    volumes: [
      {
        metadata: { name: "pv-a", namespace: "" },
        spec: { csi: { driver: "csi", volumeHandle: "lab/pve/data/vm-9999-pvc-a" } },
      },
    ],
    attachments,
  };
}

const names = (pods: readonly Pod[]): string[] => pods.map(({ metadata }) => metadata.name);

test("a pod is bound and its volume attached, mounted only once it is attached, and runs only once it is mounted", () => {
  const fresh = decide(cluster([pod()], []), new Map());
  expect(names(fresh.bind)).toEqual(["web-0"]);
  expect(fresh.attach).toMatchObject([{ pv: "pv-a", disk }]);
  expect(fresh).toMatchObject({ mount: [], run: [] });
  const attached = decide(cluster([pod({ node: nodeName })]), new Map());
  expect(attached).toMatchObject({ bind: [], attach: [], mount: [disk], run: [] });
  expect(names(decide(cluster([pod({ node: nodeName })]), mounted).run)).toEqual(["web-0"]);
});

test("a pod whose claim is bound to nothing waits", () => {
  const unbound = { ...cluster([pod()], []), volumes: [] };
  expect(decide(unbound, new Map())).toMatchObject({ bind: [], attach: [], mount: [], run: [] });
});

test("a pod that ends holds its volume until it is unmounted, and is detached when it is gone", () => {
  const ending = cluster([pod({ node: nodeName, phase: "Running", ends: true })]);
  expect(decide(ending, mounted)).toMatchObject({ unmount: [disk], finish: [], detach: [] });
  const unmounted = decide(ending, new Map());
  expect(names(unmounted.finish)).toEqual(["web-0"]);
  expect(unmounted.detach).toEqual([]);
  expect(decide(cluster([]), new Map()).detach).toEqual([attachment]);
});

test("one of two pods that share a volume ends and leaves it mounted", () => {
  const running = { node: nodeName, phase: "Running" };
  const shared = decide(
    cluster([pod({ ...running, ends: true }), pod({ ...running, name: "web-1" })]),
    mounted,
  );
  expect(names(shared.finish)).toEqual(["web-0"]);
  expect(shared).toMatchObject({ unmount: [], detach: [], run: [] });
});

test("a pod of another node, and one without a volume of a host, is left alone also when it ends", () => {
  const elsewhere = pod({ node: "node", phase: "Running", ends: true });
  const without = { ...pod({ ends: true }), spec: { containers: [], volumes: [] } };
  const nothing = { bind: [], attach: [], mount: [], run: [], unmount: [], finish: [] };
  expect(decide(cluster([elsewhere, without]), new Map())).toMatchObject(nothing);
});
