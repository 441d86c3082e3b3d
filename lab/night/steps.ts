import { dailyBackupMetrics } from "../../plan/contracts/daily-backup";
import { lvmPvcSnapshotMetrics } from "../../plan/contracts/lvm-pvc-snapshot";
import type { Metric } from "../../plan/contracts/metric";
import { nfsMirrorMetrics } from "../../plan/contracts/nfs-mirror";
import {
  offsiteSyncJobName,
  offsiteSyncMetrics,
  offsiteSyncMetricsJob,
} from "../../plan/contracts/offsite-sync";
import { pfsenseBackupMetrics } from "../../plan/contracts/pfsense-backup";
import { restoreDrillMetrics } from "../../plan/contracts/restore-drill";
import { vmImagesMetrics } from "../../plan/contracts/vm-images";
import { mustOnHost, onHost } from "../hosts";
import { until } from "../process";
import { activeAlerts, type ActiveAlert, queryPrometheus, receivedMessages } from "../servers";

/** Jobs of the night, and what each calls the end of its last success. */
const successMetrics = {
  "nfs-mirror": successOf(nfsMirrorMetrics),
  "lvm-pvc-snapshot": successOf(lvmPvcSnapshotMetrics),
  "daily-backup": successOf(dailyBackupMetrics),
  "pfsense-backup": successOf(pfsenseBackupMetrics),
  "vm-images": successOf(vmImagesMetrics),
  "restore-drill": successOf(restoreDrillMetrics),
  [offsiteSyncJobName]: successOf(offsiteSyncMetrics),
} as const;

export type NightJob = keyof typeof successMetrics;

function successOf(metrics: readonly Metric[]): string {
  return metrics.find(({ meaning }) => meaning === "last-success")?.name ?? "";
}

/**
 * Fills the source with what a house has: the host's own files as those of two services, one that is excluded, and names,
 * links and attributes that trip careless programs.
 * @param books @param photos folders of the host that become two of the services
 * @returns how many files lie in the source then
 */
export async function fillSource(books = "/usr/share", photos = "/usr/share/zoneinfo"): Promise<number> {
  const count = await mustOnHost(
    "pve",
    `set -e
cd /srv/nfs
mkdir -p books photos frigate
cp -a ${books}/. books/
cp -a ${photos}/. photos/
echo ring >frigate/camera.mp4
mkdir -p nasty && cd nasty
echo space >'a name with spaces'
echo newline >"$(printf 'two\\nlines')"
echo dash >./-rf
echo latin1 >"$(printf 'caf\\351')"
echo linked >one && ln -f one another
ln -sf /etc/passwd out-of-the-tree
[ -p pipe ] || mkfifo pipe
truncate -s 64M sparse
echo acl >guarded && setfacl -m u:daemon:r guarded && setfattr -n user.holdfast -v kept guarded
chown daemon:daemon guarded && chmod 640 guarded
find /srv/nfs -type f | wc -l`,
    { timeoutMs: 1_200_000 },
  );
  return Number(count.trim());
}

/** The host's clock, as epoch seconds. */
export async function hostTime(): Promise<number> {
  return Number((await mustOnHost("pve", "date +%s")).trim());
}

/**
 * Waits until Prometheus has a success of a job that ended at or after an instant.
 * @param sinceS epoch seconds by the host's clock
 * @returns when that run ended, as epoch seconds
 * @throws with the unit's journal when none comes in time
 */
export async function successAfter(
  sinceS: number,
  timeoutMs: number,
  job: NightJob = "nfs-mirror",
): Promise<number> {
  const label = job === offsiteSyncJobName ? offsiteSyncMetricsJob : job;
  const series = `${successMetrics[job]}{job="${label}",instance="pve"}`;
  let endS = 0;
  const came = await until(
    async () => {
      endS = (await queryPrometheus(series))[0]?.value ?? 0;
      return endS >= sinceS;
    },
    timeoutMs,
    1000,
  );
  if (!came) throw new Error(`no success of ${job} reached Prometheus. Its journal:\n${await journal(job)}`);
  return endS;
}

/** When the mirror's timer fired last, as epoch seconds; 0 when it never did. A start by hand leaves it alone. */
export async function timerFiredAt(): Promise<number> {
  const shown = await mustOnHost(
    "pve",
    'last=$(systemctl show nfs-mirror.timer --property=LastTriggerUSec --value); [ -z "$last" ] || date -d "$last" +%s',
  );
  return Number(shown.trim());
}

/**
 * Waits for a firing alert and for the message about it.
 * @returns the alert as Alertmanager holds it
 */
export async function alertReceived(name: string, timeoutMs: number): Promise<ActiveAlert> {
  let alert: ActiveAlert | undefined;
  const came = await until(
    async () => {
      alert = (await activeAlerts()).find(({ labels }) => labels["alertname"] === name);
      return (
        alert !== undefined &&
        (await receivedMessages()).some(({ payload }) =>
          payload.attachments.some(({ title }) => title?.includes(name)),
        )
      );
    },
    timeoutMs,
    1000,
  );
  if (!came || !alert)
    throw new Error(
      `${name} didn't reach the receiver. The mirror's journal:\n${await journal("nfs-mirror")}`,
    );
  return alert;
}

/** What differs between a folder of the host and a copy of it, in bytes or metadata. */
export async function differences(folder: string, copy: string): Promise<string[]> {
  const compared = await mustOnHost(
    "pve",
    `rsync -aHAXXSn --checksum --delete --itemize-changes --numeric-ids ${folder}/ ${copy}/`,
    { timeoutMs: 1_200_000 },
  );
  return compared.split("\n").filter(line => line !== "");
}

/**
 * Starts a job's unit as its timer would, and waits until Prometheus has its success.
 * @returns seconds that the run took
 */
export async function runOnce(job: NightJob, timeoutMs: number): Promise<number> {
  const sinceS = await hostTime();
  const { exitCode } = await onHost("pve", `systemctl start ${job}.service`, { timeoutMs });
  if (exitCode !== 0) throw new Error(`${job} failed. Its journal:\n${await journal(job)}`);
  return (await successAfter(sinceS, 300_000, job)) - sinceS;
}

/** The end of a job's journal, for an error. */
async function journal(job: NightJob): Promise<string> {
  return (await onHost("pve", `journalctl -u ${job}.service -n 30 --no-pager -o cat`)).stdout;
}
