import { join } from "node:path";
import { execa } from "execa";
import { projectRoot } from "../../stacks/project";
import { readFacts } from "../facts";
import { operatorEnvironment } from "../kubectl";
import { inNamespace } from "../namespace";

/** Runs a command of holdfast that asks the lab's hosts and cluster. @returns what it said @throws with all of it where it ends with anything but 0 */
export async function holdfast(...typed: readonly [command: string, ...words: string[]]): Promise<string> {
  return holdfastOf(join(projectRoot, "lab", "stacks", "lab", "estate.ts"), ...typed);
}

/** The same of another estate. @param estate file of it */
export async function holdfastOf(
  estate: string,
  ...typed: readonly [command: string, ...words: string[]]
): Promise<string> {
  const { pve } = readFacts();
  const [program = "", ...words] = inNamespace([
    ...[process.execPath, join(projectRoot, "cli", "holdfast.mjs"), ...typed],
    ...["--estate", estate, "--key", pve.privateKeyFile],
  ]);
  const { exitCode, all } = await execa(program, words, {
    ...{ all: true, reject: false, timeout: 1_800_000 },
    env: await operatorEnvironment(),
  });
  if (exitCode !== 0) throw new Error(`holdfast ${typed.join(" ")} ended with ${exitCode}:\n${all}`);
  return all.trim();
}
