import { readdirSync } from "node:fs";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { projectRoot } from "../../stacks/project";

const programs = ["host-scripts", "cluster-scripts"].flatMap(folder =>
  readdirSync(join(projectRoot, folder))
    .filter(name => name.endsWith(".ts"))
    .map(name => `${folder}/${name}`),
);

/** What each file of the product takes from others while it is loaded; what is a type alone is gone by then. */
const { inputs } = buildSync({
  absWorkingDir: projectRoot,
  entryPoints: ["stacks/main.ts", "cli/main.ts", "docs/generate.ts", ...programs],
  ...{ bundle: true, packages: "external", platform: "node", format: "cjs" },
  ...{ metafile: true, write: false, outdir: ".holdfast/circles", logLevel: "error" },
}).metafile;

const importsOf = (file: string): string[] =>
  (inputs[file]?.imports ?? []).flatMap(({ path }) => (path in inputs ? [path] : []));

/** All that a file loads, itself only if it does so by another. */
function loadedBy(file: string): ReadonlySet<string> {
  const found = new Set<string>();
  const open = importsOf(file);
  for (let next = open.pop(); next !== undefined; next = open.pop())
    if (!found.has(next)) {
      found.add(next);
      open.push(...importsOf(next));
    }
  return found;
}

test("no file of the product is loaded in a circle", () => {
  expect(Object.keys(inputs).length).toBeGreaterThan(300);
  expect(Object.keys(inputs).filter(file => loadedBy(file).has(file))).toEqual([]);
});
