import { acceptedBy, isInForce } from "../../plan/contracts/accepted";
import { noted } from "../runtime/quoted";
import type { Scrub } from "./backup-scrub";
import { bytesOf } from "./paths";

/** Says that something at a path of the disk is no success, unless somebody answers for it. @returns whether somebody does */
export function complain(scrub: Scrub, path: string, text: string): boolean {
  if (isAccepted(scrub, [path], text)) return true;
  scrub.faults.push(text);
  return false;
}

/** Whether one of a file's names is accepted; noted then, and also when it no longer is. */
export function isAccepted(
  { config, startedAt, notes, log }: Scrub,
  names: readonly string[],
  text: string,
): boolean {
  for (const name of names) {
    // Without its quotes a name is as the log shows it: also one that no estate's text can hold.
    const entry = acceptedBy(config.accepted, noted(bytesOf(name)));
    if (!entry) continue;
    const { reason, until } = entry;
    if (isInForce(entry, startedAt.getTime())) {
      notes.push(`accepted until ${until} (${reason}): ${text}`);
      return true;
    }
    log.warn(`was accepted until ${until} (${reason}), and counts again: ${text}`);
  }
  return false;
}
