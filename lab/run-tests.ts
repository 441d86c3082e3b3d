// `npm run test:lab`: starts the lab and the engine, runs the tests of test/lab in the lab's network and beside them, in
// labs of their own, those of test/volumes and test/crashes, and removes the labs. Words after it go to Jest, e.g. a part of
// a file's path after --testPathPatterns; --selectProjects=volumes runs only one of them.
import { join } from "node:path";
import { execa } from "execa";
import { stateDir } from "./cache";
import { down } from "./commands/down";
import { messageOf, runTasks } from "./commands/progress";
import { ensureEngine } from "./engine/bootstrap";
import { type HostName, standingHosts, startHosts } from "./hosts";
import { prepareDatabases } from "./house/databases";
import { kubectlFolder } from "./kubectl";
import { inNamespace } from "./namespace";
import { prepareNode } from "./node";
import { prepareMoreImages } from "./node/more-images";
import { startServers } from "./servers";

const projects = ["lab", "volumes", "crashes", "cluster"] as const;
type Project = (typeof projects)[number];

/** What a project's tests use; of servers that one file alone needs, that file takes care. */
const needs: Readonly<Record<Project, { readonly hosts: readonly HostName[]; readonly servers: boolean }>> = {
  lab: { hosts: standingHosts, servers: true },
  volumes: { hosts: ["pve2"], servers: false },
  crashes: { hosts: ["pve2"], servers: false },
  cluster: { hosts: ["pve"], servers: true },
};

async function main(words: readonly string[]): Promise<number> {
  const option = "--selectProjects=";
  const asked = words.find(word => word.startsWith(option))?.slice(option.length);
  const rest = words.filter(word => !word.startsWith(option));
  const chosen = asked === undefined ? "lab" : projects.find(project => project === asked);
  if (chosen === undefined) throw new Error(`${option}${asked ?? ""}: expected ${projects.join(", ")}`);
  const { hosts, servers } = needs[chosen];
  try {
    await runTasks([
      { title: "engine", run: async say => void (await ensureEngine(say)) },
      ...(servers ? [{ title: "servers", run: startServers }] : []),
      { title: `hosts of test/${chosen}`, run: say => startHosts({ say, only: hosts }) },
    ]);
    // What a file boots from within the lab's network can't be fetched from there.
    if (chosen === "cluster")
      await runTasks([
        { title: "the node's disk", run: prepareNode },
        { title: "more images", run: prepareMoreImages },
        { title: "databases", run: () => prepareDatabases("postgresql", "mariadb", "redis", "etcd") },
        { title: "kubectl", run: async () => void (await kubectlFolder()) },
      ]);
    const others =
      asked === undefined ? projects.filter(project => project !== chosen && isDue(project)) : [];
    const beside = others.map(project => ownLab(project, rest));
    return Math.max(...(await Promise.all([jest(chosen, rest), ...beside])));
  } finally {
    await down(line => console.error(line));
  }
}

/** What needs the cluster's node isn't a part of `npm test`. */
function isDue(project: Project): boolean {
  return project !== "cluster" || process.env["HOLDFAST_LONG"] === "1";
}

/** In a lab of its own, once all that they need has been built: none waits for another, as half the time is waiting. */
async function ownLab(project: Project, words: readonly string[]): Promise<number> {
  const program = ["cli/run.mjs", "lab/run-tests.ts", `--selectProjects=${project}`, ...words];
  const named = function* (line: unknown): Generator<string> {
    yield `${project}: ${String(line)}`;
  };
  const { exitCode = 1 } = await execa(process.execPath, program, {
    env: { HOLDFAST_STATE: join(stateDir, project) },
    ...{ stdin: "ignore", stdout: [named, "inherit"], stderr: [named, "inherit"], reject: false },
  });
  return exitCode;
}

async function jest(project: Project, words: readonly string[]): Promise<number> {
  const program = ["node_modules/jest/bin/jest.js", `--selectProjects=${project}`, "--runInBand", ...words];
  // A part of a path may name files of one project alone.
  const [command = "", ...args] = inNamespace([process.execPath, ...program, "--passWithNoTests"]);
  const { exitCode = 1 } = await execa(command, args, { stdio: "inherit", reject: false });
  return exitCode;
}

main(process.argv.slice(2)).then(
  code => (process.exitCode = code),
  (error: unknown) => {
    console.error(messageOf(error));
    process.exitCode = 1;
  },
);
