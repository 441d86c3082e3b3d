import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, createConnection, createServer } from "node:net";
import { join } from "node:path";
import { execa } from "execa";
import { connectionOf } from "../../components/host-release";
import { ThrowAwayStack } from "./engine/throw-away-stack";
import { closedPort, type SshServer, startSshServer } from "./engine/sshd";

jest.setTimeout(1_800_000);

let stack: ThrowAwayStack;
let server: SshServer;

beforeAll(async () => {
  stack = await ThrowAwayStack.start("command.cjs");
  server = await startSshServer(join(stack.folder, "ssh"));
});

afterAll(async () => {
  await server?.stop();
  stack?.remove();
});

function connection(changed: object = {}): object {
  const { host, port, user, privateKey, hostKey } = server;
  // One retry: what is wrong here stays wrong.
  return { host, port, user, privateKey, hostKey, dialErrorLimit: 1, ...changed };
}

function logins(): number {
  return server.log().split("Accepted publickey").length - 1;
}

const file = (name: string): string => join(stack.folder, name);
const unit = (calendar: string): string => `[Timer]\nOnCalendar=${calendar}\nPersistent=true\n`;

describe("a command on a host", () => {
  const command = (calendar: string, more: object = {}): object => ({
    create: `cat > ${file("unit")}; echo "$GREETING" >> ${file("runs")}`,
    delete: `rm ${file("unit")}`,
    stdin: unit(calendar),
    environment: { GREETING: "made" },
    addPreviousOutputInEnv: false,
    ...more,
  });
  const give = (...args: Parameters<typeof command>): void =>
    stack.give({ connection: connection(), commands: { timer: command(...args) } });

  test("a preview connects to nothing, and the deployment runs it with its input and environment", async () => {
    give("daily");
    const before = logins();
    expect((await stack.preview()).all).toContain("+ command:remote:Command: (create)");
    expect(logins()).toBe(before);
    expect(await stack.up()).toMatchObject({ exitCode: 0 });
    expect(readFileSync(file("unit"), "utf8")).toBe(unit("daily"));
    expect(readFileSync(file("runs"), "utf8")).toBe("made\n");
  });

  test("a second deployment changes nothing", async () => {
    const { exitCode, all } = await stack.up();
    expect(exitCode).toBe(0);
    expect(all).toContain("2 unchanged");
    expect(all).not.toMatch(/created|updated|replaced/);
    expect(readFileSync(file("runs"), "utf8")).toBe("made\n");
  });

  test("an edit of one line of its input previews as that line", async () => {
    give("weekly");
    const { all } = await stack.preview();
    expect(all).toContain("~ command:remote:Command: (update)");
    expect(all).toMatch(/- OnCalendar=daily\n\s+\+ OnCalendar=weekly/);
    expect(all).not.toMatch(/[-+] Persistent/);
    expect(await stack.up()).toMatchObject({ exitCode: 0 });
    expect(readFileSync(file("unit"), "utf8")).toBe(unit("weekly"));
  });

  test("another trigger replaces it", async () => {
    give("weekly", { triggers: ["release-2"] });
    expect((await stack.preview()).all).toContain("+-command:remote:Command: (replace)");
    give("weekly");
  });

  test("removing it runs its delete command", async () => {
    stack.give({ connection: connection() });
    expect(await stack.up()).toMatchObject({ exitCode: 0 });
    expect(() => readFileSync(file("unit"))).toThrow("ENOENT");
  });
});

describe("what is refused, with one clear cause", () => {
  let all: string;

  // In one deployment: each of them fails by itself.
  beforeAll(async () => {
    const [otherHost, otherUser] = [file("other-host"), file("other-user")];
    for (const key of [otherHost, otherUser])
      await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
    const refused = (changed: object) => ({ create: "true", connection: connection(changed) });
    const before = logins();
    stack.give({
      connection: connection(),
      commands: {
        mismatch: refused({ hostKey: readFileSync(`${otherHost}.pub`, "utf8") }),
        unknown: refused({ privateKey: readFileSync(otherUser, "utf8") }),
        "old-type": refused({ hostKey: server.rsaHostKey }),
        nobody: refused({ port: closedPort }),
        agentless: refused({ agentSocketPath: "/nowhere/agent" }),
        unread: { create: "true", stdin: "x".repeat(4_000_000) },
        failing: { create: "echo no space left >&2; exit 3" },
        variable: { create: "true", environment: { OTHER: "1" } },
      },
    });
    const { exitCode, all: printed } = await stack.up();
    all = printed;
    expect(exitCode).not.toBe(0);
    // Of those with a wrong key or a dead agent none came in.
    expect(logins()).toBe(before + 3);
    expect(all).not.toMatch(/\bat .*\.ts:\d+|PRIVATE KEY/);
  });

  test("a host that shows another key than the pinned one", () =>
    expect(all).toMatch(
      /after 1 failed attempts: ssh: handshake failed: ssh: host key mismatch: \S+ shows SHA256:\S+, the pinned key is SHA256:/,
    ));

  test("a key that the host doesn't know", () =>
    expect(all).toContain("ssh: handshake failed: ssh: unable to authenticate user"));

  test("a host pinned by a key of type ssh-rsa, though it has that very key", () =>
    expect(all).toMatch(/no common algorithm for host key; we offered: \[ssh-rsa\]/));

  test("an agent that is gone, though the connection has a key", () =>
    expect(all).toMatch(/dial unix \/nowhere\/agent: connect: .*no such file/i));

  test("a command that ends well and has read none of a large input", () =>
    expect(all).toContain('EOF: running "true":'));

  test("a host where nothing listens", () =>
    expect(all).toContain(
      `after 1 failed attempts: dial tcp 127.0.0.1:${closedPort}: connect: connection refused`,
    ));

  test("a command that fails, with its exit code and the end of what it printed", () =>
    expect(all).toMatch(
      /Process exited with status 3: running "echo no space left >&2; exit 3":\s+no space left/,
    ));

  test("a variable that the host's sshd doesn't accept", () =>
    expect(all).toContain('could not set environment variable "OTHER": ssh: setenv failed'));

  test("a connection with an impossible port, before anything is tried", async () => {
    stack.give({ connection: connection({ port: 70000 }), commands: { refused: { create: "true" } } });
    const { exitCode, all } = await stack.preview();
    expect(exitCode).not.toBe(0);
    expect(all).toContain("connection.port");
  });
});

test("a command comes through where an sshd with many callers drops it six times in a row", async () => {
  const { dialErrorLimit } = connectionOf({ ...server, privateKey: "" });
  let calls = 0;
  // As MaxStartups does to some callers of more than ten that haven't logged in: before the server says a word.
  const busy = createServer(socket => {
    calls += 1;
    if (calls <= 6) return void socket.destroy();
    socket.pipe(createConnection({ host: server.host, port: server.port })).pipe(socket);
  }).listen(0, server.host);
  try {
    await once(busy, "listening");
    const { port } = busy.address() as AddressInfo;
    stack.give({ connection: connection({ dialErrorLimit, port }), commands: { late: { create: "true" } } });
    expect(await stack.up()).toMatchObject({ exitCode: 0 });
    expect(calls).toBe(7);
  } finally {
    busy.close();
  }
});

describe("copies", () => {
  test("a file and a directory land by content, and a changed file previews as an update", async () => {
    mkdirSync(file("release/sub"), { recursive: true });
    writeFileSync(file("release/bundle.cjs"), "bundle 1");
    writeFileSync(file("release/sub/config.json"), "{}");
    const copies = {
      directory: { folder: file("release"), remotePath: file("host/releases") },
      single: { file: file("release/bundle.cjs"), remotePath: file("host/single.cjs") },
      text: { text: "written", remotePath: file("host/text") },
    };
    stack.give({ connection: connection(), copies });
    expect(await stack.up()).toMatchObject({ exitCode: 0 });
    expect(readFileSync(file("host/releases/release/bundle.cjs"), "utf8")).toBe("bundle 1");
    expect(readFileSync(file("host/releases/release/sub/config.json"), "utf8")).toBe("{}");
    expect(readFileSync(file("host/single.cjs"), "utf8")).toBe("bundle 1");
    expect(readFileSync(file("host/text"), "utf8")).toBe("written");

    expect((await stack.preview()).all).toContain("4 unchanged");
    writeFileSync(file("release/bundle.cjs"), "bundle 2");
    const { all } = await stack.preview();
    expect(all).toContain("~ 2 to update");
    expect(await stack.up()).toMatchObject({ exitCode: 0 });
    expect(readFileSync(file("host/releases/release/bundle.cjs"), "utf8")).toBe("bundle 2");
  });
});

describe("secrets", () => {
  test("neither the private key nor a secret input is in the state, the preview or the log", async () => {
    const sealed = (create: string) => ({ create, secretStdin: "open-sesame" });
    stack.give({
      connection: connection(),
      commands: { sealed: sealed("cat >/dev/null") },
      locals: { here: sealed("cat >/dev/null") },
    });
    const preview = await stack.preview();
    const up = await stack.up();
    expect(up.exitCode).toBe(0);
    const keyLine = server.privateKey.split("\n")[1] ?? "";
    for (const text of [preview.all, up.all, stack.state()]) {
      expect(text).not.toContain("open-sesame");
      expect(text).not.toContain(keyLine);
      expect(text).not.toContain("PRIVATE KEY");
    }
    const shown = await stack.pulumi("stack", "export", "--show-secrets");
    expect(JSON.stringify(shown.all)).toContain("open-sesame");
  });

  test("what a command prints lies open, though its input is a secret", async () => {
    stack.give({
      connection: connection(),
      commands: { told: { create: "cat", secretStdin: "open-sesame" } },
    });
    expect((await stack.up()).all).toContain("open-sesame");
    expect(stack.state()).toMatch(/"stdout": ?"open-sesame"/);
  });

  test("destroying the stack leaves nothing of it", async () => {
    expect((await stack.destroy()).exitCode).toBe(0);
    expect(stack.state()).not.toContain("command:remote");
  });
});
