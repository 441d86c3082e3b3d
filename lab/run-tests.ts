// `npm run test:lab`: starts the lab and the engine, runs the tests of test/lab in the lab's network, and removes the lab.
// Words after it go to Jest, e.g. a part of a file's path after --testPathPatterns.
import { execa } from "execa";
import { down } from "./commands/down";
import { messageOf, runTasks } from "./commands/progress";
import { ensureEngine } from "./engine/bootstrap";
import { startHosts } from "./hosts";
import { inNamespace } from "./namespace";
import { startServers } from "./servers";

async function main(words: readonly string[]): Promise<number> {
  try {
    await runTasks([
      { title: "engine", run: async say => void (await ensureEngine(say)) },
      { title: "hosts", run: say => startHosts({ say }) },
      { title: "servers", run: startServers },
    ]);
    const jest = ["node_modules/jest/bin/jest.js", "--selectProjects=lab", "--runInBand", ...words];
    const [program = "", ...args] = inNamespace([process.execPath, ...jest]);
    const { exitCode = 1 } = await execa(program, args, { stdio: "inherit", reject: false });
    return exitCode;
  } finally {
    await down(line => console.error(line));
  }
}

main(process.argv.slice(2)).then(
  code => (process.exitCode = code),
  (error: unknown) => {
    console.error(messageOf(error));
    process.exitCode = 1;
  },
);
