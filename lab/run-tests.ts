// `npm run test:lab`: starts the lab and the engine, runs the tests of test/lab and test/volumes in the lab's network, side
// by side as they use different hosts, and removes the lab. Words after it go to Jest, e.g. a part of a file's path after
// --testPathPatterns; --selectProjects=volumes runs only one of the two.
import { execa } from "execa";
import { down } from "./commands/down";
import { messageOf, runTasks } from "./commands/progress";
import { ensureEngine } from "./engine/bootstrap";
import { type HostName, standingHosts, startHosts } from "./hosts";
import { inNamespace } from "./namespace";
import { startServers } from "./servers";

const projects = ["lab", "volumes"] as const;
type Project = (typeof projects)[number];

/** Hosts that a project's tests use. */
const hostsOf: Readonly<Record<Project, readonly HostName[]>> = { lab: standingHosts, volumes: ["pve2"] };

async function main(words: readonly string[]): Promise<number> {
  const option = "--selectProjects=";
  const asked = words.find(word => word.startsWith(option))?.slice(option.length);
  const chosen = projects.filter(project => asked === undefined || project === asked);
  const rest = words.filter(word => !word.startsWith(option));
  try {
    await runTasks([
      { title: "engine", run: async say => void (await ensureEngine(say)) },
      { title: "hosts", run: say => startHosts({ say, only: chosen.flatMap(project => hostsOf[project]) }) },
      { title: "servers", run: startServers },
    ]);
    const codes = await Promise.all(chosen.map(project => jest(project, rest, chosen.length > 1)));
    return Math.max(...codes);
  } finally {
    await down(line => console.error(line));
  }
}

/** @param besideAnother what it prints is kept until its end, so that two don't talk at once */
async function jest(project: Project, words: readonly string[], besideAnother: boolean): Promise<number> {
  const program = ["node_modules/jest/bin/jest.js", `--selectProjects=${project}`, "--runInBand", ...words];
  // A part of a path may name files of one project alone.
  const [command = "", ...args] = inNamespace([process.execPath, ...program, "--passWithNoTests"]);
  const { exitCode = 1, all } = besideAnother
    ? await execa(command, args, { all: true, reject: false })
    : await execa(command, args, { stdio: "inherit", reject: false });
  if (all !== undefined) console.log(all);
  return exitCode;
}

main(process.argv.slice(2)).then(
  code => (process.exitCode = code),
  (error: unknown) => {
    console.error(messageOf(error));
    process.exitCode = 1;
  },
);
