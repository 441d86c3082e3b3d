/**
 * A kubeconfig as JSON, with one cluster and one user.
 * @param data of the account's token Secret, in base64
 * @throws {Error} when the cluster has filled no token in
 */
export function kubeconfigOf(server: string, data: Readonly<Record<string, string>> | undefined): string {
  const { "ca.crt": ca, token } = data ?? {};
  if (ca === undefined || token === undefined)
    throw new Error(
      "the account's token Secret has no token: the cluster's controller manager fills it in. Is it running?",
    );
  const [cluster, user] = ["cluster", "holdfast"];
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: cluster, cluster: { server, "certificate-authority-data": ca } }],
    users: [{ name: user, user: { token: Buffer.from(token, "base64").toString() } }],
    contexts: [{ name: cluster, context: { cluster, user } }],
    "current-context": cluster,
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}
