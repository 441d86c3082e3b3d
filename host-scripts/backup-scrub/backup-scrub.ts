import type { BackupScrubConfig } from "../../plan/contracts/backup-scrub";
import type { JobRun } from "../runtime/job-run";
import type { RottenFile } from "./rotten";
import type { ScrubState } from "./state";
import type { Unit } from "./units";

/** One run, filled by its phases. */
export interface Scrub extends JobRun<BackupScrubConfig> {
  readonly startedAt: Date;
  /** The same on the clock that nobody sets. */
  readonly startMs: number;
  /** What the disk holds, in the order in which it is read. */
  units?: readonly Unit[];
  state?: ScrubState;
  /** What was read in this run; `recorded` are those that had not been read before. */
  readonly read: { files: number; bytes: number; recorded: number };
  /** Keys of the files that this run found rotten: they were read twice already. */
  readonly foundNow: Set<string>;
  /** Rotten files that are left as they are, and that nobody has accepted. */
  left?: readonly RottenFile[];
  /** Rotten files that were mended. */
  readonly mended: RottenFile[];
  /** What is wrong with the catalogue itself, and what else a run can't call a success. */
  readonly faults: string[];
}
