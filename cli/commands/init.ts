import { lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { z } from "zod";
import { shellWord } from "../../plan/contracts/shell-word";
import { errorText } from "../../plan/estate/plain";
import { BadInput } from "../bad-input";
import type { CommandSpec } from "../command";
import { examples, folderFiles, forges, usualPackage } from "../init/files";

const options = z.object({
  folder: z.string().default("."),
  from: z.string().default("small"),
  ci: z.enum(forges).default("github"),
  package: z.string().min(1).default(usualPackage),
  dryRun: z.boolean().default(false),
  json: z.boolean().default(false),
});

/** `holdfast init`: a folder with an estate of one's own, and what checks and deploys it. */
export const init: CommandSpec<z.output<typeof options>> = {
  name: "init",
  summary: "Write a folder of your own: an example estate to edit, and the Pulumi program that deploys it",
  argument: ["[folder]", "by default the one that you are in"],
  flags: [
    [
      "--from <example>",
      "small (a host, a pool, a NAS), two-nodes or homelab (with a cluster); by default small",
    ],
    ["--ci <forge>", "whose workflow checks each request, github or gitlab; by default github"],
    ["--package <spec>", `where npm gets Holdfast from (by default ${usualPackage})`],
    ["--dry-run", "list what it would write"],
    ["--json", "for machines"],
  ],
  options,
  async run({ folder: named, from, ci: forge, package: spec, dryRun, json }, caller) {
    if (!examples().includes(from))
      throw new BadInput(
        `--from: "${from}" is no example, expected one of ${examples()
          .map(name => `"${name}"`)
          .join(", ")}.`,
      );
    const folder = resolve(caller.folder, named);
    const files = folderFiles(folder, from, { spec, forge });
    const left = leftBy(folder, files);
    if (!dryRun) write(folder, files, left);
    const paths = [...files.keys()];
    const next = nextSteps(folder === caller.folder ? undefined : named, spec);
    return Promise.resolve({
      text: json
        ? JSON.stringify({ folder, files: paths, written: !dryRun, next }, undefined, 2)
        : told(folder, paths, dryRun, next),
      exitCode: 0,
    });
  },
};

/**
 * Nothing of anybody's is written over. What a call that was cut has left is the beginning of what this one writes, and not all of it.
 * @returns the files that it has left @throws {BadInput} where others are there
 */
function leftBy(folder: string, files: ReadonlyMap<string, string>): readonly string[] {
  const found = [...files].flatMap(([path, text]) => {
    const stats = lstatSync(join(folder, path), { throwIfNoEntry: false });
    if (!stats) return [];
    const is = stats.isFile() ? readFileSync(join(folder, path), "utf8") : undefined;
    return [{ path, isLeft: is !== undefined && text.startsWith(is), isWhole: is === text }];
  });
  const isAll = found.filter(({ isWhole }) => isWhole).length === files.size;
  const others = found.filter(({ isLeft }) => isAll || !isLeft);
  if (others.length > 0)
    throw new BadInput(
      `The folder "${folder}" has ${others.map(({ path }) => path).join(", ")} already, and nothing was written. Next: move them away, or name another folder.`,
    );
  return found.map(({ path }) => path);
}

function write(folder: string, files: ReadonlyMap<string, string>, left: readonly string[]): void {
  const written: string[] = [];
  try {
    for (const path of left) rmSync(join(folder, path));
    for (const [path, text] of files) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text, { flag: "wx" });
      written.push(path);
    }
  } catch (error) {
    throw new BadInput(
      `The folder "${folder}" can't be written: ${errorText(error)}. Written so far: ${written.join(", ") || "nothing"}. ` +
        "Next: remove those, make room or name another folder, and the same again.",
    );
  }
}

/** What is typed next, each with why. */
function nextSteps(folder: string | undefined, spec: string): [string, string][] {
  const tarball = spec.startsWith("file:") ? spec.slice("file:".length) : undefined;
  return [
    ...(folder === undefined ? [] : [step(`cd ${shellWord(folder)}`, "")]),
    ...(tarball === undefined
      ? []
      : [step(`ls ${shellWord(tarball)}`, "what `npm pack` makes in a clone of Holdfast: put it there")]),
    step("npm install", ""),
    step(
      "rm estate.ts && npx holdfast discover --host root@ADDRESS",
      "an estate of what your host has, in place of the example",
    ),
    step("npx holdfast check", "what is wrong with estate.ts; edit what is marked EDIT, and again"),
    step("npx holdfast rpo", "what each disaster costs you"),
    step("pulumi stack init home", "where the state is kept: pulumi login --help"),
    step("pulumi config set holdfast:prometheus files", "for a Prometheus without the operator"),
    step(
      "pulumi preview --suppress-outputs",
      "it names the secrets and keys that are missing, and changes nothing",
    ),
  ];
}

const step = (command: string, why: string): [string, string] => [command, why];

function told(
  folder: string,
  paths: readonly string[],
  dryRun: boolean,
  next: readonly (readonly [string, string])[],
): string {
  const width = Math.max(...next.map(([command]) => command.length));
  return [
    `${dryRun ? "Would be written" : "Written"} in "${folder}":`,
    ...paths.map(path => `  ${path}`),
    ...(dryRun ? ["Nothing was written."] : []),
    "Next:",
    ...next.map(([command, why]) => `  ${why === "" ? command : `${command.padEnd(width)}  # ${why}`}`),
  ].join("\n");
}
