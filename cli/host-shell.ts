import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import type { Estate } from "../plan";
import { isPathText } from "../stacks/path-text";
import { BadInput } from "./bad-input";
import { hostOf } from "./host-of";
import { withTemporaryFolder } from "./temporary-folder";

export interface Shown {
  /** 255 where the host wasn't reached. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A machine to go to. */
export interface Target {
  readonly address: string;
  /** Without a key that is pinned, this machine's own known hosts are asked. */
  readonly ssh: { readonly user: string; readonly port: number; readonly hostKey?: string };
}

/** Flag of each command that goes to a host. */
export const keyFlag = ["--key <file>", "private key for the hosts (by default the SSH agent's)"] as const;

/**
 * Runs a command on a host of the estate, by this machine's own `ssh` and nobody but the host whose key is pinned.
 * @param key file of the private key; by default HOLDFAST_SSH_KEY_FILE, or else what `ssh` takes by itself
 * @throws {BadInput} for a host that the estate doesn't have, and for a key's text in place of its file: ssh would have it in its
 * arguments, which everybody on this machine reads, and quote it
 */
export async function onHost(estate: Estate, name: string, command: string, key?: string): Promise<Shown> {
  return onMachine(hostOf(estate, name), command, key);
}

/** Characters: the records of many years, or of a host that says something without an end. */
const mostAnswer = 100e6;

/** Runs a command on a machine, which needn't be of an estate. @throws {BadInput} as `onHost` does */
export async function onMachine(target: Target, command: string, key?: string): Promise<Shown> {
  return withSshTo(target, { command, key }, async words => {
    const most = { timeout: 600_000, maxBuffer: mostAnswer };
    const ended = await execa("ssh", words, { reject: false, stdin: "ignore", ...most });
    if (ended.isMaxBuffer)
      return {
        exitCode: 255,
        stdout: "",
        stderr: `it said more than ${mostAnswer / 1e6} MB, and no end of it`,
      };
    if (ended.code === "ENOENT")
      return { exitCode: 255, stdout: "", stderr: "there is no ssh on this machine" };
    return {
      exitCode: ended.exitCode ?? 255,
      stdout: ended.stdout,
      stderr: ended.stderr.replaceAll("\r", ""),
    };
  });
}

/** Gives the words with which ssh runs a command on a host, while what they name is there. */
export async function withSsh<Result>(
  estate: Estate,
  name: string,
  asked: Command,
  run: (words: readonly string[]) => Promise<Result>,
): Promise<Result> {
  return withSshTo(hostOf(estate, name), asked, run);
}

interface Command {
  readonly command: string;
  readonly key: string | undefined;
}

async function withSshTo<Result>(
  { address, ssh }: Target,
  { command, key }: Command,
  run: (words: readonly string[]) => Promise<Result>,
): Promise<Result> {
  const keyFile = keyFileOf(key);
  return withTemporaryFolder("ssh", folder => {
    const knownHosts = join(folder, "known_hosts");
    writeFileSync(knownHosts, ssh.hostKey === undefined ? "" : `holdfast ${ssh.hostKey}\n`);
    const options = [
      "BatchMode=yes",
      "ConnectTimeout=10",
      "ServerAliveInterval=10",
      "StrictHostKeyChecking=yes",
      ...(ssh.hostKey === undefined
        ? []
        : ["HostKeyAlias=holdfast", `UserKnownHostsFile=${knownHosts}`, "GlobalKnownHostsFile=/dev/null"]),
    ];
    return run([
      ...options.flatMap(option => ["-o", option]),
      ...(keyFile === undefined ? [] : ["-o", "IdentitiesOnly=yes", "-i", keyFile]),
      ...["-p", String(ssh.port), "-l", ssh.user, "--", address, command],
    ]);
  });
}

function keyFileOf(flag: string | undefined): string | undefined {
  const key = flag ?? process.env["HOLDFAST_SSH_KEY_FILE"];
  if (key === undefined || isPathText(key)) return key;
  const name = flag === undefined ? "HOLDFAST_SSH_KEY_FILE" : "--key";
  throw new BadInput(
    `${name} holds ${key.length} characters that are no path of a file. Next: ssh-add - <<<"$KEY", or the path of a file with it`,
  );
}
