import type { Finding } from "../../checks";
import type { Plan } from "../../plan";
import type { Asked } from "../ask-jobs";
import { drilledBy, type PromisedTime, promisedTimes } from "../drill/measured";
import { drillersOf } from "../../plan/graph/drilled";
import { recordsOf } from "../evidence/ask";
import { hostEvidence, type HostEvidence, type ServiceEvidence, servicesOf } from "../evidence/dossier";
import type { ClusterChoice } from "../kubectl";
import { lookAround } from "../live";
import { standings, type Stands, standsNow } from "../status/stands";

/** What hosts and clusters say of an estate at an instant: what `status`, `check --live`, `evidence` and `drill --report` ask. */
export interface Live {
  /** When they were asked, as epoch ms. */
  readonly atMs: number;
  readonly stands: Stands;
  /** What is there and no service names, or the other way round, and who couldn't be asked of it. */
  readonly findings: readonly Finding[];
  /** What hosts that restore for proof have on record. */
  readonly drilled: readonly HostEvidence[];
  readonly proved: readonly ServiceEvidence[];
  readonly times: readonly PromisedTime[];
  /** Whether all answered. */
  readonly isWhole: boolean;
}

/** Asks all of them, and changes nothing. */
export async function liveOf(asked: Asked, plan: Plan, choice: ClusterChoice, nowMs: number): Promise<Live> {
  const drillers = drillersOf(plan);
  const [stands, there, recorded] = await Promise.all([
    standsNow(asked, plan, choice, nowMs),
    lookAround(asked, plan, choice, nowMs),
    recordsOf(asked, drillers),
  ]);
  const drilled = recorded.map(({ driller, told }) =>
    hostEvidence(driller, told, { sinceMs: -Infinity, nowMs, earlier: new Map() }),
  );
  const newest = new Map(
    recorded.flatMap(({ driller, told }) =>
      "cause" in told ? [] : [...drilledBy(driller, told.chain, nowMs)],
    ),
  );
  return {
    ...{ atMs: nowMs, stands, findings: there.findings, drilled },
    proved: servicesOf(plan, drillers, drilled, nowMs),
    times: drillers.length === 0 ? [] : promisedTimes(plan, drillers, newest),
    isWhole:
      there.isWhole &&
      !("cause" in stands.silences) &&
      stands.machines.flatMap(standings).every(state => state !== "unknown") &&
      drilled.every(({ state }) => state !== "unknown"),
  };
}
