import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ScrubState } from "../../../host-scripts/backup-scrub/state";
import type { ScrubWorld } from "./scrub-world";

/** Changes what a scrub has kept of its runs, as if it were another day. */
export function editState({ config }: ScrubWorld, edit: (state: ScrubState) => ScrubState): void {
  const file = join(config.stateDir, "standing");
  const [, text = ""] = readFileSync(file, "utf8").split("\n");
  const changed = JSON.stringify(edit(JSON.parse(text) as ScrubState));
  writeFileSync(file, `${createHash("sha256").update(changed).digest("hex")}\n${changed}\n`);
}
