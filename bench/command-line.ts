import { join } from "node:path";
import { projectRoot } from "../stacks/project";
import { ratio } from "./ratio";
import type { Row } from "./row";

/** `holdfast check` against a Node process that does nothing: what a pull request waits for. */
export async function benchCommandLine(): Promise<Row[]> {
  const check = [process.execPath, join(projectRoot, "cli", "holdfast.mjs"), "check", "--stack", "homelab"];
  return [
    await ratio("check of homelab / node -e 0", { argv: check }, { argv: [process.execPath, "-e", "0"] }, 6),
  ];
}
