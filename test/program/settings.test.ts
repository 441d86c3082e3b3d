import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { readSettings } from "../../stacks/settings";

const key = "-----BEGIN OPENSSH PRIVATE KEY-----\nnot a real one\n";
let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-settings-"));
  writeFileSync(join(folder, "key"), key);
  writeFileSync(join(folder, "key.pub"), "ssh-ed25519 AAAA");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("reads the key of a file, and keeps it a secret", async () => {
  const settings = readSettings({ "holdfast:sshPrivateKeyFile": join(folder, "key") }, {});
  expect(settings.sshPrivateKey && (await pulumi.isSecret(settings.sshPrivateKey))).toBe(true);
  expect(settings).toMatchObject({ prometheus: "operator" });
});

test("takes the file of HOLDFAST_SSH_KEY_FILE where the stack names none", () => {
  expect(() => readSettings({}, { HOLDFAST_SSH_KEY_FILE: join(folder, "key") })).not.toThrow();
  expect(() => readSettings({}, {})).toThrow(
    "pulumi config set holdfast:sshPrivateKeyFile ~/.ssh/id_ed25519",
  );
});

test("leaves the key to an SSH agent where neither stack nor environment names one", async () => {
  const socket = join(folder, "agent");
  const agent = createServer().listen(socket);
  await once(agent, "listening");
  try {
    expect(readSettings({}, { SSH_AUTH_SOCK: socket }).sshPrivateKey).toBeUndefined();
    const file = join(folder, "key");
    expect(
      readSettings({}, { SSH_AUTH_SOCK: socket, HOLDFAST_SSH_KEY_FILE: file }).sshPrivateKey,
    ).toBeDefined();
  } finally {
    agent.close();
  }
  expect(faultOf(() => readSettings({}, { SSH_AUTH_SOCK: join(folder, "gone") }))).toMatch(
    /SSH_AUTH_SOCK is ".*gone", and no agent is there\.\n.*ssh-add ~/,
  );
  expect(faultOf(() => readSettings({}, {}))).toMatch(/SSH_AUTH_SOCK isn't set/);
});

test.each([
  [
    "a misspelt setting",
    { "holdfast:kubconfig": "/x" },
    /holdfast:kubconfig isn't a setting .*pulumi config rm/,
  ],
  ["a wrong value", { "holdfast:prometheus": "helm" }, /holdfast:prometheus .*"operator"\|"files"/],
  [
    "a name of tokens that no object can have",
    { "holdfast:clusterTokens": "May 2026" },
    /holdfast:clusterTokens names tokens.*pulumi config set holdfast:clusterTokens 2026-11/,
  ],
  ["two keys", { "holdfast:sshPrivateKey": "x", "holdfast:sshPrivateKeyFile": "y" }, /Keep one of the two/],
  [
    "a file that isn't there",
    { "holdfast:sshPrivateKeyFile": "/nowhere/key" },
    /"\/nowhere\/key", which can't be read: ENOENT/,
  ],
])("refuses %s without a stack trace", (_, config, message) => {
  expect(faultOf(() => readSettings(config, {}))).toMatch(message);
});

test.each([
  ["holdfast:sshPrivateKeyFile", { HOLDFAST_SSH_KEY_FILE: "/another" }],
  ["HOLDFAST_SSH_KEY_FILE", {}],
])("refuses a public key as the private one of %s, which it names", (name, environment) => {
  const set = { [name]: join(folder, "key.pub") };
  const fault = faultOf(() =>
    readSettings(name.startsWith("holdfast:") ? set : {}, { ...environment, ...set }),
  );
  expect(fault).toContain(`  ${name} is "${join(folder, "key.pub")}", which holds no private key`);
});

test.each(["HOLDFAST_SSH_KEY_FILE", "holdfast:sshPrivateKeyFile"])(
  "refuses a key's text as %s, and quotes none of it",
  name => {
    const key = `-----BEGIN OPENSSH PRIVATE KEY-----\n${"b3BlbnNz".repeat(40)}\n-----END OPENSSH PRIVATE KEY-----\n`;
    const base64 = Buffer.from(key).toString("base64");
    const lines = [key, base64.replace(/.{76}/g, "$&\n")];
    for (const text of [...lines, base64, ...lines.map(shown => shown.replaceAll("\n", " "))]) {
      const fault = faultOf(() =>
        readSettings(name.startsWith("holdfast:") ? { [name]: text } : {}, { [name]: text }),
      );
      expect(fault).toContain(`  ${name} holds `);
      expect(fault).toMatch(/no path of a file.*pulumi config set --secret holdfast:sshPrivateKey/);
      expect(fault).not.toMatch(/b3BlbnNz|LS0tLS1/);
    }
  },
);

test("takes secrets by name, and keeps each a secret", async () => {
  const secrets = JSON.stringify({ "pfsense-key": "id token", luks: "line\nline" });
  const settings = readSettings(
    { "holdfast:secrets": secrets },
    { HOLDFAST_SSH_KEY_FILE: join(folder, "key") },
  );
  expect(Object.keys(settings.secrets)).toEqual(["pfsense-key", "luks"]);
  for (const secret of Object.values(settings.secrets)) expect(await pulumi.isSecret(secret)).toBe(true);
});

test.each([
  ["a text", "open sesame", /holdfast:secrets isn't an object of secrets by name/],
  [
    "a line break alone",
    JSON.stringify({ pushgateway: "\n" }),
    /holdfast:secrets\.pushgateway isn't a text, or is empty/,
  ],
  [
    "a number and an empty one",
    JSON.stringify({ pin: 31337, luks: "", good: "open sesame" }),
    /holdfast:secrets\.pin isn't a text, or is empty\. pulumi config set --secret --path 'holdfast:secrets\["pin"\]'\n +holdfast:secrets\.luks /,
  ],
])("refuses %s in place of secrets without showing it", (_, secrets, message) => {
  const text = faultOf(() =>
    readSettings({ "holdfast:secrets": secrets }, { HOLDFAST_SSH_KEY_FILE: join(folder, "key") }),
  );
  expect(text).toMatch(message);
  expect(text).not.toMatch(/31337|open sesame/);
});

test.each([
  [
    "the key",
    "sshPrivateKey",
    "-----BEGIN OPENSSH PRIVATE KEY-----",
    "pulumi config set --secret holdfast:sshPrivateKey",
  ],
  [
    "a kubeconfig's text",
    "kubeconfig",
    '{"users":[{"user":{"token":"31337"}}]}',
    "pulumi config set --secret holdfast:kubeconfig",
  ],
  [
    "the jobs' secrets",
    "secrets",
    '{"luks":"31337"}',
    `pulumi config set --secret --path 'holdfast:secrets["NAME"]'`,
  ],
])("refuses %s where it lies open in the stack's file", (_, name, value, next) => {
  const config = { [`holdfast:${name}`]: value };
  const environment = { HOLDFAST_SSH_KEY_FILE: name === "sshPrivateKey" ? undefined : join(folder, "key") };
  const keys = (...names: string[]) => ({ ...environment, PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(names) });
  const fault = faultOf(() => readSettings(config, keys("holdfast:other")));
  expect(fault).toContain(
    `holdfast:${name} lies open in the stack's file. pulumi config rm holdfast:${name}, then ${next}`,
  );
  expect(fault).not.toMatch(/31337|BEGIN/);
  expect(() => readSettings(config, keys(`holdfast:${name}`))).not.toThrow();
});

test("refuses a secret that lies open beside one that doesn't, which the engine calls one secret", () => {
  const config = { "holdfast:secrets": '{"api":"31337","luks":"31338"}' };
  const environment = {
    HOLDFAST_SSH_KEY_FILE: join(folder, "key"),
    PULUMI_CONFIG_SECRET_KEYS: '["holdfast:secrets"]',
  };
  const locked = { secure: "AAABAI" };
  const file = (luks: unknown): string =>
    JSON.stringify({ config: { "holdfast:secrets": { api: locked, luks } } });
  const fault = faultOf(() => readSettings(config, environment, file("31338")));
  expect(fault).toContain(
    `the secret "luks" lies open in the stack's file. pulumi config rm --path 'holdfast:secrets["luks"]', then pulumi config set --secret --path 'holdfast:secrets["luks"]'`,
  );
  expect(fault).not.toMatch(/3133|"api"/);
  for (const text of [file(locked), "encryptionsalt: v1:x", ""])
    expect(() => readSettings(config, environment, text)).not.toThrow();
});

test("a path of a kubeconfig may be seen", () => {
  const environment = { HOLDFAST_SSH_KEY_FILE: join(folder, "key"), PULUMI_CONFIG_SECRET_KEYS: "[]" };
  expect(() => readSettings({ "holdfast:kubeconfig": "~/.kube/config" }, environment)).not.toThrow();
});

test("leaves other packages' settings alone", () => {
  const config = { "holdfast:sshPrivateKeyFile": join(folder, "key"), "kubernetes:context": "home" };
  expect(() => readSettings(config, {})).not.toThrow();
});

function faultOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (!pulumi.RunError.isInstance(error)) throw error;
    return error.message;
  }
  throw new Error("nothing was refused");
}
