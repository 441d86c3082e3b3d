import { execa } from "execa";

/** An SSH agent with one key, as an operator's. */
export async function sshAgentWith(
  privateKey: string,
): Promise<{ readonly socket: string; readonly end: () => Promise<unknown> }> {
  const { stdout } = await execa("ssh-agent", ["-s"]);
  const [, socket = ""] = /SSH_AUTH_SOCK=([^;]+);/.exec(stdout) ?? [];
  const [, pid = ""] = /SSH_AGENT_PID=(\d+);/.exec(stdout) ?? [];
  const env = { SSH_AUTH_SOCK: socket, SSH_AGENT_PID: pid };
  await execa("ssh-add", ["-q", "-"], { env, input: privateKey });
  return { socket, end: () => execa("ssh-agent", ["-k"], { env }) };
}
