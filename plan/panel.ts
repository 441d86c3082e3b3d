/** What a dashboard's number is. An `age` is made of an instant in epoch seconds: how long ago that was. */
export type PanelUnit = "age" | "seconds" | "days" | "bytes" | "percent" | "count" | "yes-no";

/** A panel of the dashboard of a job's layer: some of the job's metrics, of one unit. Jobs of a layer with a panel of one title share it. */
export interface JobPanel {
  readonly title: string;
  readonly unit: PanelUnit;
  /** What each metric's line is called, beside the labels that its series have. */
  readonly shows: Readonly<Record<string, string>>;
  /** Where the estate's overview has it too. @default nowhere */
  readonly overview?: "stores" | "debt" | "proofs";
}
