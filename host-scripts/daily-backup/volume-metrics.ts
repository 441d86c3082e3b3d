import { dailyBackupMetricNames } from "../../plan/contracts/daily-backup";
import { writeDurably } from "../runtime/durable";
import { messageOf } from "../runtime/errors";
import { push } from "../runtime/push";
import type { DailyBackup } from "./daily-backup";
import { readRecords } from "./record";

/**
 * Tells how old the copy of each covered volume is: in a textfile of its own, and to the Pushgateway as a part of the job's
 * metrics that is replaced as a whole. One that was never copied says 0, which is older than any limit.
 */
export async function tellVolumes(run: DailyBackup, stop: AbortSignal): Promise<void> {
  const { config, log, tasks } = run;
  if (!tasks || !config.volumes) return;
  const records = readRecords(config.stateDir);
  const name = dailyBackupMetricNames.volumeSuccess;
  const lines = tasks.map(({ volume, claim }) => {
    const labels = { namespace: claim?.namespace ?? "", claim: claim?.name ?? "", volume };
    const text = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
    return `${name}{${text.join(",")}} ${Math.floor((records.get(volume)?.successMs ?? 0) / 1000)}\n`;
  });
  const head = `# HELP ${name} End of the last run that had a good copy of the volume, epoch seconds\n# TYPE ${name} gauge\n`;
  const text = head + lines.sort().join("");
  try {
    writeDurably(config.volumesTextfile, text);
  } catch (error) {
    log.warn(`the age of each volume's copy can't be kept: ${messageOf(error)}`);
  }
  const group = { job: config.job, instance: config.host, part: "volumes" };
  const fault = await push(config.pushgateway, group, text, stop);
  if (fault !== undefined)
    log.warn(
      `the Pushgateway has not got the age of each volume's copy (${fault}). It is kept in "${config.volumesTextfile}"`,
    );
}
