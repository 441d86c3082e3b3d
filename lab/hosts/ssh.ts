import { randomUUID } from "node:crypto";
import { execa } from "execa";
import { inNamespace } from "../namespace";
import { clientKeyFile, controlPort, knownHostsFile } from "./identity";
import { machines, type HostName } from "./machines";
import { connectionSocket } from "./shared-connection";

export type CommandResult = { readonly stdout: string; readonly stderr: string; readonly exitCode: number };

export type CommandOptions = {
  /** Text for the command's standard input. */
  readonly input?: string;
  /** @default 120000 */
  readonly timeoutMs?: number;
  /** @default "root" */
  readonly user?: string;
  /** 22 is the port that an operator uses; a switch of the NAS may make it unusable. @default the lab's own port */
  readonly port?: number;
  /** Whether it may run over the connection that is open already. @default true */
  readonly shared?: boolean;
};

/**
 * The command that runs `command` by a host's shell over SSH, from anywhere on this machine.
 * @param command absent: an interactive shell
 */
export function sshArgv(name: HostName, command?: string, options: CommandOptions = {}): string[] {
  const words = command === undefined ? [] : ["--", command];
  return [...connectArgv(name, options), machines[name].address, ...words];
}

/** The command that keeps the connection open which other commands share. */
export function sharedConnectionArgv(name: HostName): string[] {
  const alive = ["ControlMaster=yes", "ServerAliveInterval=5", "ServerAliveCountMax=3"];
  return [
    ...connectArgv(name, {}),
    "-N",
    ...alive.flatMap(setting => ["-o", setting]),
    machines[name].address,
  ];
}

function connectArgv(name: HostName, options: CommandOptions): string[] {
  const { user = "root", port = controlPort, shared = true } = options;
  const settings = [
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    `UserKnownHostsFile="${knownHostsFile}"`,
    "GlobalKnownHostsFile=/dev/null",
    "IdentitiesOnly=yes",
    "ConnectTimeout=10",
    "LogLevel=ERROR",
    ...(shared && user === "root" && port === controlPort ? [`ControlPath="${connectionSocket(name)}"`] : []),
  ];
  return inNamespace([
    ...["ssh", "-F", "none", "-i", clientKeyFile, "-p", String(port), "-l", user],
    ...settings.flatMap(setting => ["-o", setting]),
  ]);
}

/**
 * Runs a command by a host's shell. A command that fails is a result, not an error.
 * @throws when the host can't be reached (ssh's exit code 255) or the time is up
 */
export async function onHost(
  name: HostName,
  command: string,
  options: CommandOptions = {},
): Promise<CommandResult> {
  const { timeoutMs = 600_000 } = options;
  // 255 is what ssh itself ends with when it fails; a command's own 255 comes back marked.
  const mark = `exit-255-${randomUUID()}`;
  const marked = `(\n${command}\n)\ncode=$?; [ $code != 255 ] || { printf %s ${mark} >&2; exit 254; }; exit $code`;
  const [program = "", ...args] = sshArgv(name, marked, options);
  const running = execa(program, args, {
    input: options.input ?? "",
    timeout: timeoutMs,
    reject: false,
    stripFinalNewline: false,
  });
  // Over a shared connection, its process has the other ends of the pipes, and keeps them until the command has ended there.
  running.once("exit", () => {
    if (!running.killed) return;
    running.stdout.destroy();
    running.stderr.destroy();
  });
  const result = await running;
  if (result.timedOut)
    throw new Error(`${name}: no end after ${timeoutMs / 1000} s of: ${command.slice(0, 200)}`);
  const { stdout, stderr, exitCode = 255 } = result;
  if (exitCode === 255)
    throw new Error(`${name} can't be reached by ssh: ${stderr.trim() || result.shortMessage}`);
  if (stderr.endsWith(mark)) return { stdout, stderr: stderr.slice(0, -mark.length), exitCode: 255 };
  return { stdout, stderr, exitCode };
}

/** Like `onHost`, and throws when the command fails. @returns what it printed */
export async function mustOnHost(
  name: HostName,
  command: string,
  options: CommandOptions = {},
): Promise<string> {
  const { stdout, stderr, exitCode } = await onHost(name, command, options);
  if (exitCode !== 0)
    throw new Error(
      [`${name}: exit ${exitCode} of: ${command.slice(0, 200)}`, stdout, stderr]
        .map(text => text.trim().slice(-2000))
        .join("\n"),
    );
  return stdout;
}
