import { offsiteLegMetrics, offsiteMetricNames } from "../../plan/contracts/offsite-sync";
import type { Summary } from "../runtime/job-run";
import { tellPart } from "../runtime/part-metrics";
import type { Offsite } from "./offsite";

/** What a run tells of itself. */
export const summary: Summary<Offsite> = {
  values: ({ sent }) => ({
    [offsiteMetricNames.bytes]: sent.bytes,
    [offsiteMetricNames.wire]: sent.wireBytes,
    [offsiteMetricNames.repaired]: sent.repaired,
    [offsiteMetricNames.removed]: sent.removed,
  }),
  figures: ({ sent, legs, held }) => ({
    ...sent,
    legs: legs.map(({ leg, parts, isDone }) => ({
      from: leg.from,
      isDone,
      parts: parts.map(({ folder, todo }) => ({ folder, by: todo.kind })),
    })),
    held: held.map(({ what, reason }) => ({ what, reason })),
  }),
  done: ({ config, sent, legs }, seconds) =>
    `${legs.length} legs are at ${config.destination.name}, verified: ${sent.files} files sent (${sent.bytes} bytes, ${sent.wireBytes} on the wire), ${sent.removed} removed in ${seconds} s`,
};

/** Tells how each leg stands, also one that was not sent. One that was never whole there says 0, which is older than any limit. */
export async function tellLegs(run: Offsite, stop: AbortSignal): Promise<void> {
  const { config, memory, log, startedAt } = run;
  // A run that didn't have the lock knows nothing, and a dry one tells nothing.
  if (!run.lock) return;
  const seconds = (ms: number): number => Math.floor(ms / 1000);
  const stands = config.legs.map(({ from }) => {
    const leg = run.legs.find(other => other.leg.from === from);
    const lastMs = memory.legs[from] ?? 0;
    const isDone = leg?.isDone === true;
    return {
      from,
      values: new Map<string, number>([
        [offsiteMetricNames.legSuccess, seconds(lastMs)],
        [offsiteMetricNames.debt, isDone ? 0 : (leg?.debtFiles ?? 0)],
        // What nobody named may have changed right after the leg was whole.
        [offsiteMetricNames.oldest, seconds(isDone ? startedAt.getTime() : (leg?.oldestMs ?? lastMs))],
      ]),
    };
  });
  const families = offsiteLegMetrics.map(({ name, help }) => ({
    name,
    help,
    series: stands.map(({ from, values }) => ({ labels: { leg: from }, value: values.get(name) ?? 0 })),
  }));
  await tellPart(
    config,
    { part: "legs", families, textfile: config.legsTextfile, what: "how each leg stands" },
    stop,
    log,
  );
}
