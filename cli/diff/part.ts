/** One kind of thing that an edit changes: the same facts for people and for machines. */
export interface Part {
  readonly title: string;
  /** Key in the JSON. */
  readonly key: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Each change by itself, in the order of the rows. */
  readonly json: readonly object[];
  /** Whether one of them is worse, and somebody was promised that it isn't. */
  readonly isWorse: boolean;
}

/** What stands in a cell for what isn't there. */
export const none = "-";

/** One text where both estates say the same. */
export function sides(was: string | undefined, is: string | undefined): string {
  return was === is ? (is ?? none) : `${was ?? none} → ${is ?? none}`;
}
