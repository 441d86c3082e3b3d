import type { Range } from "../ranges";
import type { Labels, Series } from "../series";

/** One element of a result: its labels, and the values that it can have. */
export interface Sample {
  readonly labels: Labels;
  readonly range: Range;
  /** Whether it is there for sure: only where a moment is evaluated, as any series may be gone at some time. */
  readonly sure: boolean;
  /** The series that it was read from, while it still is one. */
  readonly series?: Series;
}
