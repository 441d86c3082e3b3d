import { join } from "node:path";
import { execa } from "execa";
import { projectRoot } from "../../stacks/project";
import { readFacts } from "../facts";
import { inNamespace } from "../namespace";

/** What `holdfast status` says of the lab in one line. @throws with all of it where something owes or isn't known */
export async function standsNow(): Promise<string> {
  const { pve } = readFacts();
  const [program = "", ...words] = inNamespace([
    ...[process.execPath, join(projectRoot, "cli", "holdfast.mjs"), "status"],
    ...["--estate", join(projectRoot, "lab", "stacks", "lab", "estate.ts"), "--key", pve.privateKeyFile],
  ]);
  const { exitCode, all } = await execa(program, words, { all: true, reject: false, timeout: 600_000 });
  if (exitCode !== 0) throw new Error(`holdfast status ended with ${exitCode}:\n${all}`);
  return all.trim().split("\n").at(-1) ?? "";
}
