// Brings node_modules to what package-lock.json says, once: `npm start` and `npm test` begin here, on a fresh clone too.
// Plain JavaScript without a dependency, because nothing is installed yet when it runs.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamp = join(root, "node_modules", ".holdfast-lock");
const lock = createHash("sha256")
  .update(readFileSync(join(root, "package-lock.json")))
  .digest("hex");

if (installed() !== lock) {
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
