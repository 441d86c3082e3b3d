// Brings node_modules to what package-lock.json says, once: `npm start` and `npm test` begin here, on a fresh clone too.
// Plain JavaScript without a dependency, because nothing is installed yet when it runs.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const self = fileURLToPath(import.meta.url);
const root = dirname(dirname(self));
const stamp = join(root, "node_modules", ".holdfast-lock");
const lock = createHash("sha256")
  .update(readFileSync(join(root, "package-lock.json")))
  .digest("hex");

if (installed() !== lock) {
  if (process.argv[1] === self && process.argv[2] === "in-turn") install();
  else inTurn();
}

/**
 * Two first calls at once would each empty node_modules under the other: the second one waits, and finds all installed. The kernel holds the lock,
 * for npm too, and frees it whatever becomes of them. Where there is no `flock`, as on macOS, nobody waits.
 */
function inTurn() {
  const folder = join(root, ".holdfast");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "install.lock");
  const flock = (...words) => spawnSync("flock", words, { stdio: "inherit" });
  if (flock("-n", file, "true").status === 1)
    console.error("Another call installs the npm packages: waiting until it has ended");
  const { error, status } = flock(file, process.execPath, self, "in-turn");
  if (error?.code === "ENOENT") install();
  else if (status !== 0) process.exit(status ?? 1);
}

function install() {
  console.error(
    "Installing the npm packages of package-lock.json into node_modules (about half a minute, once)",
  );
  // Install scripts are off: those of the Pulumi packages download plugins, which the engine bootstrap does by itself.
  const npm = spawnSync("npm", ["ci", "--ignore-scripts", "--no-progress", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
  });
  if (npm.status !== 0) {
    console.error(
      "npm ci failed. Nothing else was changed. Check that the npm registry answers (npm ping), then run the same command again.",
    );
    process.exit(1);
  }
  writeFileSync(stamp, lock);
}

function installed() {
  try {
    return readFileSync(stamp, "utf8");
  } catch {
    return undefined;
  }
}
