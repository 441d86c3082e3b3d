import type { Client, ClientChannel, SFTPWrapper } from "ssh2";

export interface RunInput {
  readonly command: string;
  readonly stdin: string | undefined;
  readonly environment: Readonly<Record<string, string>>;
  /** Gets each line of output as it comes. */
  readonly onLine: (line: string, stream: "stdout" | "stderr") => void;
}

export interface RunOutput {
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs one command on the host and waits for its end, for as long as that takes.
 * @throws when it ends with another code than 0, by a signal or with the connection, and when it ends well without having
 *   read an input that fits into no window; the text has the command and all of its output, as the official plugin's
 */
export function run(client: Client, input: RunInput): Promise<RunOutput> {
  return new Promise((resolve, reject) => {
    // Listens before this callback returns: of a short command the exit code may already be in the same packet.
    client.exec(input.command, { env: { ...input.environment } }, (error, channel) => {
      if (error) reject(error);
      else outputOf(channel, input).then(resolve, reject);
    });
  });
}

function outputOf(channel: ClientChannel, input: RunInput): Promise<RunOutput> {
  return new Promise((resolve, reject) => {
    const printed: Buffer[] = [];
    const stdout = collector(printed, line => input.onLine(line, "stdout"));
    const stderr = collector(printed, line => input.onLine(line, "stderr"));
    let ending: string | undefined = "wait: remote command exited without exit status or exit signal";
    channel.on("data", stdout.take);
    channel.stderr.on("data", stderr.take);
    channel.on("exit", (code: number | null, signal?: string) => {
      ending =
        code === 0
          ? undefined
          : code === null
            ? `Process exited from signal ${signal}`
            : `Process exited with status ${code}`;
    });
    let sent = input.stdin === undefined || input.stdin === "";
    channel.on("close", () => {
      const output = { stdout: stdout.end(), stderr: stderr.end() };
      // What is left of the input goes into a channel that is closed. The command's own failure comes first.
      const failure = ending ?? (sent ? undefined : "EOF");
      if (failure === undefined) resolve(trimmed(output));
      else reject(new Error(`${failure}: running ${JSON.stringify(input.command)}:\n${all(printed)}`));
    });
    channel.on("error", reject);
    channel.end(input.stdin ?? "", () => (sent = true));
  });
}

/** What the library can do beyond its types: open a file transfer with variables set, and tell when one is refused. */
interface TransferWithVariables {
  sftp(
    variables: Readonly<Record<string, string>>,
    callback: (error: Error | undefined, sftp: SFTPWrapper | undefined) => void,
  ): void;
}

/**
 * Whether the server takes a variable of this name (AcceptEnv). SSH passes variables one by one and a server may refuse
 * each; the library tells of a refusal only when it opens a file transfer, so that is what asks.
 */
export function acceptsVariable(client: Client, name: string): Promise<boolean> {
  return new Promise(resolve => {
    (client as unknown as TransferWithVariables).sftp({ [name]: "" }, (error, sftp) => {
      sftp?.end();
      // A server without file transfer took the variable and refused only the next step.
      resolve(!error || !/set environment/i.test(error.message));
    });
  });
}

export function collector(printed: Buffer[], onLine: (line: string) => void) {
  const chunks: Buffer[] = [];
  let rest = "";
  return {
    take: (chunk: Buffer) => {
      chunks.push(chunk);
      printed.push(chunk);
      const lines = (rest + chunk.toString("utf8")).split("\n");
      rest = lines.pop() ?? "";
      lines.forEach(onLine);
    },
    end: () => {
      if (rest !== "") onLine(rest);
      return Buffer.concat(chunks).toString("utf8");
    },
  };
}

/** One final newline is left out of an output, as the official plugin does. */
export function trimmed({ stdout, stderr }: RunOutput): RunOutput {
  return { stdout: stdout.replace(/\n$/, ""), stderr: stderr.replace(/\n$/, "") };
}

/** All that the command printed, in the order in which it came. */
export function all(printed: readonly Buffer[]): string {
  return Buffer.concat(printed).toString("utf8");
}
