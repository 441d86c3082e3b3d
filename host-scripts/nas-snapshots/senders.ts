import type { NasSnapshotsConfig } from "../../plan/contracts/nas-snapshots";
import { RunState } from "../runtime/run-state";
import type { Memory } from "./memory";

/**
 * When each job that writes to the share had last ended with all of it there and verified, epoch ms of this host's clock: by the word
 * of its last run, or what an earlier look was told where that one failed. A job that never did is left out.
 */
export function verifiedEnds(
  { senders }: Pick<NasSnapshotsConfig, "senders">,
  { verified }: Pick<Memory, "verified">,
): Memory["verified"] {
  const ends = senders.flatMap(({ job, stateDir }): [string, number][] => {
    const end = new RunState(stateDir).readEnd();
    const endMs = end?.status === 0 ? Date.parse(end.endedAt) : verified[job];
    return endMs === undefined ? [] : [[job, endMs]];
  });
  return Object.fromEntries(ends);
}
