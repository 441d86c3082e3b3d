/* eslint-disable @typescript-eslint/no-require-imports -- what is required, and when, is all that it does */
// Loads Pulumi's SDK without TypeScript's compiler and npm's resolver of packages, which take two thirds of its start. It
// turns functions into text with them, for providers that are written in a program: none of ours is.
const Module = require("node:module");

const needs = Module.createRequire(require.resolve("@pulumi/pulumi"));
const leftOut = ["typescript", "@npmcli/arborist"].map(name => needs.resolve(name));

const absent = leftOut.filter(file => !(file in require.cache));
for (const file of absent)
  require.cache[file] = Object.assign(new Module(file), { filename: file, loaded: true });
require("@pulumi/pulumi");
// Whoever else asks for one of them gets it.
for (const file of absent) delete require.cache[file];
