import { existsSync } from "node:fs";
import { execa } from "execa";
import { hostNames, processName } from "../hosts";
import { logFile } from "../process";
import { serverNames } from "../servers";

/** Names that `logs` takes. */
export const logNames: readonly string[] = [...hostNames, ...serverNames];

/**
 * Prints the log of a server or the console of a host.
 * @param options.follow go on printing what is added, until interrupted
 */
export async function logs(name: string, options: { follow?: boolean; lines: number }): Promise<void> {
  if (!logNames.includes(name)) throw new Error(`No log of "${name}". Allowed: ${logNames.join(", ")}`);
  const host = hostNames.find(each => each === name);
  const file = logFile(host === undefined ? name : processName(host));
  if (!existsSync(file))
    throw new Error(`${name} has no log yet: it was never started. Next: npm run lab -- up`);
  const follow = options.follow ? ["--follow=name"] : [];
  await execa("tail", [...follow, `--lines=${options.lines}`, "--", file], {
    stdio: "inherit",
    reject: false,
  });
  if (host !== undefined && !options.follow)
    console.error(`This is ${name}'s console. Its journal: npm run lab -- ssh ${name} -- journalctl -b`);
}
