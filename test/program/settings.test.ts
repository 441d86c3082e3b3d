import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
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
  expect(await pulumi.isSecret(settings.sshPrivateKey)).toBe(true);
  expect(settings).toMatchObject({ prometheus: "operator" });
  expect(settings.kubeconfig).toBeUndefined();
});

test("takes the file of HOLDFAST_SSH_KEY_FILE where the stack names none", () => {
  expect(() => readSettings({}, { HOLDFAST_SSH_KEY_FILE: join(folder, "key") })).not.toThrow();
  expect(() => readSettings({}, {})).toThrow(
    "pulumi config set holdfast:sshPrivateKeyFile ~/.ssh/id_ed25519",
  );
});

test.each([
  [
    "a misspelt setting",
    { "holdfast:kubconfig": "/x" },
    /holdfast:kubconfig isn't a setting .*pulumi config rm/,
  ],
  ["a wrong value", { "holdfast:prometheus": "helm" }, /holdfast:prometheus .*"operator"\|"files"/],
  ["two keys", { "holdfast:sshPrivateKey": "x", "holdfast:sshPrivateKeyFile": "y" }, /Keep one of the two/],
  [
    "a file that isn't there",
    { "holdfast:sshPrivateKeyFile": "/nowhere/key" },
    /"\/nowhere\/key", which can't be read: ENOENT/,
  ],
])("refuses %s without a stack trace", (_, config, message) => {
  expect(faultOf(() => readSettings(config, {}))).toMatch(message);
});

test("refuses a public key in place of the private one", () => {
  const config = { "holdfast:sshPrivateKeyFile": join(folder, "key.pub") };
  expect(faultOf(() => readSettings(config, {}))).toMatch(/key\.pub", which holds no private key/);
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
