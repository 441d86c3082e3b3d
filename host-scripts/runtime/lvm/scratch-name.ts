import { existsSync } from "node:fs";
import { stamp } from "./snapshots";

const prefix = "holdfast-verify-";

/** Name of the throw-away snapshot that a look into a snapshot is taken by: its end is this process. */
export function verifyScratchName(): string {
  return `${prefix}${stamp(Date.now())}-${process.pid}`;
}

/** Whether that is what a name is. */
export function isOfVerify(name: string): boolean {
  return name.startsWith(prefix);
}

/** Whether it is one of a look that goes on: such a look holds no lock, and its device isn't open at every moment. */
export function isLookedInto(name: string): boolean {
  return isOfVerify(name) && existsSync(`/proc/${name.slice(name.lastIndexOf("-") + 1)}`);
}
