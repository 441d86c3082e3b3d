import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import { machines, mustOnHost, onHost, startHosts } from "../hosts";
import { ensureImage } from "../hosts/image";
import { prepareKernel } from "../hosts/kernel";
import { ip } from "../namespace";
import { until } from "../process";
import { connect } from "../servers";
import { credentials } from "../servers/credentials";
import { ensureNodeDisk } from "./disk";
import { referencesFile } from "./references";

/** Addresses of pods, which the lab's network reaches by their node. */
const podNetwork = "10.88.0.0/24";

/** Makes the node's disk, if it isn't in the cache, and leaves what its pods may be made of. The servers' programs have to be there. */
export async function prepareNode(say: (line: string) => void): Promise<void> {
  const kernel = await prepareKernel();
  await nodeDisk(kernel, await ensureImage(kernel, say), say);
}

async function nodeDisk(...made: Parameters<typeof ensureNodeDisk>): Promise<string> {
  const { file, images } = await ensureNodeDisk(...made);
  mkdirSync(dirname(referencesFile), { recursive: true });
  writeFileSync(referencesFile, JSON.stringify(images));
  return file;
}

/**
 * Boots the cluster's node, if it doesn't run, and has it join: a real kubelet with containerd. The servers and the host with the NFS
 * trees have to be up.
 * @throws when it isn't ready in time, with the end of kubelet's log
 */
export async function startNode(say: (line: string) => void): Promise<void> {
  await startHosts({ only: ["node"], say, prepare: (kernel, image) => nodeDisk(kernel, image, say) });
  await Promise.all([
    joinCluster(),
    ip(`route replace ${podNetwork} via ${machines.node.address}`),
    mustOnHost("pve", exportTrees),
  ]);
  if (!(await until(isReady, 300_000, 500))) {
    const log = await mustOnHost("node", "journalctl --unit=kubelet --lines=10 --output=cat");
    throw new Error(`The node isn't ready after 300 s. The end of kubelet's log:\n${log}`);
  }
  say("node: a Kubernetes node is ready");
}

/** As the Proxmox host of the reference exports them: each node's pods write there as who they are. */
const exportTrees = `set -e
for tree in /srv/nfs /srv/nfs-ssd; do
  echo "$tree 10.77.0.0/24(rw,no_subtree_check,root_squash)"
done >/etc/exports
systemctl start nfs-server && exportfs -ra`;

async function joinCluster(): Promise<void> {
  if ((await onHost("node", "systemctl is-active --quiet kubelet")).exitCode === 0) return;
  const files = {
    "ca.pem": readFileSync(credentials.authority, "utf8"),
    kubeconfig: readFileSync(credentials.nodeKubeconfig, "utf8"),
    environment: `NODE_IP=${machines.node.address}\n`,
  };
  // By standard input: a command's text can be read in the process list.
  for (const [name, input] of Object.entries(files))
    await mustOnHost("node", `umask 077; cat >/etc/kubelet/${name}`, { input });
  await mustOnHost("node", "systemctl start kubelet");
}

const node = z.object({
  status: z.object({
    conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]),
  }),
});

async function isReady(): Promise<boolean> {
  const found = node.safeParse(await connect().get("/api/v1/nodes/node"));
  return (
    found.success &&
    found.data.status.conditions.some(({ type, status }) => type === "Ready" && status === "True")
  );
}
