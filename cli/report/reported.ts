import type { Plan } from "../../plan";
import type { Live } from "./live";

/** What a report is of. */
export interface Reported {
  readonly plan: Plan;
  /** Words by which another command gets the same estate. */
  readonly named: readonly string[];
  /** Noon of the day on which it is made, as epoch ms: all that it says is of that instant. */
  readonly asOfMs: number;
  /** What hosts and clusters say; absent where nobody asked them. */
  readonly live?: Live | undefined;
}
