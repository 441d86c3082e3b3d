import { z } from "zod";
import { type Engine, server } from "./engine";

export const etcd = {
  spec: z.strictObject({ engine: z.literal("etcd").describe("Whose client makes it"), ...server(2379) }),
  scripts: "etcd",
  script: () => "server",
  // Its client writes snapshots to files alone.
  scratch: true,
  certificates:
    "on a node of kubeadm: kubeadm certs renew etcd-healthcheck-client; cd /etc/kubernetes/pki/etcd; cat healthcheck-client.crt ca.crt healthcheck-client.key",
  wayBack: {
    byHand:
      'on the machine that it runs on, with etcd stopped: etcdutl snapshot restore SNAPSHOT --data-dir NEW, and NEW in the place of its data folder, which is kept under another name (docs/layers/cluster-dump.md, "etcd"); SNAPSHOT is the newest that its .json says to be good, below',
    undo: "its data folder of before in its place again, with it stopped",
    verifies: "it starts, and what it keeps is listed",
  },
} satisfies Engine;
