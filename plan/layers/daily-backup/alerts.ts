import { dailyBackupMetricNames } from "../../contracts/daily-backup";
import { anyValue } from "../../contracts/metric";
import type { JobAlert, Judgement, Metric } from "../../job";

/**
 * The age of each volume's copy: a run can succeed in all but one volume night after night, and the job's own last success
 * never says which. Volumes are found by pattern, so the plan doesn't know all of their names.
 */
export const volumeMetric: Metric = {
  name: dailyBackupMetricNames.volumeSuccess,
  help: "End of the last run that had a good copy of the volume, epoch seconds",
  emitted: "any-end",
  meaning: "other",
  labels: { part: "volumes", namespace: anyValue, claim: anyValue, volume: anyValue },
};

/** As old as the job's own success may be: a volume is copied at some time within each run. */
export function volumeStale(host: string, { staleAfterMs }: Judgement): JobAlert {
  return {
    name: "DailyBackupVolumeStale",
    metric: dailyBackupMetricNames.volumeSuccess,
    fires: { kind: "older", thanMs: staleAfterMs },
    summary:
      "daily-backup on " +
      host +
      ` has had no good copy of {{ $labels.namespace }}/{{ $labels.claim }} (volume {{ $labels.volume }}) for {{ $value | humanizeDuration }}, the limit is ${Math.round(staleAfterMs / 1000)} s`,
  };
}
