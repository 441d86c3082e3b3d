// Runs a command in the lab's network: `node cli/run.mjs lab/run-inside.ts -- COMMAND [ARGS]`. Starts the network when there is
// none, and ends as the command ended.
import { execa } from "execa";
import { constants } from "node:os";
import { inNamespace, startNamespace } from "./namespace";

async function main(words: readonly string[]): Promise<number> {
  const command = words[0] === "--" ? words.slice(1) : words;
  if (command.length === 0) {
    console.error("usage: node cli/run.mjs lab/run-inside.ts -- COMMAND [ARGS]");
    return 2;
  }
  await startNamespace();
  const [program = "", ...args] = inNamespace(command);
  const child = execa(program, args, { stdio: "inherit", reject: false });
  // A terminal's Ctrl-C reaches the command as well; a plain SIGTERM has to be passed on. The command decides when to end.
  process.on("SIGINT", () => undefined);
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  const { exitCode, signal, message } = await child;
  if (exitCode !== undefined) return exitCode;
  if (signal !== undefined) return 128 + constants.signals[signal];
  console.error(message);
  return 127;
}

main(process.argv.slice(2)).then(
  code => (process.exitCode = code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  },
);
