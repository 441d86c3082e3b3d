import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The parts of the host's script, in the order in which they are joined. */
const parts = ["common", "owner", "stage", "verify", "activate", "switch", "roll-back", "remove", "main"];

/** Text of the script that makes, switches and removes releases on the host (POSIX sh, as root). */
export function releaseScript(): string {
  const folder = scriptFolder(dirname(fileURLToPath(import.meta.url)));
  return `#!/bin/sh\n${parts.map(part => readFileSync(join(folder, `${part}.sh`), "utf8")).join("\n")}`;
}

/** Searched upwards: in a bundle, `import.meta.url` is the entry's, at whatever depth that lies. */
function scriptFolder(folder: string): string {
  const candidate = join(folder, "components", "host-release");
  if (existsSync(join(candidate, "common.sh"))) return candidate;
  const parent = dirname(folder);
  if (parent === folder) throw new Error("components/host-release/common.sh lies nowhere above the program");
  return scriptFolder(parent);
}
