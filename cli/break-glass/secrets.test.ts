import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEstate } from "../../plan";
import { exampleEstate } from "../../plan/estate/example";
import { keptOutside, secretFiles, secretValues } from "./secrets";

test("a private key whose last line break the engine's CLI has cut off is one that OpenSSH reads", () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-secrets-"));
  try {
    const [made, kept] = [join(folder, "made"), join(folder, "kept")];
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", made]);
    const cut = readFileSync(made, "utf8").replace(/\n$/, "");
    const estate = parseEstate(exampleEstate());
    const given = Object.fromEntries(keptOutside(estate).map(name => [name, name]));
    const files = secretFiles(estate, secretValues(JSON.stringify({ ...given, "nas-key": cut }), "a file"));
    const file = files.find(({ path }) => path === "secrets/nas-key");
    writeFileSync(kept, file?.bytes ?? "", { mode: 0o600 });
    const publicKey = execFileSync("ssh-keygen", ["-y", "-f", kept], { encoding: "utf8" });
    expect(publicKey.trim()).toBe(readFileSync(`${made}.pub`, "utf8").trim());
    expect(files.find(({ path }) => path !== "secrets/nas-key")?.bytes.at(-1)).not.toBe(10);
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
