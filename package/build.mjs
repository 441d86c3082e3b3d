// Makes dist/, all that the npm package has in place of the sources: `npm pack` begins here, and removes it at its end.
// Programs and runners as bundles, so that nothing has to be written where the package lies, and the types of what is exported.
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { builtPath, bundling, load } from "../cli/run.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { bundleRunner } = load(join(root, "host-scripts/bundle-runner.ts"));
const entries = ["cli/main.ts", "cli/estate-process.ts", "package/index.ts", "package/components.ts"];

rmSync(join(root, "dist"), { recursive: true, force: true });
await Promise.all([...entries.map(buildProgram), ...runners().map(buildRunner)]);
const compiler = join(root, "node_modules", "typescript-native", "bin", "tsc");
execFileSync(process.execPath, [compiler, "-p", join(root, "package")], { stdio: "inherit" });

async function buildProgram(entry) {
  const source = join(root, entry);
  await build({
    ...bundling,
    entryPoints: [source],
    outfile: builtPath(source),
    banner: { js: 'const __entryUrl = require("node:url").pathToFileURL(__filename).href;' },
    logLevel: "warning",
  });
}

/** Whatever stands beside the folders of runners' parts, but for the program that bundles them, and tests. */
function runners() {
  return ["host-scripts", "cluster-scripts"].flatMap(folder =>
    readdirSync(join(root, folder))
      .filter(name => /^[\w-]+\.ts$/.test(name) && name !== "bundle-runner.ts")
      .map(name => [name.slice(0, -3), folder]),
  );
}

async function buildRunner([job, folder]) {
  const { text } = await bundleRunner(job, root, folder);
  const path = builtPath(join(root, folder, `${job}.ts`));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
