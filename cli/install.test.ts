import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { execa } from "execa";
import { projectRoot } from "../stacks/project";

/* The real program in a folder of its own; npm is a shell's program. */
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-install-"));
  for (const name of ["cli", "bin"]) mkdirSync(join(folder, name));
  cpSync(join(projectRoot, "cli/install.mjs"), join(folder, "cli/install.mjs"));
  writeFileSync(join(folder, "package-lock.json"), "{}");
  program("flock", 'exec $(PATH=${PATH#*:} command -v flock) "$@"');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A program that notes each call of it. */
function program(name: string, script: string): void {
  const text = `#!/bin/sh\necho >>${join(folder, name)}\n${script}\n`;
  writeFileSync(join(folder, "bin", name), text, { mode: 0o755 });
}

function calls(name: string): number {
  const file = join(folder, name);
  return existsSync(file) ? readFileSync(file).length : 0;
}

function install() {
  return execa(process.execPath, [join(folder, "cli/install.mjs")], {
    env: { PATH: `${join(folder, "bin")}:${process.env["PATH"] ?? ""}` },
    ...{ cwd: folder, reject: false },
  });
}

test("of two first calls at once one installs, and the other waits until all is there", async () => {
  program("npm", "! test -e go || exit 0; mkfifo go; read word <go; mkdir node_modules");
  const first = install();
  while (!existsSync(join(folder, "go"))) await after(10);
  const second = install();
  // It has seen that nothing is installed.
  while (calls("flock") < 4 && calls("npm") < 2) await after(10);
  writeFileSync(join(folder, "go"), "\n");
  const waited = expect.stringContaining("Another call installs") as string;
  expect([await first, await second]).toMatchObject([
    { exitCode: 0, stderr: expect.not.stringContaining("Another call") as string },
    { exitCode: 0, stderr: waited },
  ]);
  expect((await install()).exitCode).toBe(0);
  expect(calls("npm")).toBe(1);
});

test("an install that fails is told, and the next call tries again", async () => {
  program("npm", "exit 7");
  const said = expect.stringContaining("npm ci failed") as string;
  expect(await install()).toMatchObject({ exitCode: 1, stderr: said });
  program("npm", "mkdir node_modules");
  expect((await install()).exitCode).toBe(0);
});
