import { volumeMetrics } from "../../plan/contracts/daily-backup";
import { family } from "../runtime/metric-text";
import { tellPart } from "../runtime/part-metrics";
import type { DailyBackup } from "./daily-backup";
import { readRecords } from "./record";

/**
 * Tells how old the copy of each covered volume is, also of one that is missing, and when its files were last read whole. One
 * that was never copied says 0, which is older than any limit.
 */
export async function tellVolumes(run: DailyBackup, stop: AbortSignal): Promise<void> {
  const { config, log, tasks } = run;
  if (!tasks || !config.volumes) return;
  const records = readRecords(config.stateDir);
  // Nobody is promised a copy of a raw block volume's files.
  const copied = tasks.filter(({ claim }) => !claim?.isBlock);
  const seriesOf = (field: "successMs" | "contentMs") =>
    copied.map(({ volume, claim }) => ({
      labels: { namespace: claim?.namespace ?? "", claim: claim?.name ?? "", volume },
      value: Math.floor((records.get(volume)?.[field] ?? 0) / 1000),
    }));
  const [success, content] = volumeMetrics;
  await tellPart(
    config,
    {
      families: [family(success, seriesOf("successMs")), family(content, seriesOf("contentMs"))],
      textfile: config.volumesTextfile,
      what: "the age of each volume's copy",
    },
    stop,
    log,
  );
}
