/* eslint-disable @typescript-eslint/no-require-imports -- --require loads it before anything else, and in no module */
// Preloaded by each program that a runner's test starts (`test/environment.mjs`): what V8 made of a runner's bundle is kept
// beside it by the first run that comes to its end, and taken up by all others, which would compile the same text anew.
const { readFileSync, renameSync, writeFileSync } = require("node:fs");
const { Module } = require("node:module");
const { dirname, join, sep } = require("node:path");
const { Script } = require("node:vm");

const bundles = join(__dirname, "..", ".holdfast", "cache", "runners") + sep;
const { _compile: compile } = Module.prototype;

Module.prototype._compile = function (code, filename, ...more) {
  if (!filename.startsWith(bundles)) return compile.call(this, code, filename, ...more);
  // A bundle's name follows from its content.
  const kept = `${filename}.v8`;
  const script = new Script(Module.wrap(code), { filename, cachedData: readIfThere(kept) });
  if (script.cachedDataRejected !== false) process.once("exit", () => keep(kept, script));
  script
    .runInThisContext()
    .call(this.exports, this.exports, id => this.require(id), this, filename, dirname(filename));
};

function readIfThere(file) {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

function keep(file, script) {
  try {
    const part = `${file}.${process.pid}`;
    writeFileSync(part, script.createCachedData());
    renameSync(part, file);
  } catch {
    // An account that may not write there: each of its runs compiles.
  }
}
