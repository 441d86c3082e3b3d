import type { RestoreDrillConfig } from "../../plan/contracts/restore-drill";
import type { JobRun } from "../runtime/job-run";
import type { Evidence } from "./evidence";
import type { DrillState } from "./state";
import type { DrillCopy } from "./turns";

/** One run, filled by its phases. */
export interface RestoreDrill extends JobRun<RestoreDrillConfig> {
  readonly startedAt: Date;
  /** The same on the clock that nobody sets. */
  readonly startMs: number;
  evidence?: Evidence;
  state?: DrillState;
  /** Everything that could be drilled. */
  copies?: readonly DrillCopy[];
  /** Those whose turn it is, in their order. */
  due?: readonly DrillCopy[];
  /** What this run has drilled; `bytes` were restored and compared. */
  readonly done: { proved: number; failed: number; skipped: number; bytes: number };
  /** What a run can't call a success. */
  readonly faults: string[];
}
