import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEstate } from "../../plan";
import { exampleEstate } from "../../plan/estate/example";
import { keptOutside } from "../../plan/estate/kept-outside";
import { secretsOf, secretValues } from "./secrets";

test("a private key whose last line break the engine's CLI has cut off is one that OpenSSH reads", () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-secrets-"));
  try {
    const [made, kept] = [join(folder, "made"), join(folder, "kept")];
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", made]);
    const cut = readFileSync(made, "utf8").replace(/\n$/, "");
    const estate = parseEstate(exampleEstate());
    const given = Object.fromEntries(keptOutside(estate).map(name => [name, name]));
    const secrets = secretsOf(estate, secretValues(JSON.stringify({ ...given, "nas-key": cut }), "a file"));
    writeFileSync(kept, secrets.get("nas-key") ?? "", { mode: 0o600 });
    const publicKey = execFileSync("ssh-keygen", ["-y", "-f", kept], { encoding: "utf8" });
    expect(publicKey.trim()).toBe(readFileSync(`${made}.pub`, "utf8").trim());
    expect(secrets.get("nas-password")).toMatch(/[^\n]$/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.each([
  ['{ "a": "x",\n "a": "hunter2" }', '--secrets: "a" is twice in a file, in line 1 and in line 2'],
  ['{ "a": "hunter2\\ud800" }', '--secrets: "a" has half of a character'],
  ['{ "": 5 }', '--secrets: "" is no text'],
  ['["hunter2"]', "--secrets: a file is no object"],
])("%j would be another secret than what was meant", (text, fault) => {
  const read = () => secretValues(text, "a file");
  expect(read).toThrow(fault);
  expect(read).not.toThrow("hunter2");
});
