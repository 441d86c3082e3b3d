import { execa } from "execa";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { fixedFacts } from "../facts";
import { operatorAddress } from "../namespace";
import { dataDir, urls } from "./places";

const kubeconfigFile = fixedFacts.kubeconfig;

const folder = dataDir("kube-apiserver");
const file = (name: string): string => join(folder, name);

/** Files of the lab's Kubernetes API: who it is, and whom it believes. Keys and tokens have mode 0600. */
export const credentials = {
  authority: file("ca.pem"),
  authorityKey: file("ca.key"),
  serving: file("serving.pem"),
  servingKey: file("serving.key"),
  serviceAccountKey: file("service-account.key"),
  tokens: file("tokens.csv"),
  controllerManagerKubeconfig: file("controller-manager.kubeconfig"),
  schedulerKubeconfig: file("scheduler.kubeconfig"),
  /** The node's own, to be put there. */
  nodeKubeconfig: file("node.kubeconfig"),
  /** By which the API server is known to the node, whom it asks for a pod's log. */
  nodeClient: file("node-client.pem"),
  nodeClientKey: file("node-client.key"),
} as const;

/** Makes certificates, tokens and kubeconfigs, once a lab. The serving certificate is for the lab's addresses alone. */
export async function ensureCredentials(): Promise<void> {
  if (existsSync(kubeconfigFile)) return;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { authority, authorityKey, serving, servingKey, serviceAccountKey } = credentials;
  const elliptic = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-days", "3650"];
  const x509 = ["req", "-x509", ...elliptic];
  await openssl([...x509, "-subj", "/CN=holdfast lab", "-keyout", authorityKey, "-out", authority]);
  await openssl([
    ...[...x509, "-subj", "/CN=kube-apiserver", "-CA", authority, "-CAkey", authorityKey],
    ...["-addext", `subjectAltName=IP:${operatorAddress},IP:127.0.0.1,DNS:localhost,DNS:kubernetes`],
    ...["-addext", "basicConstraints=critical,CA:FALSE", "-keyout", servingKey, "-out", serving],
  ]);
  await openssl([
    ...[...x509, "-subj", "/CN=kube-apiserver-kubelet-client", "-CA", authority, "-CAkey", authorityKey],
    ...["-addext", "basicConstraints=critical,CA:FALSE", "-addext", "extendedKeyUsage=clientAuth"],
    ...["-keyout", credentials.nodeClientKey, "-out", credentials.nodeClient],
  ]);
  await openssl([
    "genpkey",
    "-algorithm",
    "RSA",
    "-pkeyopt",
    "rsa_keygen_bits:2048",
    "-out",
    serviceAccountKey,
  ]);
  const admin = randomBytes(24).toString("hex");
  const [manager, scheduler, node] = [1, 2, 3].map(() => randomBytes(24).toString("hex")) as [
    string,
    string,
    string,
  ];
  secretFile(
    credentials.tokens,
    `${admin},lab-admin,lab-admin,"system:masters"\n` +
      `${manager},system:kube-controller-manager,kube-controller-manager\n` +
      `${scheduler},system:kube-scheduler,kube-scheduler\n` +
      `${node},system:node:node,node,"system:nodes"\n`,
  );
  const ca = readFileSync(authority, "utf8");
  secretFile(credentials.controllerManagerKubeconfig, kubeconfig(ca, "kube-controller-manager", manager));
  secretFile(credentials.schedulerKubeconfig, kubeconfig(ca, "kube-scheduler", scheduler));
  secretFile(credentials.nodeKubeconfig, kubeconfig(ca, "node", node));
  // Last: its presence says that all of the above is there.
  secretFile(kubeconfigFile, kubeconfig(ca, "lab-admin", admin));
}

/** Text of a kubeconfig with one user, who has a token, and the server's authority within. */
export function kubeconfig(authorityPem: string, user: string, token: string): string {
  const cluster = {
    server: urls.kubernetes,
    "certificate-authority-data": Buffer.from(authorityPem).toString("base64"),
  };
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "holdfast-lab", cluster }],
    users: [{ name: user, user: { token } }],
    contexts: [{ name: "holdfast-lab", context: { cluster: "holdfast-lab", user } }],
    "current-context": "holdfast-lab",
  });
}

function secretFile(path: string, text: string): void {
  const part = `${path}.part`;
  writeFileSync(part, text, { mode: 0o600 });
  renameSync(part, path);
}

async function openssl(args: string[]): Promise<void> {
  await execa("openssl", args, { timeout: 300_000 });
}
