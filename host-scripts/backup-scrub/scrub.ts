import { statfsSync } from "node:fs";
import type { Phase } from "../runtime/phases";
import { quoted } from "../runtime/quoted";
import { required } from "../runtime/required";
import type { Scrub } from "./backup-scrub";
import { tellLacking } from "./lacking";
import { passOver } from "./pass";
import { bytesOf } from "./paths";
import { writeState } from "./state";
import { type Cost, leftMs } from "./time";

const dayMs = 86_400_000;
/** A night does that much more than its share: what a missed or slow one left is made up within the period. */
const headroom = 1.25;
/** So many rotten files in one run are a disk that is dying: reading on only wears it out. */
const mostRotten = 1000;

/** Reads the night's share of the disk: what was not read for longest first. */
export const scrub: Phase<Scrub> = {
  name: "scrub",
  async run(run) {
    const { config, log, notes, stop, startedAt } = run;
    const state = required(run.state, "state");
    const share = shareOf(run);
    const disk = statfsSync(config.target.path);
    const used = {
      bytes: (disk.blocks - disk.bfree) * disk.bsize,
      files: disk.files - disk.ffree,
    };
    let done = 0;
    let end: "share" | "time" | "rot" | undefined;
    const isLate = (): boolean => leftMs(run, "scrub") <= 0;
    // Many small files cost as much as a few big ones, so a file counts by both.
    const spend = ({ bytes }: Cost): boolean => {
      done += (bytes / Math.max(used.bytes, 1) + 1 / Math.max(used.files, 1)) / 2;
      if (share < 1 && done >= share) end = "share";
      else if (isLate()) end = "time";
      else if (run.foundNow.size >= mostRotten) end = "rot";
      return end === undefined;
    };
    let whole = 0;
    for (const unit of required(run.units, "units")) {
      stop.check("scrub");
      log.info(`reads ${quoted(bytesOf(unit.name))}`);
      if (await passOver(run, unit, { spend, isLate })) whole += 1;
      if (end !== undefined) break;
    }
    await tellLacking(run);
    if (end === "time")
      notes.push(
        `its time was up after ${(100 * done).toFixed(1)} % of the disk, the share of this run was ${(100 * share).toFixed(1)} %; the next run goes on there`,
      );
    log.info(`${run.read.files} files (${run.read.bytes} bytes) were read, ${whole} units to their end`);
    // After a share that wasn't done, the time since the last one goes on counting.
    if (end === "rot")
      run.faults.push(`${mostRotten} rotten files were found, and then no more were looked for`);
    if (end !== "time") {
      state.shareMs = startedAt.getTime();
      writeState(config.stateDir, state);
    }
  },
};

/** Part of the disk that this run reads; 1 for all of it. A clock that went back leaves a day's. */
function shareOf({ config, state, startedAt }: Scrub): number {
  const last = state?.shareMs;
  const sinceMs = last === undefined ? dayMs : startedAt.getTime() - last;
  return ((sinceMs > 0 ? sinceMs : dayMs) * headroom) / config.periodMs;
}
