import type { Range } from "../ranges";
import type { Series } from "../series";

/** What there is at one instant of a made-up course of events. */
export interface Moment {
  /** Epoch ms. */
  readonly atMs: number;
  readonly course: Course;
}

/** What each series has in the course of some events. */
export interface Course {
  /** What it has at an instant: nothing where it isn't there, its whole range where it isn't known. */
  valueAt(series: Series, atMs: number): Range | undefined;
  /** What it has had in a window, oldest first, once for each change; nothing where that isn't known. */
  valuesIn(series: Series, fromMs: number, toMs: number): readonly Held[] | undefined;
}

/** A value, and for how long a series has had it. */
export interface Held {
  readonly range: Range;
  readonly forMs: number;
}
