import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";

/**
 * Kills what `unshare --pid --fork` runs, with all that it has started. Of an unshare that is killed itself the kernel kills those
 * (`--kill-child`) a moment after it has ended, and until then their port is taken.
 */
export async function killUnshared(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  const [first = ""] = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").split(" ");
  if (first === "") child.kill("SIGKILL");
  else process.kill(Number(first), "SIGKILL");
  await ended;
}
