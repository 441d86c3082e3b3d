import { readFileSync } from "node:fs";
import { operatorAddress } from "../namespace";
import { connect } from "./api";
import { credentials } from "./credentials";
import { exchange } from "./http";
import { dataDir, urls } from "./places";
import type { Server } from "./server";

/** Database of the API server. */
export const etcd: Server = {
  name: "etcd",
  url: urls.etcd,
  argv: ({ etcd: program }) => [
    program,
    "--name=lab",
    `--data-dir=${dataDir("etcd")}`,
    `--listen-client-urls=${urls.etcd}`,
    `--advertise-client-urls=${urls.etcd}`,
    `--listen-peer-urls=${urls.etcdPeer}`,
    `--initial-advertise-peer-urls=${urls.etcdPeer}`,
    `--initial-cluster=lab=${urls.etcdPeer}`,
    "--logger=zap",
    "--log-level=warn",
  ],
  health: () => exchange(`${urls.etcd}/health`),
};

/** A real API server with role-based access control. It asks the node for its pods' logs. */
export const apiServer: Server = {
  name: "kube-apiserver",
  url: urls.kubernetes,
  argv: ({ apiServer: program }) => [
    program,
    `--etcd-servers=${urls.etcd}`,
    `--bind-address=${operatorAddress}`,
    `--advertise-address=${operatorAddress}`,
    `--secure-port=${new URL(urls.kubernetes).port}`,
    `--tls-cert-file=${credentials.serving}`,
    `--tls-private-key-file=${credentials.servingKey}`,
    `--token-auth-file=${credentials.tokens}`,
    "--anonymous-auth=false",
    "--authorization-mode=Node,RBAC",
    // Nobody here resolves a node's name.
    "--kubelet-preferred-address-types=InternalIP",
    `--kubelet-client-certificate=${credentials.nodeClient}`,
    `--kubelet-client-key=${credentials.nodeClientKey}`,
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-signing-key-file=${credentials.serviceAccountKey}`,
    `--service-account-key-file=${credentials.serviceAccountKey}`,
    "--service-cluster-ip-range=10.96.0.0/24",
    "--endpoint-reconciler-type=none",
  ],
  health: () => connect().ready(),
};

/**
 * Of fifty, those whose work something here waits for: each of the others would watch its kinds of objects all the time. They
 * delete what a deleted namespace or owner leaves, give namespaces their service accounts, and make what workloads and
 * claims ask for.
 */
const controllers = [
  ...["namespace", "garbage-collector", "pod-garbage-collector", "ttl-after-finished"],
  ...["serviceaccount", "serviceaccount-token", "root-ca-certificate-publisher"],
  ...["deployment", "replicaset", "statefulset", "job", "cronjob"],
  // A node is closed to pods until this one has seen that it is ready.
  "node-lifecycle",
  ...["persistentvolume-binder", "persistentvolume-protection", "persistentvolumeclaim-protection"],
].map(name => `${name}-controller`);

export const controllerManager: Server = {
  name: "kube-controller-manager",
  url: urls.controllerManager,
  argv: ({ controllerManager: program }) => [
    program,
    `--kubeconfig=${credentials.controllerManagerKubeconfig}`,
    "--bind-address=127.0.0.1",
    `--secure-port=${new URL(urls.controllerManager).port}`,
    `--tls-cert-file=${credentials.serving}`,
    `--tls-private-key-file=${credentials.servingKey}`,
    "--leader-elect=false",
    `--controllers=${controllers.join(",")}`,
    "--use-service-account-credentials=true",
    `--service-account-private-key-file=${credentials.serviceAccountKey}`,
    `--root-ca-file=${credentials.authority}`,
  ],
  health: () =>
    exchange(`${urls.controllerManager}/healthz`, { ca: readFileSync(credentials.authority, "utf8") }),
};

/** Gives each pod its node. */
export const scheduler: Server = {
  name: "kube-scheduler",
  url: urls.scheduler,
  argv: ({ scheduler: program }) => [
    program,
    `--kubeconfig=${credentials.schedulerKubeconfig}`,
    "--bind-address=127.0.0.1",
    `--secure-port=${new URL(urls.scheduler).port}`,
    `--tls-cert-file=${credentials.serving}`,
    `--tls-private-key-file=${credentials.servingKey}`,
    "--leader-elect=false",
  ],
  health: () => exchange(`${urls.scheduler}/healthz`, { ca: readFileSync(credentials.authority, "utf8") }),
};
