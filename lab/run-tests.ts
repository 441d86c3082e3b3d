// `npm run test:lab`: starts the lab and the engine, runs the tests of test/lab and then those of test/volumes in the lab's
// network, and removes the lab. Words after it go to Jest, e.g. a part of a file's path after --testPathPatterns;
// --selectProjects=volumes runs only one of the two. `npm run test:long` runs what takes longer than that.
import { execa } from "execa";
import { down } from "./commands/down";
import { messageOf, runTasks } from "./commands/progress";
import { ensureEngine } from "./engine/bootstrap";
import { type HostName, standingHosts, startHosts, stopHosts } from "./hosts";
import { inNamespace } from "./namespace";
import { startServers } from "./servers";

const usual = ["lab", "volumes"] as const;
const projects = [...usual, "long"] as const;
type Project = (typeof projects)[number];

/** Hosts that a project's tests use. */
const hostsOf: Readonly<Record<Project, readonly HostName[]>> = {
  lab: standingHosts,
  volumes: ["pve2"],
  long: ["pve2"],
};

async function main(words: readonly string[]): Promise<number> {
  const option = "--selectProjects=";
  const asked = words.find(word => word.startsWith(option))?.slice(option.length);
  const chosen = asked === undefined ? usual : projects.filter(project => project === asked);
  const rest = words.filter(word => !word.startsWith(option));
  const codes: number[] = [];
  try {
    await runTasks([
      { title: "engine", run: async say => void (await ensureEngine(say)) },
      { title: "servers", run: startServers },
    ]);
    // One after another: on two cores, hosts of both at once take longer than twice as long.
    for (const project of chosen) {
      const only = hostsOf[project];
      await runTasks([{ title: `hosts of test/${project}`, run: say => startHosts({ say, only }) }]);
      codes.push(await jest(project, rest));
      await stopHosts(only);
    }
    return Math.max(...codes);
  } finally {
    await down(line => console.error(line));
  }
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
