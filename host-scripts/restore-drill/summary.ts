import { secondsAt } from "../../plan/contracts/drill-record";
import {
  drilledMetrics,
  restoreDrillMetricNames,
  type restoreDrillMetrics,
} from "../../plan/contracts/restore-drill";
import type { Counted } from "../../plan/contracts/metric";
import type { Summary } from "../runtime/job-run";
import { family } from "../runtime/metric-text";
import { tellPart } from "../runtime/part-metrics";
import { pastOf } from "./evidence";
import type { RestoreDrill } from "./restore-drill";
import { keyOf, oldestProvedMs } from "./turns";

/** What a run tells of itself. */
export const summary: Summary<RestoreDrill, Counted<typeof restoreDrillMetrics>> = {
  values(run) {
    const oldestMs = oldestMsOf(run);
    return {
      [restoreDrillMetricNames.bytes]: run.done.bytes,
      [restoreDrillMetricNames.proved]: run.done.proved,
      [restoreDrillMetricNames.failed]: run.done.failed,
      [restoreDrillMetricNames.skipped]: run.done.skipped,
      [restoreDrillMetricNames.oldestProved]:
        oldestMs === undefined ? undefined : Math.floor(oldestMs / 1000),
    };
  },
  // Not "failed", which is what a run says of itself.
  figures: ({ done: { failed, ...done }, copies, due, dryRun, drills, passedOver }) => ({
    ...done,
    notProved: failed,
    copies: copies?.length,
    ...(dryRun
      ? { would: due?.map(({ tier, of, path, at }) => ({ tier, of, path, at })) }
      : { drills, passedOver }),
  }),
  done: ({ done }, seconds) =>
    `${done.proved} copies came back as they are to be, ${done.skipped} were passed over; ${done.bytes} bytes in ${seconds} s`,
};

function oldestMsOf({ config, copies, evidence, state, startedAt }: RestoreDrill): number | undefined {
  if (!copies || !evidence || !state) return undefined;
  const at = { seen: state.seen, nowMs: startedAt.getTime() };
  return oldestProvedMs(copies, pastOf(evidence.records, config.host), at);
}

/** Tells of each copy when it was last proved, and how long that took. */
export async function tellCopies(run: RestoreDrill, stop: AbortSignal): Promise<void> {
  const { config, copies, evidence, log } = run;
  if (!copies || !evidence) return;
  const proved = new Map(
    evidence.records
      .filter(({ result, host }) => result === "proved" && host === config.host)
      .map(record => [keyOf(record), record]),
  );
  const [age, seconds, bytes, whole] = drilledMetrics;
  const series = copies.map(({ tier, of }) => ({
    labels: { tier, service: of },
    record: proved.get(keyOf({ tier, of })),
  }));
  const known = series.flatMap(({ labels, record }) => (record ? [{ labels, record }] : []));
  await tellPart(
    config,
    {
      families: [
        family(
          age,
          series.map(({ labels, record }) => ({
            labels,
            value: record ? Math.floor(Date.parse(record.at) / 1000) : 0,
          })),
        ),
        family(
          seconds,
          known.map(({ labels, record }) => ({ labels, value: record.seconds.restore })),
        ),
        family(
          bytes,
          known.map(({ labels, record }) => ({ labels, value: record.restored.bytes })),
        ),
        family(
          whole,
          known.flatMap(({ labels, record }) => {
            const value = secondsAt(record);
            return value === undefined ? [] : [{ labels, value }];
          }),
        ),
      ],
      textfile: config.copiesTextfile,
      what: "when each copy was last proved",
    },
    stop,
    log,
  );
}
