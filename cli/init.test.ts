import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { parseEstate, planOf } from "../plan";
import { runChecks } from "../checks";
import { estate as homelab } from "../templates/homelab/estate";
import { estate as small } from "../templates/small/estate";
import { estate as twoNodes } from "../templates/two-nodes/estate";
import type { Context } from "./command";
import { init } from "./commands/init";
import { examples } from "./init/files";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "holdfast-init-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const run = (words: object) => init.run(init.options.parse(words), { folder } as Context);
const read = (...path: string[]) => readFileSync(join(folder, ...path), "utf8");

test("each example is sound but for the break-glass set that is still to be made, and has a promise for each service", () => {
  const all = { small, homelab, "two-nodes": twoNodes };
  expect(examples().sort()).toEqual(Object.keys(all).sort());
  for (const input of Object.values(all)) {
    const estate = parseEstate(input);
    const found = runChecks(planOf(estate), Date.UTC(2026, 5, 1));
    expect(found.map(({ severity, code }) => `${severity} ${code}`)).toEqual([
      "warning security/break-glass-unproven",
    ]);
    for (const { promise } of Object.values(estate.services)) expect(promise).toBeDefined();
  }
});

test("the smallest example fits on a screen", async () => {
  await run({ folder: "mine" });
  expect(read("mine", "estate.ts").trimEnd().split("\n").length).toBeLessThan(40);
});

test("a folder gets the example, versions that are pinned, and a project of its own name", async () => {
  const { text, exitCode } = await run({ folder: "My House", from: "two-nodes", package: "9.9.9" });
  expect(exitCode).toBe(0);
  expect(text).toContain("cd 'My House'");
  expect(text).not.toContain("npm pack");
  expect(read("My House", "estate.ts")).toContain("pve2: node(");
  expect(read("My House", "Pulumi.yaml")).toMatch(/^name: "my-house"$/m);
  const { name, dependencies, devDependencies } = JSON.parse(read("My House", "package.json")) as {
    name: string;
    dependencies: Record<string, string>;
    devDependencies: Record<string, string>;
  };
  expect([name, dependencies["holdfast"]]).toEqual(["my-house", "9.9.9"]);
  for (const version of Object.values({ ...dependencies, ...devDependencies }))
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
});

test.each(["2026", "null", "1e3"])("a folder that is called %s gives a project of that name", async name => {
  await run({ folder: name });
  expect(parse(read(name, "Pulumi.yaml"))).toMatchObject({ name });
});

test("a version that isn't published is had from its tarball, which the next steps ask for", async () => {
  const { text } = await run({ package: "file:../holdfast-0.1.0.tgz" });
  expect(text).toMatch(/^ {2}ls \.\.\/holdfast-0\.1\.0\.tgz +# .*npm pack/m);
});

test("the workflow may read and no more, and names a version of each action", async () => {
  await run({});
  const workflow = read(".github", "workflows", "holdfast.yml");
  expect(workflow).toMatch(/^permissions:\n {2}contents: read$/m);
  const used = [...workflow.matchAll(/uses: (\S+)/g)].map(([, action]) => action);
  expect(used.length).toBeGreaterThan(0);
  for (const action of used) expect(action).toMatch(/@v\d+\.\d+\.\d+$/);
});

test("a dry run writes nothing", async () => {
  const { text } = await run({ folder: "mine", dryRun: true });
  expect(text).toMatch(/^Would be written in .*\n {2}package\.json\n/);
  expect(existsSync(join(folder, "mine"))).toBe(false);
});

test("nothing is written over, and nothing beside what is there", async () => {
  writeFileSync(join(folder, "Pulumi.yaml"), "mine");
  await expect(run({})).rejects.toThrow(
    `The folder "${folder}" has Pulumi.yaml already, and nothing was written. Next: move them away, or name another folder.`,
  );
  expect([read("Pulumi.yaml"), readdirSync(folder)]).toEqual(["mine", ["Pulumi.yaml"]]);
});

test("an example that isn't there is refused with those that are", async () => {
  await expect(run({ from: "large" })).rejects.toThrow(
    '--from: "large" is no example, expected one of "homelab", "small", "two-nodes".',
  );
});
