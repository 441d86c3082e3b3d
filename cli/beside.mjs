// Runs scripts of package.json side by side: `node cli/beside.mjs SCRIPT...`. Each line says whose it is. All of them run to
// their end, so that one run tells all that is wrong, and it ends with 1 when one of them has failed. What the tests mark as
// failed (`test/summary.mjs`) is told once more as the last thing: by then hours of the others' lines may have come after it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/**
 * Programs in Go (promtool, Kubernetes' API server, Pulumi and its plugins) collect garbage each time their heap has doubled. Where it may grow
 * to five times, up to a gibibyte, a promtool of a year takes three quarters of the processor time, and a lab with its servers five sixths.
 */
const go = { GOGC: "400", GOMEMLIMIT: "1GiB" };

/** Behind the names of what ran it. */
const isMarked = /^(\S+: )*✗ /;
/** A set: what runs side by side within one of the scripts has told its own already. */
const marked = new Set();
const failed = (await Promise.all(process.argv.slice(2).map(run))).filter(script => script !== undefined);
if (failed.length > 0) {
  for (const line of marked) console.error(line);
  console.error(`✗ Failed: ${failed.map(script => `npm run ${script}`).join(", ")}`);
  process.exitCode = 1;
}

/** @returns the script's name when it has failed */
async function run(script) {
  const child = spawn("npm", ["run", "--silent", script], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...go, ...process.env },
  });
  for (const [from, to] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ])
    createInterface({ input: from }).on("line", line => {
      to.write(`${script}: ${line}\n`);
      if (isMarked.test(line)) marked.add(line.replace(isMarked, "✗ "));
    });
  const [code] = await once(child, "close");
  return code === 0 ? undefined : script;
}
