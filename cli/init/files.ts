import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import holdfast from "../../package.json";
import { projectRoot } from "../../stacks/project";

const templates = join(projectRoot, "templates");
/** What every folder gets, beside its estate. */
const common = "folder";

/** Estates that a folder may begin with. */
export function examples(): string[] {
  return readdirSync(templates).filter(name => name !== common);
}

/** The workflow of each forge: the template, and where the forge looks for it. */
const workflows = {
  github: ["holdfast.yml", ".github/workflows/holdfast.yml"],
  gitlab: ["gitlab-ci.yml", ".gitlab-ci.yml"],
} as const;
export const forges = Object.keys(workflows) as readonly (keyof typeof workflows)[];

/** Where npm finds this version: until it is published, in the tarball that `npm pack` makes. */
export const usualPackage = holdfast.private ? `file:holdfast-${holdfast.version}.tgz` : holdfast.version;

/** The files of a folder of one's own, by their paths in it. @param spec where npm gets Holdfast from */
export function folderFiles(
  folder: string,
  example: string,
  { spec, forge }: { readonly spec: string; readonly forge: keyof typeof workflows },
): ReadonlyMap<string, string> {
  const name = projectName(folder);
  const [workflow, path] = workflows[forge];
  return new Map([
    ["package.json", packageJson(name, spec)],
    // Without quotes, YAML takes 2026 for a number and "null" for nothing.
    ["Pulumi.yaml", template(common, "Pulumi.yaml").replace("my-house", JSON.stringify(name))],
    ["index.ts", template(common, "index.ts")],
    ["estate.ts", template(example, "estate.ts")],
    ["tsconfig.json", template(common, "tsconfig.json")],
    // npm packs no file that is called so.
    [".gitignore", template(common, "gitignore")],
    [path, template(common, workflow)],
  ]);
}

function template(...path: string[]): string {
  return readFileSync(join(templates, ...path), "utf8");
}

function packageJson(name: string, spec: string): string {
  const { dependencies, devDependencies } = holdfast;
  const content = {
    name,
    private: true,
    scripts: { holdfast: "holdfast" },
    // Of another SDK than Holdfast's own, a program would have two.
    dependencies: { "@pulumi/pulumi": dependencies["@pulumi/pulumi"], holdfast: spec },
    devDependencies: {
      "@types/node": devDependencies["@types/node"],
      typescript: devDependencies.typescript,
    },
  };
  return `${JSON.stringify(content, undefined, 2)}\n`;
}

/** The folder's name, as far as npm and Pulumi take it for a project's. */
function projectName(folder: string): string {
  const name = basename(folder)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  return name === "" ? "my-house" : name;
}
