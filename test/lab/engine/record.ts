// `npm run record`: what a stack of this version looks like to the engine, for test/lab/recorded-state.test.ts. The real program and
// engine make it, with the lab's cluster and a real SSH server that takes each command and runs none.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { parse } from "yaml";
import { z } from "zod";
import { projectRoot } from "../../../lab/cache";
import { down } from "../../../lab/commands/down";
import { fixedFacts } from "../../../lab/facts";
import { inNamespace, isInNamespace } from "../../../lab/namespace";
import { startServers } from "../../../lab/servers";
import { ProductStack } from "./product-stack";
import { writeRecorded } from "./recorded";
import { estateToRecord, recordedSecrets } from "./recorded-estate";
import { startSshServer } from "./sshd";

const kubeconfigSchema = z.object({
  clusters: z.tuple([z.object({ cluster: z.object({ server: z.url() }) })]),
});

async function record(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-record-"));
  const server = await startSshServer(folder, { runs: false });
  const { kubeconfig } = fixedFacts;
  const [{ cluster }] = kubeconfigSchema.parse(parse(readFileSync(kubeconfig, "utf8"))).clusters;
  const estate = estateToRecord(server, cluster.server);
  const stack = await ProductStack.open(estate, {
    ...{ privateKey: server.privateKey, kubeconfig, secrets: recordedSecrets },
  });
  try {
    await stack.must("up", "--yes", "--skip-preview", "--suppress-outputs");
    await stack.must("stack", "export", "--show-secrets", "--file", stack.file("state.json"));
    const exported: unknown = JSON.parse(readFileSync(stack.file("state.json"), "utf8"));
    writeRecorded(estate, exported, cluster.server);
    await stack.must("destroy", "--yes", "--skip-preview", "--suppress-outputs");
  } finally {
    stack.remove();
    await server.stop();
    rmSync(folder, { recursive: true });
  }
}

async function main(): Promise<void> {
  if (isInNamespace()) return record();
  try {
    await startServers(line => console.error(line));
    const [command = "", ...args] = inNamespace([
      process.execPath,
      ...[join(projectRoot, "cli/run.mjs"), "test/lab/engine/record.ts"],
    ]);
    await execa(command, args, { stdio: "inherit" });
  } finally {
    await down(line => console.error(line));
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
