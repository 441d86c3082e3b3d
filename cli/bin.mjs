#!/usr/bin/env node
// The `holdfast` command, as a package has it: hands over to cli/main.ts.
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { evaluate, stopEvaluations } from "./evaluate.mjs";
import { load, sourceStack } from "./quick.mjs";

const words = process.argv.slice(2);
// Through `npm run`, the working folder is the project's.
const folder = process.env.npm_lifecycle_event === "holdfast" ? process.env.INIT_CWD : undefined;
// A reader that has enough, such as head, ends the output and not the truth of the exit code.
process.stderr.on("error", () => undefined);
process.stdout.on("error", error => {
  if (error.code === "EPIPE") return;
  console.error(`The result can't be written whole: ${error.message}. Make room, or write it elsewhere.`);
  process.once("exit", () => (process.exitCode = 2));
});
try {
  const file = estateFile();
  // While main.ts loads; it asks for the same file.
  if (file !== undefined) void evaluate(file);
  const use = /^[a-z-]{1,20}$/.test(words[0] ?? "") ? `.${words[0]}` : "";
  const { main } = load(fileURLToPath(new URL("main.ts", import.meta.url)), use);
  process.exitCode = await main(words, { evaluate, folder: folder ?? process.cwd() });
} catch (error) {
  console.error(error instanceof Error ? sourceStack(error.stack ?? error.message) : error);
  process.exitCode = 70;
} finally {
  stopEvaluations();
}

/** The TypeScript file that a command with an estate asks for, by its words alone; undefined where they don't say one. */
function estateFile() {
  if (!/^[a-z]/.test(words[0] ?? "") || words.includes("--help")) return undefined;
  const value = name => {
    const at = words.findIndex(word => word === name || word.startsWith(`${name}=`));
    return at < 0 ? undefined : words[at] === name ? words[at + 1] : words[at].slice(name.length + 1);
  };
  const named = value("--estate");
  if (named !== undefined) return named.endsWith(".ts") ? resolve(folder ?? ".", named) : undefined;
  const stack = value("--stack");
  const own = resolve(folder ?? ".", "estate.ts");
  if (stack === undefined && existsSync(own)) return own;
  const file = fileURLToPath(new URL(`../stacks/${stack ?? "homelab"}/estate.ts`, import.meta.url));
  return existsSync(file) ? file : undefined;
}
