import type { Plan } from "../../plan";
import type { Driller } from "../../plan/graph/drilled";
import type { Asked } from "../ask-jobs";
import { recordsHost, recordsOf, whose } from "../evidence/ask";
import { drilledBy, failedCopies, type FailedCopy, type PromisedTime, promisedTimes } from "./measured";

/** What hosts' records say of promised times. */
export interface TimesAsked {
  readonly times: readonly PromisedTime[];
  readonly failed: readonly FailedCopy[];
  /** Records that were changed, or are missing. */
  readonly faults: readonly string[];
  /** Of whom nobody knows what is on record, and on which host it lies. */
  readonly unasked: readonly { readonly of: string; readonly host: string; readonly cause: string }[];
}

/** Reads the records of each host that drills. */
export async function timesAsked(
  asked: Asked,
  plan: Plan,
  drillers: readonly Driller[],
  nowMs: number,
): Promise<TimesAsked> {
  const told = await recordsOf(asked, drillers);
  const drilled = new Map(
    told.flatMap(({ driller, told }) => ("cause" in told ? [] : [...drilledBy(driller, told.chain, nowMs)])),
  );
  return {
    times: promisedTimes(plan, drillers, drilled),
    failed: failedCopies(plan, drillers, drilled),
    faults: told.flatMap(({ driller, told }) =>
      "cause" in told ? [] : told.chain.faults.map(fault => `${whose(driller)}: ${fault}`),
    ),
    unasked: told.flatMap(({ driller, told }) =>
      "cause" in told ? [{ of: whose(driller), host: recordsHost(driller), cause: told.cause }] : [],
    ),
  };
}
