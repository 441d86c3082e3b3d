import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { z } from "zod";
import { version } from "../../package.json";
import { exampleEstate } from "../../plan/estate/example";
import { projectRoot } from "../../stacks/project";
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
  expect(files.filter(file => /^(lab|test|bench|plan|stacks)\/|(?<!\.d)\.ts$|\.test\./.test(file))).toEqual(
    [],
  );
});

test("an installed package checks the estate of the folder in which it is called, and writes nothing where it lies", async () => {
  const before = folder.files();
  expect(await folder.holdfast("--version")).toMatchObject({ exitCode: 0, stdout: version });
  expect(await folder.holdfast("check")).toMatchObject({
    exitCode: 2,
    stderr: `No estate is named, and the folder "${folder.path}" has none (estate.ts or estate.json). Next: --estate FILE, or holdfast init FOLDER.`,
  });
  writeEstate();
  expect(await folder.holdfast("check")).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining("no findings"),
  });
  expect(folder.files()).toEqual(before);
});

/** Of the example estate's cluster. */
const kubeconfig = {
  "current-context": "home",
  contexts: [{ name: "home", context: { cluster: "home", user: "me" } }],
  clusters: [{ name: "home", cluster: { server: exampleEstate().clusters["k8s"]?.api } }],
  users: [{ name: "me", user: { token: "none" } }],
};

const previewed = z.object({
  resources: z.array(z.object({ type: z.string(), name: z.string(), source: z.string().optional() })),
  exported: z.array(z.string()),
});

test("a program of a few lines deploys the estate, with the runners of the package", async () => {
  writeEstate();
  writeFileSync(
    join(folder.path, "index.ts"),
    'import { Estate } from "holdfast";\nimport { estate } from "./estate";\n\n' +
      'export const { releases, ruleFile } = new Estate("my-house", { estate });\n',
  );
  writeFileSync(join(folder.path, "key"), "-----BEGIN OPENSSH PRIVATE KEY-----\nnone\n");
  writeFileSync(join(folder.path, "kubeconfig"), JSON.stringify(kubeconfig));
  const secrets = Object.fromEntries(Object.keys(exampleEstate().secrets).map(name => [name, "none"]));
  const { exitCode, stdout, stderr } = await folder.node(
    ...[join(projectRoot, "test/program/package/preview.cjs"), compiled("index.ts")],
    JSON.stringify({
      "holdfast:prometheus": "files",
      "holdfast:sshPrivateKeyFile": join(folder.path, "key"),
      "holdfast:kubeconfig": join(folder.path, "kubeconfig"),
      "holdfast:secrets": JSON.stringify(secrets),
    }),
  );
  expect([exitCode, stderr]).toEqual([0, expect.not.stringContaining("error")]);
  const { resources, exported } = previewed.parse(JSON.parse(stdout));
  expect(exported).toEqual(["releases", "ruleFile"]);
  expect(resources).toContainEqual({ type: "holdfast:index:Estate", name: "my-house" });
  expect(resources).toContainEqual({
    type: "command:remote:CopyToRemote",
    name: "nfs-mirror-pve-release-bundle",
    source: join(folder.package, "dist/host-scripts/nfs-mirror.cjs"),
  });
});

function writeEstate(): void {
  writeFileSync(
    join(folder.path, "estate.ts"),
    `import type { EstateInput } from "holdfast";\n\nexport const estate: EstateInput = ${JSON.stringify(exampleEstate(), undefined, 2)};\n`,
  );
}

/** As Pulumi's language host does before it runs a program. */
function compiled(entry: string): string {
  const outfile = join(folder.path, "compiled.cjs");
  buildSync({
    entryPoints: [join(folder.path, entry)],
    ...{ outfile, bundle: true, platform: "node", format: "cjs", packages: "external" },
  });
  return outfile;
}
