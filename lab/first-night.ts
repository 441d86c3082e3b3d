// `npm start`: from a clone to restored files. Makes what this machine lacks, starts the lab, and has its first night run in its network.
import { join } from "node:path";
import { projectRoot } from "./cache";
import { messageOf, runTasks } from "./commands/progress";
import { ensureEngine } from "./engine/bootstrap";
import { startHosts } from "./hosts";
import { prepareDatabases } from "./house/databases";
import { kubectlFolder } from "./kubectl";
import { runInNamespace } from "./namespace";
import { prepareNode } from "./node";
import { startServers } from "./servers";

async function main(): Promise<number> {
  const beganMs = Date.now();
  console.error(
    "What this machine lacks is built now, side by side: the first time a quarter of an hour, later nothing.",
  );
  await runTasks([
    { title: "engine", run: async say => void (await ensureEngine(say)) },
    { title: "hosts", run: say => startHosts({ say }) },
    { title: "servers", run: startServers },
    { title: "databases", run: () => prepareDatabases("postgresql", "mariadb") },
    // What the night prints is typed with it.
    { title: "kubectl", run: async () => void (await kubectlFolder()) },
  ]);
  const readyMs = Date.now();
  // What is deployed names the images of the node's pods; the lab's network fetches nothing.
  await prepareNode(line => console.error(`  ${line}`));
  const file = (...names: string[]): string => join(projectRoot, ...names);
  const night = [file("cli", "run.mjs"), file("lab", "night", "main.ts")];
  return runInNamespace([process.execPath, ...night, String(beganMs), String(readyMs)]);
}

main().then(
  code => (process.exitCode = code),
  (error: unknown) => {
    console.error(
      `\n${messageOf(error)}\nThe lab stays up to be looked at: npm run lab -- status. To remove it: npm run lab -- down`,
    );
    process.exitCode = 1;
  },
);
