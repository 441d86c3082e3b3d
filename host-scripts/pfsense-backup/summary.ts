import type { Counted } from "../../plan/contracts/metric";
import type { pfsenseBackupMetrics } from "../../plan/contracts/pfsense-backup";
import type { Summary } from "../runtime/job-run";
import type { FirewallBackup } from "./pfsense-backup";

/** What a run tells of itself. */
export const summary: Summary<FirewallBackup, Counted<typeof pfsenseBackupMetrics>> = {
  values: ({ configBytes = 0, tarBytes = 0 }) => ({ backup_bytes: configBytes + tarBytes }),
  figures: ({ configBytes, tarBytes, members, pruned }) => ({ configBytes, tarBytes, members, pruned }),
  done: ({ config, configBytes, tarBytes, members }, seconds) =>
    `config.xml (${configBytes} bytes) and a tar of ${members} members (${tarBytes} bytes) of ${config.ssh.host} in ${seconds} s`,
};
