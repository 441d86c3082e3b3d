// Runs a TypeScript entry: `node cli/run.mjs ENTRY.ts [ARGS]`. Bundles it with esbuild on first use and again only when
// one of its inputs changed: a start costs a few stat calls, where a compile-on-load hook costs seconds.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
// npm packs no lock: without one this is the package, in which package/build.mjs has put bundles in place of the sources.
const packaged = !existsSync(join(root, "package-lock.json"));
/** Folder of what can be made anew. A package may lie where nobody may write. */
export const cacheDir = packaged
  ? join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "holdfast", "bundles")
  : join(root, ".holdfast", "cache", "bundles");
const require = createRequire(import.meta.url);

/**
 * Path of the CommonJS bundle of a TypeScript entry, made when absent or stale. In the project, packages that it leaves
 * external resolve as usual from there.
 * @param {string} entry path of the entry, relative to the working directory or absolute
 * @param {string[]} external packages that are required at run time instead of being bundled
 */
export function bundleOf(entry, external = []) {
  const source = resolve(entry);
  if (packaged && !existsSync(source)) return builtPath(source);
  const key = createHash("sha256")
    .update(source)
    // Files of a package have all one time of change, whatever its version.
    .update(packaged ? readFileSync(join(root, "package.json")) : "")
    .digest("hex")
    .slice(0, 12);
  const out = join(cacheDir, `${key}.cjs`);
  const stamp = `${out}.inputs.json`;
  if (isFresh(stamp)) return out;
  mkdirSync(cacheDir, { recursive: true });
  const esbuild = require("esbuild");
  const result = esbuild.buildSync({
    ...bundling,
    entryPoints: [source],
    outfile: out,
    external: [...bundling.external, ...external],
    banner: { js: `const __entryUrl = ${JSON.stringify(pathToFileURL(source).href)};` },
    metafile: true,
    write: false,
  });
  refuseDoubledKeys(result.warnings);
  const inputs = Object.keys(result.metafile.inputs)
    .map(path => resolve(root, path))
    .filter(path => !path.includes("/node_modules/") && existsSync(path));
  inputs.push(join(root, packaged ? "package.json" : "package-lock.json"), fileURLToPath(import.meta.url));
  for (const file of result.outputFiles) writeWhole(file.path, file.contents);
  writeWhole(stamp, JSON.stringify(inputs.map(path => [path, statSync(path).mtimeMs])));
  return out;
}

/** How a program becomes one file, here and in the package: options of esbuild. Its code takes `__entryUrl` for `import.meta.url`. */
export const bundling = {
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  target: "node20",
  format: "cjs",
  sourcemap: "linked",
  sourcesContent: false,
  // A start compiles all of it; names stay, as messages and stacks show them.
  minifyWhitespace: true,
  // What a bundle must not swallow: the Pulumi SDK is a singleton, esbuild and swc carry binaries, ssh2 an optional addon; one command alone loads Grafana's SDK.
  external: ["@pulumi/*", "esbuild", "@swc/*", "ssh2", "@grafana/*"],
  define: { "import.meta.url": "__entryUrl" },
  nodePaths: [join(root, "node_modules")],
  logLevel: "silent",
};

/** Where the package has what became of a source of the project. */
export function builtPath(source) {
  return join(root, "dist", relative(root, source).replace(/\.ts$/, ".cjs"));
}

/** Of two entries of one name, an object keeps the last: a service that is pasted twice would lose its first without a word. */
function refuseDoubledKeys(warnings) {
  const doubled = warnings.filter(({ id }) => id === "duplicate-object-key");
  if (doubled.length === 0) return;
  const told = doubled.map(({ text, location, notes }) => {
    const [key = text] = text.match(/"(?:[^"\\]|\\.)*"/) ?? [];
    const [first] = notes;
    return `${location.file}:${location.line}: ${key} is there twice, first in line ${first?.location?.line}: the first would be dropped`;
  });
  throw new Error(`${told.join("; ")}. Rename one of the two, or remove it`);
}

function isFresh(stamp) {
  try {
    return JSON.parse(readFileSync(stamp, "utf8")).every(
      ([path, mtimeMs]) => statSync(path).mtimeMs === mtimeMs,
    );
  } catch {
    return false;
  }
}

/** Two runs may write at once; a reader sees the old file or the new one. */
export function writeWhole(path, contents) {
  const part = `${path}.${process.pid}`;
  try {
    writeFileSync(part, contents);
    renameSync(part, path);
  } finally {
    rmSync(part, { force: true });
  }
}

/** Loads a TypeScript module and gives its exports. */
export function load(entry) {
  process.setSourceMapsEnabled(true);
  return require(bundleOf(entry));
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const [entry, ...args] = process.argv.slice(2);
  if (!entry) {
    console.error("usage: node cli/run.mjs ENTRY.ts [ARGS]");
    process.exit(2);
  }
  process.argv = [process.argv[0], relative(process.cwd(), entry), ...args];
  try {
    load(entry);
  } catch (error) {
    console.error(error instanceof Error ? (error.errors?.length ? error.message : error.stack) : error);
    process.exitCode = 1;
  }
}
