import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { z } from "zod";
import { version } from "../../package.json";
import { projectRoot } from "../../stacks/project";
import { testLong } from "../long";
import { OwnFolder } from "./package/own-folder";

let folder: OwnFolder;
beforeAll(async () => {
  folder = await OwnFolder.install();
});
afterAll(() => folder.remove());

test("the package has programs and types, and no lab, tests, bench or sources", () => {
  const files = folder.files();
  expect(files).toEqual(
    expect.arrayContaining(["cli/bin.mjs", "dist/package/index.cjs", "dist/host-scripts/nfs-mirror.cjs"]),
  );
  expect(
    files.filter(
      file =>
        !file.startsWith("templates/") && /^(lab|test|bench|plan|stacks)\/|(?<!\.d)\.ts$|\.test\./.test(file),
    ),
  ).toEqual([]);
});

test("an installed package checks the estate of the folder in which it is called, and writes nothing where it lies", async () => {
  const before = folder.files();
  expect(await folder.holdfast("--version")).toMatchObject({ exitCode: 0, stdout: version });
  expect(await folder.holdfast("check")).toMatchObject({
    exitCode: 2,
    stderr: `No estate is named, and the folder "${folder.path}" has none (estate.ts, estate.json, estate.yaml, estate.yml). Next: --estate FILE, or npx holdfast init FOLDER.`,
  });
  expect(await folder.holdfast("init")).toMatchObject({ exitCode: 0, stderr: "" });
  expect(await folder.holdfast("check")).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(
      /^warning security\/break-glass-unproven [^]*5 jobs: 0 errors, 2 warnings\..* node_modules\/holdfast\/docs\/checks\/<code>\.md$/,
    ) as string,
  });
  expect(folder.files()).toEqual(before);
});

const previewed = z.object({
  resources: z.array(z.object({ type: z.string(), name: z.string(), source: z.string().optional() })),
  exported: z.array(z.string()),
});

test("the program that init writes deploys the estate, with the runners of the package", async () => {
  writeFileSync(join(folder.path, "key"), "-----BEGIN OPENSSH PRIVATE KEY-----\nnone\n");
  const preview = (secrets: object) =>
    folder.node(
      ...[join(projectRoot, "test/program/package/preview.cjs"), compiled("index.ts")],
      JSON.stringify({
        "holdfast:prometheus": "files",
        "holdfast:sshPrivateKeyFile": join(folder.path, "key"),
        "holdfast:secrets": JSON.stringify(secrets),
      }),
    );
  // One that ended well with nothing registered would have an update remove all there is.
  expect(await preview({ "nas-key": "none" })).toMatchObject({
    exitCode: 1,
    stderr: expect.stringMatching(/The stack lacks secrets .*\n.*"silence-pve"/),
  });
  const { exitCode, stdout, stderr } = await preview({ "nas-key": "none", "silence-pve": "none" });
  expect([exitCode, stderr]).toEqual([0, expect.not.stringContaining("error")]);
  const { resources, exported } = previewed.parse(JSON.parse(stdout));
  expect(exported).toEqual(["releases", "ruleFile"]);
  expect(resources).toContainEqual({ type: "holdfast:index:Estate", name: "my-house" });
  expect(resources).toContainEqual({
    type: "command:remote:CopyToRemote",
    name: "vm-images-pve-release-bundle",
    source: join(folder.package, "dist/host-scripts/vm-images.cjs"),
  });
});

testLong("what init writes has types, which the package brings", async () => {
  expect(await folder.node(join(projectRoot, "node_modules/typescript/bin/tsc"))).toMatchObject({
    exitCode: 0,
    all: "",
  });
  folder.edit("estate.ts", text => text.replace('role: "backup"', 'rôle: "backup"'));
  expect(await folder.node(join(projectRoot, "node_modules/typescript/bin/tsc"))).toMatchObject({
    exitCode: 2,
    all: expect.stringContaining("'rôle' does not exist in type"),
  });
});

testLong(
  "an editor completes the fields of estate.ts and values that may stand there, and underlines a slip",
  async () => {
    folder.edit("estate.ts", text => text.replace('role: "backup"', 'rôle: "backup"'));
    const { stdout, stderr } = await folder.node(
      ...[join(projectRoot, "cli/run.mjs"), join(projectRoot, "test/program/package/editor.ts")],
      ...[join(folder.path, "estate.ts"), "layers: \\{", "hosts: \\{\\s*pve: \\{", 'medium: "', 'every: "'],
    );
    expect(stderr).toBe("");
    const has = (...names: string[]): unknown => expect.arrayContaining(names);
    expect(JSON.parse(stdout)).toEqual({
      offered: [
        has("daily-backup", "nas-snapshots", "offsite-sync", "vm-images"),
        has("address", "disks", "filesystems", "pools", "site", "ssh"),
        has("hdd", "ssd"),
        has("day", "hour", "month", "run", "week"),
      ],
      faults: [expect.stringContaining("'rôle' does not exist in type")],
    });
  },
);

/** As Pulumi's language host does before it runs a program. */
function compiled(entry: string): string {
  const outfile = join(folder.path, "compiled.cjs");
  buildSync({
    entryPoints: [join(folder.path, entry)],
    ...{ outfile, bundle: true, platform: "node", format: "cjs", packages: "external" },
  });
  return outfile;
}
