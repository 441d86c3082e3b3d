import { dailyBackupConfig, dailyBackupJobName, dailyBackupMetrics } from "../plan/contracts/daily-backup";
import { compare } from "./daily-backup/compare";
import { configurationPhase, judgeConfiguration } from "./daily-backup/configuration";
import { contents } from "./daily-backup/contents";
import type { DailyBackup } from "./daily-backup/daily-backup";
import { discover } from "./daily-backup/discover";
import { judge } from "./daily-backup/judge";
import { makeRoom } from "./daily-backup/make-room";
import { prune } from "./daily-backup/prune";
import { pruneSnapshots } from "./daily-backup/prune-snapshots";
import { recover, recoverHost } from "./daily-backup/recover";
import { endHandOver, handOver } from "./runtime/hand-over";
import { summary } from "./daily-backup/summary";
import { verify } from "./daily-backup/verify";
import { tellVolumes } from "./daily-backup/volume-metrics";
import { unfinishedRestores } from "./daily-backup/volume-restores";
import { volumes } from "./daily-backup/volumes";
import { ways } from "./daily-backup/ways";
import { startRunner } from "./runtime/define-runner";
import { judgeTrash } from "./runtime/unremoved";

const configuration = configurationPhase<DailyBackup>(handOver);

startRunner({
  name: dailyBackupJobName,
  does: "Copies the files of every snapshotted volume, their SQLite databases and the host's own configuration to the backup disk.",
  accepts: {
    what: "NAMESPACE/CLAIM|configuration",
    why: "the volume, or the host's configuration, is meant to have lost what it had, or to have other content",
  },
  ways,
  contract: dailyBackupConfig,
  metrics: dailyBackupMetrics,
  begin: (run, accepted): DailyBackup => ({
    ...{ ...run, accepted, startedAt: new Date() },
    ...{ outcomes: new Map(), distrust: [], unremoved: [], bytes: 0 },
  }),
  unfinished: ({ stateDir }) => unfinishedRestores(stateDir),
  dryRun: [verify, discover, pruneSnapshots, prune],
  phases: [
    ...[verify, recover, makeRoom, configuration, discover, compare, volumes],
    ...[pruneSnapshots, prune, contents, judge, judgeConfiguration, judgeTrash<DailyBackup>()],
  ],
  summary,
  // However the phases ended: what became visible is handed over, and each volume's age is told.
  async finish(run: DailyBackup, stop) {
    endHandOver(run);
    await tellVolumes(run, stop);
  },
  tidyUp: (config, log) => recoverHost(config, log),
});
