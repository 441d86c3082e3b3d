import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** Node's word for a folder that the disk doesn't give. @param end of the folder's path @returns a runner's environment */
export function failingFolder(folder: string, end: string): Record<string, string> {
  const preload = join(folder, "eio.cjs");
  writeFileSync(
    preload,
    `const fs = require("node:fs"), opendir = fs.opendirSync, open = fs.openSync, readdir = fs.readdirSync;
const fail = path => { if (String(path).endsWith(${JSON.stringify(end)})) throw Object.assign(new Error("EIO: i/o error, opendir"), { code: "EIO", errno: -5, syscall: "opendir" }); };
fs.opendirSync = (path, ...rest) => { fail(path); return opendir(path, ...rest); };
fs.readdirSync = (path, ...rest) => { fail(path); return readdir(path, ...rest); };
fs.openSync = (path, ...rest) => { fail(path); return open(path, ...rest); };
require("node:module").syncBuiltinESMExports();`,
  );
  return { NODE_OPTIONS: `--require ${preload}` };
}
