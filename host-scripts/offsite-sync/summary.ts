import type { Counted } from "../../plan/contracts/metric";
import {
  offsiteLegMetrics,
  offsiteMetricNames,
  type offsiteSyncMetrics,
} from "../../plan/contracts/offsite-sync";
import { isAhead } from "../runtime/clock";
import type { Summary } from "../runtime/job-run";
import { family } from "../runtime/metric-text";
import { tellPart } from "../runtime/part-metrics";
import { debtOf, type LegDebt } from "./leg-debt";
import type { Leg, Offsite } from "./offsite";

/** What a run tells of itself. */
export const summary: Summary<Offsite, Counted<typeof offsiteSyncMetrics>> = {
  values: ({ sent, memory, startedAt }) => ({
    [offsiteMetricNames.bytes]: sent.bytes,
    [offsiteMetricNames.wire]: sent.wireBytes,
    [offsiteMetricNames.again]: sent.againBytes,
    [offsiteMetricNames.repaired]: sent.repaired,
    [offsiteMetricNames.removed]: sent.removed,
    [offsiteMetricNames.doubtful]: Object.values(memory.doubtful).flat().length,
    [offsiteMetricNames.oldestVerified]: Math.floor(
      (memory.scrubbedMs ?? memory.scrub?.startedMs ?? startedAt.getTime()) / 1000,
    ),
  }),
  figures: ({ sent, legs, held }) => ({
    ...sent,
    legs: legs.map(({ leg, parts, sent: own, isDone }) => ({
      from: leg.from,
      ...own,
      isDone,
      parts: parts.map(({ folder, todo }) => ({ folder, by: todo.kind })),
    })),
    held: held.map(({ what, reason }) => ({ what, reason })),
  }),
  done: ({ config, sent, legs }, seconds) =>
    `${legs.length} legs are at ${config.destination.name}, verified: ${sent.files} files sent (${sent.bytes} bytes, ${sent.wireBytes} on the wire), ${sent.removed} removed in ${seconds} s`,
};

/**
 * Tells how each leg stands, also one that was not sent. One that was never whole there says 0, which is older than any limit; what
 * nobody can tell is left out.
 */
export async function tellLegs(run: Offsite, stop: AbortSignal): Promise<void> {
  const { config, memory, log } = run;
  // A run that didn't have the lock knows nothing, and a dry one tells nothing.
  if (!run.lock) return;
  const seconds = (ms: number): number => Math.floor(ms / 1000);
  const standOf = async (each: Leg) => {
    const { from } = each;
    const leg = run.legs.find(other => other.leg === each);
    const lastMs = memory.legs[from] ?? 0;
    // Told by a clock that was ahead, it would keep an alert silent until then.
    const knownMs = isAhead(lastMs, Date.now()) ? 0 : lastMs;
    const isDone = leg?.isDone === true;
    const owed: LegDebt = isDone
      ? { amount: { files: 0, bytes: 0 }, oldestMs: leg.asOfMs }
      : await debtOf(run, each);
    return {
      from,
      legStatus: isDone ? 0 : 1,
      legSuccess: seconds(knownMs),
      debt: owed.amount?.files,
      debtBytes: owed.amount?.bytes,
      // What nobody named may have changed right after the leg was whole.
      oldest: seconds(owed.oldestMs ?? knownMs),
      legFiles: leg?.sent.files ?? 0,
      legBytes: leg?.sent.bytes ?? 0,
      legWire: leg?.sent.wireBytes ?? 0,
    };
  };
  const stands = await Promise.all(config.legs.map(standOf));
  const familyOf = (what: keyof typeof offsiteLegMetrics) =>
    family(
      offsiteLegMetrics[what],
      stands.flatMap(({ from, [what]: value }) =>
        value === undefined ? [] : [{ labels: { leg: from }, value }],
      ),
    );
  await tellPart(
    config,
    {
      families: [
        familyOf("legStatus"),
        ...(["legSuccess", "debt", "debtBytes", "oldest"] as const).map(familyOf),
        ...(["legFiles", "legBytes", "legWire"] as const).map(familyOf),
      ],
      textfile: config.legsTextfile,
      what: "how each leg stands",
    },
    stop,
    log,
  );
}
