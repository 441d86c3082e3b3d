import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { bundleRunner } from "../../host-scripts/bundle-runner";

test("gives the same bytes wherever the project lies, and names no folder of this machine", async () => {
  const here = await bundleRunner("nfs-mirror");
  const elsewhere = mkdtempSync(join(tmpdir(), "holdfast-bundle-"));
  try {
    for (const folder of ["host-scripts", "plan"])
      cpSync(folder, join(elsewhere, folder), { recursive: true });
    cpSync("tsconfig.json", join(elsewhere, "tsconfig.json"));
    symlinkSync(join(process.cwd(), "node_modules"), join(elsewhere, "node_modules"));
    expect((await bundleRunner("nfs-mirror", elsewhere)).sha256).toBe(here.sha256);
  } finally {
    rmSync(elsewhere, { recursive: true });
  }
  expect(here.text).not.toContain(process.cwd());
  expect(here.text.length).toBeLessThan(500_000);
});

test("speaks of a fault in English, as zod has it", async () => {
  expect((await bundleRunner("nfs-mirror")).text).toContain("Invalid input: expected");
});

test("compiles no parser when it starts", async () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-bundle-"));
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  try {
    const runner = file("runner.cjs", (await bundleRunner("nfs-mirror")).text);
    const told = "Function = new Proxy(Function, { construct: () => { process.exit(99); } });";
    const argv = ["--require", file("told.cjs", told), runner, "--check-config"];
    const ended = await execa(process.execPath, [...argv, "--config", file("config.json", "{}")], {
      reject: false,
    });
    expect([ended.stdout, ended.exitCode]).toEqual([expect.stringContaining("host is missing"), 2]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
