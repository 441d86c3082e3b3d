import * as pulumi from "@pulumi/pulumi";
import { deploy, type Outputs, type Surroundings } from "../../stacks/program";
import type { Kubeconfig } from "../../stacks/kubeconfig";
import type { Settings } from "../../stacks/settings";
import { type Registered, registrations } from "./engine";

const key = "-----BEGIN OPENSSH PRIVATE KEY-----\nnot a real one\n";
/** Chosen by the stack, and of the example estate's cluster. */
const kubeconfig: Kubeconfig = {
  value: "/home/me/.kube/config",
  origin: '"/home/me/.kube/config" (holdfast:kubeconfig)',
  ambient: false,
  context: "home",
  server: "https://k8s.example:6443",
};
const nowMs = Date.UTC(2026, 5, 1);

/** Everything that came of a program's run. */
export interface Deployed {
  readonly resources: readonly Registered[];
  readonly warnings: readonly string[];
  readonly error?: unknown;
  readonly outputs: Outputs | undefined;
}

/** Deploys an estate against the SDK's mocks; some settings of the stack can be given. */
export async function deployed(
  estate: unknown,
  settings: Partial<Settings> = {},
  probe: Surroundings["probe"] = async () => undefined,
  runbooks: Surroundings["runbooks"] = async () => ({ path: __filename, sha256: "cd".repeat(32) }),
): Promise<Deployed> {
  let outputs: Outputs | undefined;
  const result = await registrations(async () => {
    outputs = await deploy(estate, {
      settings: () => ({
        sshPrivateKey: pulumi.secret(key),
        prometheus: "operator",
        secrets: {},
        images: {},
        kubeconfig: () => kubeconfig,
        hostsDown: [],
        sshAgent: undefined,
        ...settings,
      }),
      bundleOf: async () => ({ path: __filename, sha256: "ab".repeat(32), sizeBytes: 1000 }),
      podPrograms: async () => ({ "cluster-dump.cjs": "the runner", "postgresql-server.sh": "the client" }),
      runbooks,
      probe,
      nowMs,
    });
  });
  return { ...result, outputs };
}
