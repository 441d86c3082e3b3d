import { backupScrubConfig, backupScrubMetrics, scrubJobName } from "../plan/contracts/backup-scrub";
import type { Scrub } from "./backup-scrub/backup-scrub";
import { judge } from "./backup-scrub/judge";
import { listRotten } from "./backup-scrub/list-rotten";
import { repair } from "./backup-scrub/repair";
import { scrub } from "./backup-scrub/scrub";
import { survey } from "./backup-scrub/survey";
import { summary } from "./backup-scrub/summary";
import { verify } from "./backup-scrub/verify";
import { startRunner } from "./runtime/define-runner";

startRunner({
  name: scrubJobName,
  does: "Reads the backup disk bit by bit, compares each file with what was recorded of it, and mends what has rotted where it can.",
  ways: {
    list: {
      usage: "[UNIT]",
      does: "what is rotten now and can't be mended, and what was read when",
      run: listRotten,
    },
  },
  contract: backupScrubConfig,
  metrics: backupScrubMetrics,
  begin: (run): Scrub => ({
    ...{ ...run, startedAt: new Date(), startMs: performance.now() },
    ...{ read: { files: 0, bytes: 0, recorded: 0 }, foundNow: new Set(), mended: [], faults: [] },
  }),
  dryRun: [verify, survey],
  phases: [verify, survey, scrub, repair, judge],
  summary,
});
