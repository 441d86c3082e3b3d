// Evaluates one estate: `node cli/estate-process.mjs FILE`, started by cli/evaluate.mjs. Descriptor 3 gets a line when the
// file's own code begins, and then the answer as JSON.
import { fileURLToPath } from "node:url";
import { load } from "./quick.mjs";
import { bundleOf } from "./run.mjs";

const [file] = process.argv.slice(2);
const { answer } = load(fileURLToPath(new URL("estate-process.ts", import.meta.url)));
await answer(file, bundleOf, load);
