import { periodOf } from "../plan/contracts/period";

const dayMs = 86_400_000;

/** The day that it is where the estate is: by that clock a proof's day ends, too. */
export function todayOf({ zone }: { readonly zone: string }, asOfMs: number): string {
  return periodOf(asOfMs, "day", zone);
}

/** Whether a proof is of a day to come, for whoever wrote it down far to the east too: a slip. */
export function isAhead(proven: string, { zone }: { readonly zone: string }, asOfMs: number): boolean {
  return proven > periodOf(asOfMs + dayMs, "day", zone);
}
