/** A generated file of docs/. */
export interface Page {
  /** Below docs/, e.g. "checks/schedule/stale-below-gap.md". */
  readonly path: string;
  readonly text: string;
}
