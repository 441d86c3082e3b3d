import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import {
  credentialInput,
  removeCredential,
  writeCredential,
} from "../../components/host-credential/commands";

const secret = 'open sesame\nwith a second line, "quotes" and $(a command)';
const jobs = ["pfsense-backup", "daily-backup"];
let [folder, etc] = ["", ""];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-credential-"));
  etc = join(folder, "etc");
  mkdirSync(etc);
  for (const job of jobs) give(job, "organization/holdfast/one");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const owned = (job: string, stack = "organization/holdfast/one") => ({ job, stack });

/** Writes down to which stack a job belongs. */
function give(job: string, stack: string): void {
  mkdirSync(join(folder, "opt/holdfast", job), { recursive: true });
  writeFileSync(join(folder, "opt/holdfast", job, "owner"), `${stack}\n`);
}

const path = (...names: string[]) => join(etc, "holdfast", "credentials", ...names);

/** Runs a command as the provider would over SSH, with an /etc and an /opt of its own. */
async function run(command: string, input = "") {
  const script = 'mount --bind "$1/etc" /etc && mount --bind "$1/opt" /opt && umask 022 && exec sh -c "$2"';
  const arguments_ = ["--mount", "sh", "-c", script, "sh", folder, command];
  const { exitCode, stdout, stderr } = await execa("unshare", arguments_, { input, reject: false });
  return { exitCode, stdout, stderr };
}

const modes = async () =>
  (await run("cd /etc/holdfast && find credentials -printf '%P %m %U:%G\n' | sort")).stdout
    .trim()
    .split("\n");
const write = (name: string, text: string) =>
  run(writeCredential(owned("pfsense-backup"), name), credentialInput(text));

test("keeps a secret to the byte in a file that root alone reads, and prints nothing", async () => {
  expect(await write("key", secret)).toEqual({ exitCode: 0, stdout: "", stderr: "" });
  expect(readFileSync(path("pfsense-backup", "key"), "utf8")).toBe(secret);
  expect(await modes()).toEqual(["700 0:0", "pfsense-backup 700 0:0", "pfsense-backup/key 600 0:0"]);
});

test("takes over a folder and a file that others could read", async () => {
  mkdirSync(path("pfsense-backup"), { recursive: true, mode: 0o755 });
  writeFileSync(path("pfsense-backup", "key"), "old");
  writeFileSync(path("pfsense-backup", ".key.part"), "left by a connection that broke");
  for (const file of ["key", ".key.part"]) chmodSync(path("pfsense-backup", file), 0o644);
  expect(await write("key", secret)).toMatchObject({ exitCode: 0 });
  expect(await modes()).toEqual(["700 0:0", "pfsense-backup 700 0:0", "pfsense-backup/key 600 0:0"]);
  expect(readFileSync(path("pfsense-backup", "key"), "utf8")).toBe(secret);
});

test.each([
  ["in the middle of the text", credentialInput(secret).slice(0, -10)],
  ["after the first line", credentialInput(secret).slice(0, 65)],
  ["before anything", ""],
])("keeps the old secret when the connection breaks %s, and shows neither", async (_, input) => {
  await write("key", "the old one");
  const ended = await run(writeCredential(owned("pfsense-backup"), "key"), input);
  expect(ended.exitCode).not.toBe(0);
  expect(`${ended.stdout}${ended.stderr}`).not.toMatch(/sesame|the old one/);
  expect(readFileSync(path("pfsense-backup", "key"), "utf8")).toBe("the old one");
  expect(await modes()).toHaveLength(3);
});

test("says what came in part, and what to do", async () => {
  const { stderr } = await run(
    writeCredential(owned("pfsense-backup"), "key"),
    credentialInput(secret).slice(0, -1),
  );
  expect(stderr).toBe("pfsense-backup: the credential key came in part, and wasn't changed. Next: pulumi up");
});

test("removes one secret, and with a job's last one the empty folders", async () => {
  await write("key", secret);
  await write("ssh", secret);
  await run(writeCredential(owned("daily-backup"), "luks"), credentialInput(secret));
  await run(removeCredential(owned("pfsense-backup"), "key"));
  expect(await modes()).toContain("pfsense-backup/ssh 600 0:0");
  await run(removeCredential(owned("pfsense-backup"), "ssh"));
  expect(await modes()).toEqual(["700 0:0", "daily-backup 700 0:0", "daily-backup/luks 600 0:0"]);
  expect(await run(removeCredential(owned("daily-backup"), "luks"))).toMatchObject({
    exitCode: 0,
    stderr: "",
  });
  expect(existsSync(join(etc, "holdfast"))).toBe(false);
  expect(await run(removeCredential(owned("daily-backup"), "luks"))).toMatchObject({ exitCode: 0 });
});

test("writes and removes nothing of a job that belongs to another stack, and names both", async () => {
  await write("key", secret);
  give("pfsense-backup", "organization/holdfast/two");
  const ended = await run(writeCredential(owned("pfsense-backup"), "key"), credentialInput("another"));
  expect(ended.exitCode).toBe(1);
  expect(ended.stderr).toBe(
    "pfsense-backup: this host's pfsense-backup belongs to stack organization/holdfast/two, and this is stack organization/holdfast/one; " +
      "nothing was changed. Next: pulumi destroy there; or, to take it over as it runs, on the host: " +
      "echo organization/holdfast/one >/opt/holdfast/pfsense-backup/owner; then pulumi up",
  );
  expect(await run(removeCredential(owned("pfsense-backup"), "key"))).toEqual({
    exitCode: 0,
    stdout: "pfsense-backup: it belongs to stack organization/holdfast/two now, so the credential key stays.",
    stderr: "",
  });
  expect(readFileSync(path("pfsense-backup", "key"), "utf8")).toBe(secret);
  rmSync(join(folder, "opt/holdfast/pfsense-backup"), { recursive: true });
  expect((await write("key", "another")).stderr).toMatch(
    /belongs to stack \(none\), and this is stack organization/,
  );
});
