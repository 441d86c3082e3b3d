import { once } from "node:events";
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from "node:net";
import { utils, Server as SshServer } from "ssh2";
import { sshAgentWith } from "../../lab/ssh-agent";
import { sshKeyPair } from "../../lab/ssh-key-pair";
import { probeHost, type ProbeTarget } from "../../stacks/probe";

const [mine, other, host] = [sshKeyPair(), sshKeyPair(), sshKeyPair()];
const open: (() => void)[] = [];
afterEach(() => open.splice(0).forEach(close => close()));

/** Something on a port of the loopback address. */
async function listening(server: Server | SshServer): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  open.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

function raw(speak: (socket: Socket) => void): Promise<number> {
  return listening(
    createServer(socket => {
      open.push(() => socket.destroy());
      socket.on("error", () => undefined);
      speak(socket);
    }),
  );
}

/** A real SSH server, which takes one key. */
function sshd(): Promise<number> {
  const server = new SshServer({ hostKeys: [host.private] }, connection => {
    connection.on("error", () => undefined);
    connection.on("authentication", context => {
      const known = utils.parseKey(mine.public);
      if (known instanceof Error) throw known;
      if (context.method === "publickey" && context.key.data.equals(known.getPublicSSH())) context.accept();
      else context.reject();
    });
  });
  return listening(server);
}

const target = (port: number, changed: Partial<ProbeTarget> = {}): ProbeTarget => ({
  host: "127.0.0.1",
  port,
  user: "root",
  hostKey: host.public,
  privateKey: mine.private,
  ...changed,
});

test("a host that lets the key in has no cause", async () => {
  expect(await probeHost(target(await sshd()))).toBeUndefined();
});

test("an sshd that is stopped: the kernel takes the connection, nobody speaks", async () => {
  const port = await raw(() => undefined);
  expect(await probeHost(target(port), 2_000)).toMatch(
    /says nothing within 2 s: its sshd is stopped or starved/,
  );
});

test("an sshd that stops in the middle of the handshake", async () => {
  const port = await raw(socket => socket.write("SSH-2.0-OpenSSH_9.2\r\n"));
  expect(await probeHost(target(port), 2_000)).toMatch(/doesn't finish the key exchange within 2 s/);
});

test("another machine, or one that was installed anew, with both fingerprints", async () => {
  const port = await sshd();
  expect(await probeHost(target(port, { hostKey: other.public }))).toMatch(
    /shows the host key SHA256:\S+, and the estate pins SHA256:\S+: another machine, or the same one installed anew/,
  );
});

test("a host without a key of the pinned type", async () => {
  const { public: hostKey } = utils.generateKeyPairSync("ecdsa", { bits: 256 });
  expect(await probeHost(target(await sshd(), { hostKey }))).toMatch(
    /has no host key of the pinned type ecdsa-sha2-nistp256/,
  );
});

test("a key that the host doesn't know, and one that nobody can read", async () => {
  const port = await sshd();
  expect(await probeHost(target(port, { privateKey: other.private }))).toMatch(
    /refuses the stack's key for the user root/,
  );
  expect(await probeHost(target(port, { privateKey: "-----BEGIN OPENSSH PRIVATE KEY-----\n" }))).toMatch(
    /Cannot parse privateKey.*ssh-keygen -y/,
  );
});

test("an agent lets in where there is no key, and is no help beside one that is refused: the plugin doesn't ask it then", async () => {
  const [port, agent] = [await sshd(), await sshAgentWith(mine.private)];
  try {
    const { socket } = agent;
    const { host: address, user, hostKey } = target(port);
    expect(await probeHost({ host: address, port, user, hostKey, agent: socket })).toBeUndefined();
    expect(await probeHost(target(port, { privateKey: other.private, agent: socket }))).toMatch(
      /refuses the stack's key for the user root \(beside a key, .* takes none of the agent's\)/,
    );
  } finally {
    await agent.end();
  }
});

test("nothing that listens, and a server that hangs up, are tried again for as long as there is time", async () => {
  const port = await raw(socket => socket.destroy());
  expect(await probeHost(target(port), 2_000)).toMatch(/it hangs up before the banner\. Next: /);
  let callers = 0;
  const late = await sshd();
  const busy = await raw(socket => {
    callers += 1;
    if (callers === 1) return void socket.destroy();
    const through = createConnection({ host: "127.0.0.1", port: late });
    open.push(() => through.on("error", () => undefined).destroy());
    socket.pipe(through).pipe(socket);
  });
  expect(await probeHost(target(busy), 5000)).toBeUndefined();
  expect(callers).toBe(2);
});
