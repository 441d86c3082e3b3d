// Loads a TypeScript module as cli/run.mjs does, by what V8 kept of an earlier run: for commands that end at once, most of
// whose time would go into compiling. Stacks name lines of the bundle; `sourceStack` turns one into lines of the sources.
import { isAscii } from "node:buffer";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { Module, SourceMap, createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import v8 from "node:v8";
import vm from "node:vm";
import { bundleOf, cacheDir, writeWhole } from "./run.mjs";

/**
 * How much bytecode runs in a function, in bytes, before Node 20's V8 optimizes it, where it waits for 67,584 by itself: of what
 * ends within a second or two, a quarter of the processor time went there. Later ones have no such flag, and would say so.
 */
const unoptimized = process.version.startsWith("v20.") ? "--interrupt-budget=1000000" : undefined;

/**
 * Gives a TypeScript module's exports.
 * @param {string} entry
 * @param {string} [use] what it is loaded for: what V8 compiled is kept of each by itself
 */
export function load(entry, use = "") {
  // Before the script: V8 takes what was kept under the same flags alone.
  if (unoptimized !== undefined) v8.setFlagsFromString(unoptimized);
  const path = bundleOf(entry);
  const bytes = readFileSync(path);
  // esbuild escapes what isn't ASCII where it can: such text is read as it is.
  const code = bytes.toString(isAscii(bytes) ? "latin1" : "utf8");
  const kept = join(cacheDir, `${basename(path)}${use}.v8`);
  // V8 tells another source by its length alone.
  const hash = sha1(bytes);
  const script = new vm.Script(Module.wrap(code), {
    filename: path,
    cachedData: compiledOf(kept, hash),
    importModuleDynamically: vm.constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  // At the end, when V8 has compiled what a run needs.
  if (script.cachedDataRejected !== false)
    process.once("exit", code => {
      // A word that is no command, for which nothing was compiled, would leave a file each time that another one is misspelt.
      if (use !== "" && code === 2) return;
      try {
        mkdirSync(cacheDir, { recursive: true });
        const compiled = script.createCachedData();
        writeWhole(kept, Buffer.concat([hash, sha1(compiled), compiled]));
      } catch {
        // A folder that nobody may write to: each run compiles.
      }
    });
  const module = { exports: {} };
  script
    .runInThisContext()
    // What stayed external is looked for where the source would look: the bundle may lie elsewhere.
    .call(module.exports, module.exports, createRequire(resolve(entry)), module, path, dirname(path));
  return module.exports;
}

/** What was kept of a source, whole: V8 runs what it is given, and a flipped bit would end each start of the command in its middle. */
function compiledOf(kept, hash) {
  try {
    const read = readFileSync(kept);
    const [own, data] = [read.subarray(hash.length, 2 * hash.length), read.subarray(2 * hash.length)];
    return read.subarray(0, hash.length).equals(hash) && own.equals(sha1(data)) ? data : undefined;
  } catch {
    return undefined;
  }
}

function sha1(bytes) {
  return createHash("sha1").update(bytes).digest();
}

/** A stack whose lines in bundles are those of the sources. */
export function sourceStack(stack) {
  const maps = new Map();
  return stack.replace(/(\/[^\s():]+\.cjs):(\d+):(\d+)/g, (place, path, line, column) => {
    try {
      const map = maps.get(path) ?? new SourceMap(JSON.parse(readFileSync(`${path}.map`, "utf8")));
      maps.set(path, map);
      const { originalSource, originalLine, originalColumn } = map.findEntry(line - 1, column - 1);
      return `${resolve(dirname(path), originalSource)}:${originalLine + 1}:${originalColumn + 1}`;
    } catch {
      return place;
    }
  });
}
