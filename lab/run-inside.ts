// Runs a command in the lab's network: `node cli/run.mjs lab/run-inside.ts -- COMMAND [ARGS]`. Starts the network when there is
// none, and ends as the command ended.
import { runInNamespace, startNamespace } from "./namespace";

async function main(words: readonly string[]): Promise<number> {
  const command = words[0] === "--" ? words.slice(1) : words;
  if (command.length === 0) {
    console.error("usage: node cli/run.mjs lab/run-inside.ts -- COMMAND [ARGS]");
    return 2;
  }
  await startNamespace();
  return runInNamespace(command);
}

main(process.argv.slice(2)).then(
  code => (process.exitCode = code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  },
);
