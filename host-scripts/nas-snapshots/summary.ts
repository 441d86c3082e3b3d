import type { Counted } from "../../plan/contracts/metric";
import {
  driftSettings,
  nasDriftMetric,
  nasMetricNames,
  type nasSnapshotsMetrics,
} from "../../plan/contracts/nas-snapshots";
import { leaveDifferences } from "../runtime/differences";
import type { Summary } from "../runtime/job-run";
import { family } from "../runtime/metric-text";
import { momentText } from "../runtime/moment";
import { tellPart } from "../runtime/part-metrics";
import { comeBy } from "./come";
import type { NasLook, Snapshot } from "./nas-snapshots";

/** What a run tells of itself. */
export const summary: Summary<NasLook, Counted<typeof nasSnapshotsMetrics>> = {
  values(run) {
    const { facts, daysToFull } = run;
    const seconds = (ms: number | undefined): number | undefined =>
      ms === undefined ? undefined : Math.floor(ms / 1000);
    const skewMs = facts?.skewMs;
    return {
      [nasMetricNames.newest]: seconds(newestOf(run)?.atMs),
      [nasMetricNames.oldest]: seconds(facts?.snapshots[0]?.atMs),
      [nasMetricNames.count]: facts?.snapshots.length,
      [nasMetricNames.unknownLines]: facts?.unknownLines.length,
      [nasMetricNames.clockSkew]: skewMs === undefined ? undefined : Math.round(Math.abs(skewMs) / 1000),
      [nasMetricNames.volumeSize]: facts?.volume?.sizeBytes,
      [nasMetricNames.volumeFree]: facts?.volume?.freeBytes,
      [nasMetricNames.shareUsed]: facts?.share?.usedBytes,
      [nasMetricNames.shareQuota]: facts?.share?.quotaBytes,
      [nasMetricNames.pinned]: facts?.pinnedBytes,
      [nasMetricNames.daysToFull]: daysToFull === undefined ? undefined : Math.floor(daysToFull),
    };
  },
  figures: ({ facts, drifts, faults, daysToFull }) => ({
    ...(facts && { ...facts, snapshots: facts.snapshots.map(({ name }) => name) }),
    daysToFull,
    drifts,
    faults: faults.map(({ text }) => text),
  }),
  done(run, seconds) {
    const { config, facts, drifts } = run;
    return `${config.nas.share} on ${config.nas.name} has ${facts?.snapshots.length ?? 0} snapshots, the newest of ${momentText(newestOf(run)?.atMs ?? 0)}; ${drifts.length} settings differ from the estate; looked in ${seconds} s`;
  },
};

function newestOf({ facts, lookedAt }: NasLook): Snapshot | undefined {
  return facts && comeBy(facts.snapshots, lookedAt.getTime() + (facts.skewMs ?? 0)).at(-1);
}

/** Tells which settings differ; a look that didn't reach the NAS leaves what the one before it told. */
export async function tellDrift(run: NasLook, stop: AbortSignal): Promise<void> {
  const { config, facts, drifts, log } = run;
  if (!run.lock || !facts) return;
  leaveDifferences(
    config,
    drifts.map(({ text }) => text),
    log,
  );
  const series = driftSettings.map(setting => ({
    labels: { setting },
    value: drifts.some(drift => drift.setting === setting) ? 1 : 0,
  }));
  await tellPart(
    config,
    {
      families: [family(nasDriftMetric, series)],
      textfile: config.driftTextfile,
      what: "what differs from the estate",
    },
    stop,
    log,
  );
}
