import { pfsenseBackupConfig, pfsenseBackupMetrics } from "../plan/contracts/pfsense-backup";
import { config } from "./pfsense-backup/config";
import { type FirewallBackup, rootOf } from "./pfsense-backup/pfsense-backup";
import { promote, prune } from "./pfsense-backup/promote";
import { tar } from "./pfsense-backup/tar";
import { summary } from "./pfsense-backup/summary";
import { verify } from "./pfsense-backup/verify";
import { list, versions } from "./pfsense-backup/ways/list";
import { restore, restoreSwitches } from "./pfsense-backup/ways/restore";
import { verify as verifyGenerations } from "./pfsense-backup/ways/verify";
import { startRunner } from "./runtime/define-runner";
import { messageOf } from "./runtime/errors";
import { discard, emptyTrash } from "./runtime/generations";
import { endHandOver, journalFolder } from "./runtime/hand-over";
import { recover } from "./runtime/journal";
import { judgeTrash } from "./runtime/unremoved";

startRunner({
  name: "pfsense-backup",
  does: "Keeps generations of a pfSense's configuration and files on the backup disk of this host.",
  accepts: { what: "FIREWALL", why: "the firewall is meant to have lost what it had" },
  ways: {
    list: {
      usage: "[PERIOD]",
      does: "the generations of the firewall, the newest first, and what is incomplete",
      run: list,
    },
    versions,
    verify: {
      usage: "[PERIOD]",
      does: "read config.xml and the tar of each generation to their ends, against their checksums",
      run: verifyGenerations,
    },
    restore: {
      usage: "--into DIR",
      does: "copy the newest generation, or that of --at, into a folder; the firewall itself is never touched",
      words: [0, 0],
      switches: restoreSwitches,
      run: restore,
    },
  },
  contract: pfsenseBackupConfig,
  metrics: pfsenseBackupMetrics,
  begin: (run, accepted): FirewallBackup => ({ ...run, accepted, startedAt: new Date(), unremoved: [] }),
  locked: run => void recover(journalFolder(run.config)),
  dryRun: [verify, prune],
  phases: [verify, config, tar, promote, prune, judgeTrash<FirewallBackup>()],
  summary,
  // The next run removes what a killed one has built, as it verifies the disk first.
  async finish(backup, stop) {
    endHandOver(backup);
    const { config, fresh, log } = backup;
    if (!fresh) return;
    discard(fresh);
    // At once: other jobs need its room before the next run.
    await emptyTrash([rootOf(config)], stop).catch((error: unknown) => log.warn(messageOf(error)));
  },
});
