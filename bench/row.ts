/** One line of the bench's table. */
export interface Row {
  readonly name: string;
  /** What was measured, with its unit or as a ratio: "1.08 ×". */
  readonly value: string;
  /** What is aimed at: "≤ 1.15 ×". */
  readonly aim: string;
  readonly ok: boolean;
}
