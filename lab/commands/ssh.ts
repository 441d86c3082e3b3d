import { execa } from "execa";
import { hostName, hostStatus, sshArgv } from "../hosts";

/**
 * Logs in to a host, or runs a command on it, with this terminal as its own.
 * @param words the command; none: a shell
 * @param options.user who to log in as; root comes in by a port that no switch of the NAS touches
 * @returns the command's exit code; 255 when the host can't be reached
 */
export async function ssh(
  host: string,
  words: readonly string[],
  options: { user?: string },
): Promise<number> {
  const name = hostName(host);
  if (!hostStatus().some(status => status.name === name && status.running))
    throw new Error(`${name} doesn't run. Next: npm run lab -- up`);
  const command = words.length === 0 ? undefined : words.join(" ");
  const asUser = options.user === undefined ? {} : { user: options.user, port: 22 };
  const [program = "", ...args] = sshArgv(name, command, asUser);
  const { exitCode = 255 } = await execa(program, args, { stdio: "inherit", reject: false });
  return exitCode;
}
