import type { Phase } from "../runtime/phases";
import { quoted } from "../runtime/quoted";
import { copiesOf } from "./copies";
import { openEvidence, pastOf, readEvidence } from "./evidence";
import type { RestoreDrill } from "./restore-drill";
import { readState, writeState } from "./state";
import { inTheirTurn, keyOf } from "./turns";

/** What copies there are, and whose turn it is. */
export const survey: Phase<RestoreDrill> = {
  name: "survey",
  async run(drill) {
    const { config, dryRun, faults, log, startedAt } = drill;
    const before = readState(config.stateDir);
    const evidence = dryRun
      ? { ...readEvidence(config, before.lastRecord), add: never }
      : openEvidence(config, before.lastRecord);
    faults.push(...evidence.faults.map(fault => `the record of drills: ${fault}`));
    const copies = [];
    for (const tier of config.tiers) copies.push(...(await copiesOf(tier, drill)));
    const nowMs = startedAt.getTime();
    const seen = Object.fromEntries(copies.map(copy => [keyOf(copy), before.seen[keyOf(copy)] ?? nowMs]));
    // What can't be listed now isn't new when it is back.
    const state = {
      seen: { ...(faults.length > 0 ? before.seen : {}), ...seen },
      lastRecord: lastOf(evidence),
    };
    if (!dryRun) writeState(config.stateDir, state);
    const due = inTheirTurn(copies, pastOf(evidence.records), { nowMs, periodMs: config.periodMs });
    Object.assign(drill, { evidence, copies, due, state } satisfies Partial<RestoreDrill>);
    log.info(`${copies.length} copies, of which it is the turn of ${due.length}`);
    if (dryRun) for (const copy of due) log.info(`would restore ${copy.of} from ${quoted(copy.path)}`);
  },
};

function lastOf({ records }: Pick<NonNullable<RestoreDrill["evidence"]>, "records">): number {
  return records.at(-1)?.number ?? 0;
}

function never(): never {
  throw new Error("a dry run leaves no record");
}
