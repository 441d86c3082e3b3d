import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Server as SshServer, utils } from "ssh2";
import { sshAgentWith } from "../../../ssh-agent";
import { sshKeyPair } from "../../../ssh-key-pair";
import { connectionSchema } from "./connection";
import { dial } from "./dial";

const own = sshKeyPair();
const agent = process.env["SSH_AUTH_SOCK"];
const open: (() => void)[] = [];
beforeEach(() => delete process.env["SSH_AUTH_SOCK"]);
afterEach(() => open.splice(0).forEach(close => close()));
afterAll(() => {
  if (agent !== undefined) process.env["SSH_AUTH_SOCK"] = agent;
});

async function listening(server: Server | SshServer): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  open.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

const connection = (port: number, changed: object = {}) =>
  connectionSchema.parse({
    ...{ host: "127.0.0.1", port, privateKey: own.private, dialErrorLimit: 0 },
    ...changed,
  });
const failure = (dialled: Promise<unknown>) =>
  dialled.then(
    () => "",
    (error: Error) => error.message,
  );

test("the time-out is for the TCP connection alone: a server that says nothing is waited for", async () => {
  const callers: Socket[] = [];
  const port = await listening(createServer(socket => void callers.push(socket)));
  let ended = false;
  const dialled = failure(dial(connection(port, { perDialTimeout: 2 }), () => undefined));
  void dialled.then(() => (ended = true));
  await sleep(2_500);
  expect({ ended, callers: callers.length }).toEqual({ ended: false, callers: 1 });
  callers.forEach(socket => socket.destroy());
  expect(await dialled).toMatch(/ssh: handshake failed/);
});

test("an agent that is gone fails at once, also beside a key of the connection", async () => {
  process.env["SSH_AUTH_SOCK"] = "/nowhere/agent";
  const retried: string[] = [];
  const port = await listening(createServer());
  const dialled = dial(connection(port, { dialErrorLimit: 3 }), line => retried.push(line));
  expect(await failure(dialled)).toMatch(/^dial unix \/nowhere\/agent: connect: /);
  expect(retried).toEqual([]);
});

test("the keys of an agent are tried where the connection has none, and not beside a key that is refused", async () => {
  const [known, other] = [sshKeyPair(), sshKeyPair()];
  const agent = await sshAgentWith(known.private);
  process.env["SSH_AUTH_SOCK"] = agent.socket;
  const server = new SshServer({ hostKeys: [own.private] }, client =>
    client
      .on("error", () => undefined)
      .on("authentication", context => {
        const key = utils.parseKey(known.public);
        if (key instanceof Error) throw key;
        const isKnown = context.method === "publickey" && context.key.data.equals(key.getPublicSSH());
        if (isKnown) context.accept();
        else context.reject(["publickey"]);
      }),
  );
  try {
    const port = await listening(server);
    const client = await dial(connection(port, { privateKey: undefined }), () => undefined);
    client.end();
    const beside = dial(connection(port, { privateKey: other.private }), () => undefined);
    expect(await failure(beside)).toMatch(/unable to authenticate/);
  } finally {
    await agent.end();
  }
});

test("a password for a key that has none is a failure, as it is in Go", async () => {
  const port = await listening(createServer());
  const dialled = dial(connection(port, { privateKeyPassword: "none" }), () => undefined);
  expect(await failure(dialled)).toBe("ssh: key is not password protected");
});
