import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Standing } from "../../../host-scripts/backup-scrub/standing";
import type { ScrubWorld } from "./scrub-world";

/** Changes what a scrub has kept of its runs, as if it were another day. */
export function editStanding({ config }: ScrubWorld, edit: (standing: Standing) => Standing): void {
  const file = join(config.stateDir, "standing");
  const [, text = ""] = readFileSync(file, "utf8").split("\n");
  const changed = JSON.stringify(edit(JSON.parse(text) as Standing));
  writeFileSync(file, `${createHash("sha256").update(changed).digest("hex")}\n${changed}\n`);
}
