import { dailyBackupMetricNames } from "../../contracts/daily-backup";
import { datasetsOf } from "../../datasets";
import type { Estate } from "../../estate/schema";
import type { JobAlert, Judgement, Metric } from "../../job";
import type { DailyBackupSpec } from "./spec";

/**
 * The age of each volume's copy: a run can succeed in all but one volume night after night, and the job's own last success
 * never says which. Claims are those that the estate names; the runner finds the others.
 */
export function volumeMetric({ host, volumes }: DailyBackupSpec, estate: Estate): Metric {
  const excluded = new Set(volumes?.excludeNamespaces.map(({ name }) => name));
  const known = datasetsOf(estate).flatMap(({ kind, location, namespace }) => {
    const isHere = kind === "volume" && location.machine.name === host;
    if (!isHere || namespace === undefined || excluded.has(namespace)) return [];
    return [{ part: "volumes", namespace, claim: location.path.split("/").at(-1) ?? "" }];
  });
  return {
    name: dailyBackupMetricNames.volumeSuccess,
    help: "End of the last run that had a good copy of the volume, epoch seconds",
    emitted: "any-end",
    meaning: "other",
    series: known.length > 0 ? known : [{ part: "volumes" }],
  };
}

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
