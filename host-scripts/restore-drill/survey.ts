import type { DrillRecord } from "../../plan/contracts/drill-record";
import { nearest } from "../../plan/contracts/near";
import { Refusal } from "../runtime/errors";
import type { Phase } from "../runtime/phases";
import { noted, quoted } from "../runtime/quoted";
import { ready, shell } from "../runtime/shell";
import { copiesOf } from "./copies";
import { openEvidence, pastOf, readEvidence } from "./evidence";
import type { RestoreDrill } from "./restore-drill";
import { readState, writeState } from "../runtime/drill-state";
import { type DrillCopy, inTheirTurn, keyOf } from "./turns";

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
    const tiers = config.tiers.filter(({ tier }) => isTierAsked(tier, drill.only));
    const copies = await copiesOf(tiers, drill);
    refuseUnknown(drill, copies);
    const nowMs = startedAt.getTime();
    const seen = Object.fromEntries(copies.map(copy => [keyOf(copy), before.seen[keyOf(copy)] ?? nowMs]));
    // What can't be listed now isn't new when it is back.
    const state = {
      seen: { ...(faults.length > 0 || tiers.length < config.tiers.length ? before.seen : {}), ...seen },
      lastRecord: Math.max(before.lastRecord, evidence.records.at(-1)?.number ?? 0),
    };
    if (!dryRun) writeState(config.stateDir, state);
    const due = dueOf(drill, copies, evidence.records, nowMs);
    Object.assign(drill, { evidence, copies, due, state } satisfies Partial<RestoreDrill>);
    log.info(`${copies.length} copies, of which it is the turn of ${due.length}`);
    if (dryRun) for (const copy of due) log.info(`would restore ${noted(copy.of)} from ${quoted(copy.path)}`);
  },
};

/** Whose turn it is; or what somebody asked for, in the same order, so that one command after the other comes to all. */
function dueOf(
  { config, only }: RestoreDrill,
  copies: readonly DrillCopy[],
  records: readonly DrillRecord[],
  nowMs: number,
): DrillCopy[] {
  const past = pastOf(records, config.host);
  if (only.length === 0) return inTheirTurn(copies, past, { nowMs, periodMs: config.periodMs });
  const asked = copies.filter(({ tier, of }) => only.includes(tier) || only.includes(`${tier}:${of}`));
  return inTheirTurn(asked, past, { nowMs, periodMs: 0 });
}

function isTierAsked(tier: string, only: readonly string[]): boolean {
  return only.length === 0 || only.some(name => name === tier || name.startsWith(`${tier}:`));
}

/** A slip of the pen would drill nothing, and end well. @throws {Refusal} */
function refuseUnknown({ config, only, faults }: RestoreDrill, copies: readonly DrillCopy[]): void {
  const tiers = config.tiers.map(({ tier }) => tier);
  const names = [...tiers, ...copies.map(({ tier, of }) => `${tier}:${of}`)];
  const unknown = only.find(name => !names.includes(name));
  // Where a tier couldn't be listed, that is what is told.
  if (unknown === undefined || faults.length > 0) return;
  const near = nearest(unknown, new Set(names)).map(name => `"${name}"`);
  const meant =
    near.length > 0
      ? `; did you mean ${near.join(" or ")}?`
      : `, expected ${tiers.join(" or ")}, or one of its copies`;
  throw new Refusal(
    `--only="${unknown}" is no copy that is there${meant}`,
    shell`${config.job} run --dry-run ${ready(tiers.map(tier => shell`--only=${tier}`).join(" "))}`,
  );
}

function never(): never {
  throw new Error("a dry run leaves no record");
}
