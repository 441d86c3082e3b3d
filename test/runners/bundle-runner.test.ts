import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
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

const runners = (["host-scripts", "cluster-scripts"] as const).flatMap(folder =>
  readdirSync(folder)
    .filter(file => file.endsWith(".ts") && !/^bundle-runner|\.test\.ts$/.test(file))
    .map(file => ({ folder, name: file.replace(/\.ts$/, "") })),
);

/** What each runner's bundle has of a pattern; only runners that have some. */
async function inBundles(pattern: RegExp): Promise<Record<string, string[]>> {
  const found = await Promise.all(
    runners.map(async ({ folder, name }) => {
      const { text } = await bundleRunner(name, undefined, folder);
      return [name, [...text.matchAll(pattern)].map(([match, group]) => group ?? match)] as const;
    }),
  );
  return Object.fromEntries(found.filter(([, all]) => all.length > 0));
}

test("no runner calls what the Node 18 of a Proxmox VE 8 or of a pod hasn't", async () => {
  // Also where it isn't called there, and where it is a module's: `(0, util.styleText)(...)`.
  const newer =
    /\.(toSorted|toReversed|toSpliced|groupBy|withResolvers|fromAsync|isWellFormed|toWellFormed|getSetCookie|styleText|parseEnv|loadEnvFile|getBuiltinModule|availableMemory|crc32|matchesGlob|globSync|openAsBlob|duplexPair|isSubsetOf|isSupersetOf|isDisjointFrom|symmetricDifference)\b|\.with(?=\()/g;
  expect(await inBundles(newer)).toEqual({});
});

test("a runner is text for any processor: it loads Node's own modules alone, and no flag of open(2) has x86's number", async () => {
  const loaded = Object.values(await inBundles(/\brequire\("([^"]+)"\)/g)).flat();
  expect(loaded).toContain("node:fs");
  expect(loaded.filter(name => !isBuiltin(name))).toEqual([]);
  // O_DIRECT, O_LARGEFILE, O_DIRECTORY and O_NOFOLLOW, which mean one another on ARM64.
  expect(await inBundles(/\b0(?:4|10|20|40)0{4}\b/g)).toEqual({});
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
