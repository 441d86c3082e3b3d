import { dailyBackupMetricNames } from "../../contracts/daily-backup";
import type { JobAlert, Judgement } from "../../job";

/** Alerts of volumes, beside those of the job. @param contentPeriodMs each is compared by content once in that time */
export function volumeAlerts(host: string, judged: Judgement, contentPeriodMs: number): JobAlert[] {
  return [volumeStale(host, judged), ...contentAlerts(host, contentPeriodMs)];
}

function contentAlerts(host: string, contentPeriodMs: number): JobAlert[] {
  return [
    {
      name: "DailyBackupContentDiffers",
      metric: dailyBackupMetricNames.differences,
      fires: { kind: "above", than: 0 },
      summary: `daily-backup on ${host} found {{ $value }} files that aren't in their copy, or have other content than it though sizes and times are the same: removed from the copy, changed with their times set back, or rotten on a disk`,
    },
    {
      name: "DailyBackupContentUnread",
      metric: dailyBackupMetricNames.volumeContent,
      fires: { kind: "older", thanMs: contentPeriodMs },
      summary: `daily-backup on ${host} has not compared {{ $labels.namespace }}/{{ $labels.claim }} (volume {{ $labels.volume }}) with its copy by content for {{ $value | humanizeDuration }}, the limit is ${Math.round(contentPeriodMs / 1000)} s`,
    },
  ];
}

/** As old as the job's own success may be: a volume is copied at some time within each run. */
function volumeStale(host: string, { staleAfterMs }: Judgement): JobAlert {
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
