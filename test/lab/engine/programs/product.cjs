/* eslint-disable @typescript-eslint/no-require-imports -- the engine runs this file as it is, as CommonJS */
// The product's own program, with the estate that a test has written beside this file.
const { readFileSync } = require("node:fs");
const { join } = require("node:path");

const { start } = JSON.parse(readFileSync(join(__dirname, "settings.json"), "utf8"));
module.exports = async () => (await import(start)).start(__dirname);
