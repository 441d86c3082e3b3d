import type { DrillRecord, DrillState } from "../../plan/contracts/drill-record";
import type { RestoreDrillConfig } from "../../plan/contracts/restore-drill";
import type { JobRun } from "../runtime/job-run";
import type { Evidence } from "../runtime/drill-records";
import type { DrillCopy } from "./turns";

/** A copy that wasn't drilled, and why. */
export interface PassedOver extends Pick<DrillCopy, "tier" | "of"> {
  readonly why: string;
}

/** One run, filled by its phases. */
export interface RestoreDrill extends JobRun<RestoreDrillConfig> {
  /** Copies that somebody asked for, "TIER" or "TIER:NAME"; those whose turn it is where it is empty. */
  readonly only: readonly string[];
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
  /** The records that this run has left. */
  readonly drills: DrillRecord[];
  /** What had its turn, or was asked for, and wasn't drilled. */
  readonly passedOver: PassedOver[];
  /** What a run can't call a success. */
  readonly faults: string[];
}
