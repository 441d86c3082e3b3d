import { pfsenseBackupConfig, pfsenseBackupMetrics } from "../plan/contracts/pfsense-backup";
import { config } from "./pfsense-backup/config";
import { type FirewallBackup, journalFolder } from "./pfsense-backup/pfsense-backup";
import { promote, prune } from "./pfsense-backup/promote";
import { tar } from "./pfsense-backup/tar";
import { summary } from "./pfsense-backup/summary";
import { verify } from "./pfsense-backup/verify";
import { startRunner } from "./runtime/define-runner";
import { discard } from "./runtime/generations";
import { recover } from "./runtime/journal";

startRunner({
  name: "pfsense-backup",
  does: "Keeps generations of a pfSense's configuration and files on the backup disk of this host.",
  accepts: { what: "FIREWALL", why: "the firewall is meant to have lost what it had" },
  contract: pfsenseBackupConfig,
  metrics: pfsenseBackupMetrics,
  begin: (run, accepted): FirewallBackup => ({ ...run, accepted, startedAt: new Date() }),
  locked: run => void recover(journalFolder(run.config)),
  dryRun: [verify, prune],
  phases: [verify, config, tar, promote, prune],
  summary,
  // The next run removes what a killed one has built, as it verifies the disk first.
  async finish({ fresh, segment }) {
    segment?.promote();
    if (fresh) discard(fresh);
  },
});
