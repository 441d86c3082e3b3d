import { existsSync, rmSync } from "node:fs";
import { labDir } from "../facts";
import { powerCut, hostNames } from "../hosts";
import { withLabLock } from "../lock";
import { stopNamespace } from "../namespace";
import { recordedProcesses, stopProcess } from "../process";
import { stopServers } from "../servers";

/** Ends all that the lab started and removes all that it keeps. What it built stays in the cache for the next `up`. */
export async function down(say: (line: string) => void): Promise<void> {
  if (!existsSync(labDir)) {
    say(`The lab is down already: there is no "${labDir}"`);
    return;
  }
  await withLabLock("hosts", say, () => withLabLock("servers", say, endAll));
  say(`The lab is down; "${labDir}" is removed`);
}

async function endAll(): Promise<void> {
  await Promise.all([stopServers(), powerCut(...hostNames)]);
  // The network goes last: until then a server may use it.
  for (const name of recordedProcesses().filter(name => name !== "namespace")) await stopProcess(name);
  await stopNamespace();
  rmSync(labDir, { recursive: true, force: true });
}
