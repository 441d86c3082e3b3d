// Bundles the program when it changed, and runs it with a stack's estate.
import { fileURLToPath } from "node:url";
// Before source maps are on: those of the SDK would be read too.
import "./sdk.cjs";
import { evaluate } from "../cli/evaluate.mjs";
import { load } from "../cli/run.mjs";

/**
 * Gives the outputs of the stack that Pulumi runs.
 * @param {string} folder has a folder with an estate.ts for each stack
 */
export async function start(folder) {
  const { run } = load(fileURLToPath(new URL("main.ts", import.meta.url)));
  try {
    mapStacks(false);
    return await run({ folder, evaluate });
  } catch (error) {
    mapStacks(true);
    // A stack is made into text when it is first read, so this one names the lines of the sources.
    if (error instanceof Error) void error.stack;
    throw error;
  }
}

/**
 * The SDK takes a stack with each resource and promise; mapping all of them through the bundle's source map would cost
 * more than the program itself. A language host that has ts-node at work (whatever Pulumi.yaml says) does so.
 */
function mapStacks(wanted) {
  process.setSourceMapsEnabled(wanted);
  Error.prepareStackTrace = undefined;
}
