import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installedCli, installedPlugin } from "./official";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "holdfast-official-"))));
afterEach(() => rmSync(folder, { recursive: true }));

function program(name: string, text: string): void {
  writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`);
  chmodSync(join(folder, name), 0o755);
}

async function find(): Promise<{ found: unknown; lines: string[] }> {
  const lines: string[] = [];
  const found = await installedCli({ PATH: folder }, line => lines.push(line));
  return { found, lines };
}

test("uses a CLI that is new enough and has its language host beside it", async () => {
  program("pulumi", "echo v3.210.0");
  program("pulumi-language-nodejs", "");
  expect(await find()).toEqual({
    found: { pulumi: join(folder, "pulumi"), languageHostDir: folder },
    lines: [],
  });
});

test("says why it doesn't use one that is too old, broken or alone", async () => {
  program("pulumi", "echo v3.199.0");
  expect((await find()).lines).toEqual([expect.stringContaining("it is v3.199.0, 3.200.0 is the oldest")]);
  program("pulumi", "exit 1");
  expect((await find()).lines).toEqual([expect.stringContaining("it is broken")]);
  program("pulumi", "echo v3.210.0");
  expect((await find()).lines).toEqual([expect.stringContaining("no pulumi-language-nodejs")]);
});

test("says nothing where there is none", async () => {
  expect(await find()).toEqual({ found: undefined, lines: [] });
});

test("finds a plugin of exactly the wanted version in the user's home", () => {
  const plugins = join(folder, "plugins", "resource-command-v1.2.1");
  mkdirSync(plugins, { recursive: true });
  writeFileSync(join(plugins, "pulumi-resource-command"), "");
  const environment = { PULUMI_HOME: folder };
  expect(installedPlugin({ name: "command", version: "1.2.1" }, environment)).toBe(
    join(plugins, "pulumi-resource-command"),
  );
  expect(installedPlugin({ name: "command", version: "1.2.2" }, environment)).toBeUndefined();
});
