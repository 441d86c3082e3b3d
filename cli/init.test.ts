import { execFileSync, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { parseEstate, planOf } from "../plan";
import { runChecks } from "../checks";
import { estate as homelab } from "../templates/homelab/estate";
import { estate as small } from "../templates/small/estate";
import { estate as twoNodes } from "../templates/two-nodes/estate";
import type { Context } from "./command";
import { check } from "./commands/check";
import { comment } from "./commands/comment";
import { diff } from "./commands/diff";
import { init } from "./commands/init";
import { examples } from "./init/files";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "holdfast-init-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const run = (words: object) => init.run(init.options.parse(words), { folder } as Context);
const read = (...path: string[]) => readFileSync(join(folder, ...path), "utf8");

test("each example is sound but for the break-glass set and the proof of restores that are still to be made, and has a promise for each service", () => {
  const all = { small, homelab, "two-nodes": twoNodes };
  expect(examples().sort()).toEqual(Object.keys(all).sort());
  for (const input of Object.values(all)) {
    const estate = parseEstate(input);
    const found = runChecks(planOf(estate), Date.UTC(2026, 5, 1));
    expect(found.map(({ severity, code }) => `${severity} ${code}`)).toEqual([
      "warning security/break-glass-unproven",
      "warning promises/restore-unproven",
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
  // A comment is all that is ever written, by the job that does nothing else.
  expect(workflow.match(/[\w-]+: write/g)).toEqual(["pull-requests: write"]);
  const used = [...workflow.matchAll(/uses: (\S+)/g)].map(([, action]) => action);
  expect(used.length).toBeGreaterThan(0);
  for (const action of used) expect(action).toMatch(/@v\d+\.\d+\.\d+$/);
});

test("a request's next push ends the run of the one before, and no other run", async () => {
  await run({});
  expect(parse(read(workflowFiles.github))).toMatchObject({
    concurrency: {
      group: "holdfast-${{ github.event.pull_request.number || github.sha }}",
      "cancel-in-progress": true,
    },
  });
  await run({ folder: "lab", ci: "gitlab" });
  expect(parse(read("lab", workflowFiles.gitlab))).toMatchObject({
    default: { interruptible: true },
    comment: { resource_group: "comment-$CI_MERGE_REQUEST_IID" },
  });
});

test("no secret is there for what comes from a fork", async () => {
  await run({});
  const { jobs } = z
    .object({ jobs: z.record(z.string(), z.looseObject({ if: z.string().optional() })) })
    .parse(parse(read(workflowFiles.github)));
  const own = "github.event.pull_request.head.repo.full_name == github.repository";
  for (const [name, job] of Object.entries(jobs))
    expect([name, JSON.stringify(job).includes("token") || JSON.stringify(job).includes("secrets.")]).toEqual(
      [name, job.if?.includes(own) ?? false],
    );
  await run({ folder: "lab", ci: "gitlab" });
  // All that a project keeps is there for each job of a pipeline.
  const { workflow } = z
    .object({ workflow: z.object({ rules: z.array(z.object({ if: z.string() })) }) })
    .parse(parse(read("lab", workflowFiles.gitlab)));
  expect(workflow.rules.map(rule => rule.if)).toEqual([
    '$CI_PIPELINE_SOURCE == "merge_request_event" && $CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID',
    "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH",
  ]);
});

const workflowFiles = {
  github: ".github/workflows/holdfast.yml",
  gitlab: ".gitlab-ci.yml",
} as const;
type Forge = keyof typeof workflowFiles;
const script = z.object({
  jobs: z
    .object({ check: z.object({ steps: z.array(z.object({ run: z.string().optional() })) }) })
    .optional(),
  check: z.object({ script: z.array(z.string()) }).optional(),
});

/** What each command of the workflow's check is. */
function scriptOf(forge: Forge): string[] {
  const { jobs, check } = script.parse(parse(read(workflowFiles[forge])));
  return check?.script ?? jobs?.check.steps.flatMap(({ run: text }) => text ?? []) ?? [];
}

/** What the workflow does with what `holdfast diff` ends with, in bash as the forge starts it, at a merge of two branches. */
function comparedAtMerge(
  forge: Forge,
  ending: number,
  hasEstate: boolean,
): { code: number | null; told: string; page: string } {
  const [text = ""] = scriptOf(forge).filter(each => each.includes("holdfast diff"));
  const git = (...words: string[]) =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b.example", ...words], { cwd: folder });
  const commit = () => git("commit", "--quiet", "--allow-empty", "--message=c");
  git("init", "--quiet", "--initial-branch=main");
  if (hasEstate) git("add", "estate.ts");
  commit();
  git("checkout", "--quiet", "-b", "edit");
  writeFileSync(join(folder, "estate.ts"), "edited");
  git("add", "estate.ts");
  commit();
  git("checkout", "--quiet", "-b", "merge", "main");
  git("merge", "--quiet", "--no-ff", "--message=m", "edit");
  mkdirSync(join(folder, "bin"));
  writeFileSync(join(folder, "bin", "npx"), `#!/bin/sh\necho "$@"\nexit ${ending}\n`, { mode: 0o755 });
  const { status } = spawnSync("bash", ["-eo", "pipefail", "-c", text], {
    cwd: folder,
    env: {
      ...process.env,
      PATH: `${join(folder, "bin")}:${process.env["PATH"]}`,
      GITHUB_STEP_SUMMARY: join(folder, "page"),
      CI_MERGE_REQUEST_DIFF_BASE_SHA: "main",
    },
  });
  const written = (name: string): string => (existsSync(join(folder, name)) ? read(name) : "");
  return { code: status, told: written("diff.md"), page: written("page") };
}

describe.each(Object.keys(workflowFiles) as Forge[])("the workflow of %s", forge => {
  beforeEach(() => run({ ci: forge }));

  test("tells of an estate that can't be read, and goes on to its check", () => {
    const { code, told } = comparedAtMerge(forge, 2, true);
    expect([code, told]).toEqual([0, expect.stringMatching(/isn't known: .* log/)]);
  });

  test.each([
    ["nothing is worse", 0, true],
    ["something is worse, which fails nothing", 1, true],
    ["the first estate comes", 2, false],
  ])("has what a request changes, where %s", (_, ending, hasEstate) => {
    const { code, told } = comparedAtMerge(forge, ending, hasEstate);
    expect([code, told]).toEqual([
      0,
      hasEstate ? expect.stringMatching(/^holdfast diff \S+:estate\.ts estate\.ts --format markdown\n$/) : "",
    ]);
  });

  test("has a preview without the stack's outputs, whose rules would be most of a comment", () => {
    expect(read(workflowFiles[forge])).toMatch(/pulumi preview .*--suppress-outputs \| tee preview\.txt/);
  });

  test("calls commands and flags that there are", () => {
    const words = [...read(workflowFiles[forge]).matchAll(/npx holdfast ([a-z-]+)((?: (?!>|\|\|)\S+)*)/g)];
    expect(words.map(([, command]) => command)).toEqual(expect.arrayContaining(["diff", "check", "comment"]));
    for (const [, command = "", rest = ""] of words)
      expect({ command, known: flagsOf(command) }).toEqual({
        command,
        known: expect.arrayContaining([...rest.matchAll(/--[a-z-]+/g)].map(([flag]) => flag)) as unknown,
      });
  });
});

/** Flags of some commands. */
function flagsOf(command: string): string[] {
  const [found] = [diff, check, comment].filter(({ name }) => name === command);
  return found?.flags.map(([flag]) => flag.split(" ")[0] ?? "") ?? [];
}

// What GitHub shows on the run's page is what the comment has.
test("the run's page at GitHub has what a request changes", async () => {
  await run({});
  const { told, page } = comparedAtMerge("github", 0, true);
  expect([page, page]).toEqual([told, expect.stringContaining("holdfast diff")]);
});

test("of GitLab's folder and GitHub's, each has one workflow", async () => {
  await run({ folder: "lab", ci: "gitlab" });
  expect(readdirSync(join(folder, "lab"))).toEqual(expect.not.arrayContaining([".github"]));
  expect(() => init.options.parse({ ci: "gitea" })).toThrow();
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

test("what a call that was cut has left is written to its end, and what is all there stays", async () => {
  await run({});
  const all = () => readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
  const [names, estate] = [all(), read("estate.ts")];
  rmSync(join(folder, "Pulumi.yaml"));
  writeFileSync(join(folder, "estate.ts"), estate.slice(0, 100));
  await run({ dryRun: true });
  expect(read("estate.ts")).toHaveLength(100);
  await run({});
  expect([all(), read("estate.ts")]).toEqual([names, estate]);
  await expect(run({})).rejects.toThrow("already, and nothing was written");
});

test("an example that isn't there is refused with those that are", async () => {
  await expect(run({ from: "large" })).rejects.toThrow(
    '--from: "large" is no example, expected one of "homelab", "small", "two-nodes".',
  );
});
