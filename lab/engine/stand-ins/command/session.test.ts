import { once } from "node:events";
import type { AddressInfo } from "node:net";
import ssh2, { type Client } from "ssh2";
import { sshKeyPair } from "../../../ssh-key-pair";
import { run } from "./session";

/** A server whose commands read nothing and end at once: what it answers comes as one packet. */
async function connected<T>(work: (client: Client) => Promise<T>): Promise<T> {
  const hostKey = sshKeyPair().private;
  const server = new ssh2.Server({ hostKeys: [hostKey] }, connection =>
    connection
      .on("authentication", context => context.accept())
      .on("session", accept =>
        accept().on("exec", acceptExec => {
          const channel = acceptExec();
          channel.exit(0);
          channel.close();
        }),
      ),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = new ssh2.Client();
  try {
    client.connect({ host: "127.0.0.1", port: (server.address() as AddressInfo).port, username: "root" });
    await once(client, "ready");
    return await work(client);
  } finally {
    client.end();
    server.close();
  }
}

test("the exit code of a command that ends at once is not missed", async () => {
  const input = { command: "true", stdin: undefined, environment: {} };
  const lines: string[] = [];
  const output = await connected(client => run(client, { ...input, onLine: line => lines.push(line) }));
  expect(output).toEqual({ stdout: "", stderr: "" });
});

test.each([
  ["fits into the channel's window", 1_000_000, undefined],
  ["doesn't", 4_000_000, 'EOF: running "true":'],
])("of a command that ends well without reading an input that %s", async (_, bytes, failure) => {
  const input = { command: "true", stdin: "x".repeat(bytes), environment: {}, onLine: () => undefined };
  const outcome = connected(client => run(client, input)).then(
    () => undefined,
    (error: Error) => error.message.trim(),
  );
  expect(await outcome).toBe(failure);
});
