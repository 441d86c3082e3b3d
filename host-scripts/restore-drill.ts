import {
  restoreDrillConfig,
  restoreDrillJobName,
  restoreDrillMetrics,
} from "../plan/contracts/restore-drill";
import { drill } from "./restore-drill/drill";
import { judge } from "./restore-drill/judge";
import type { RestoreDrill } from "./restore-drill/restore-drill";
import { clearScratch, proveScratch } from "./restore-drill/scratch";
import { summary, tellCopies } from "./restore-drill/summary";
import { survey } from "./restore-drill/survey";
import { verify } from "./restore-drill/verify";
import { ways } from "./restore-drill/ways";
import { startRunner } from "./runtime/define-runner";

startRunner({
  name: restoreDrillJobName,
  does: "Restores copies into a scratch folder by the programs that made them, compares what comes back, and takes it down again.",
  ways,
  only: {
    what: "TIER[:NAME]",
    why: "drill these copies now, whosever turn it is, e.g. mirror:books or generations",
  },
  contract: restoreDrillConfig,
  metrics: restoreDrillMetrics,
  begin: (run, _, only): RestoreDrill => ({
    ...{ ...run, only, startedAt: new Date(), startMs: performance.now() },
    ...{ done: { proved: 0, failed: 0, skipped: 0, bytes: 0 }, faults: [] },
    ...{ drills: [], passedOver: [] },
  }),
  keptWhenStopped:
    "Each copy is as it was, and what was through is on record; what was at work is removed again, and leaves no record. What wasn't tried for longest comes first in the next run.",
  dryRun: [verify, survey],
  phases: [verify, survey, drill, judge],
  summary,
  finish: tellCopies,
  // What a run that was killed had restored takes room that others need.
  tidyUp(config) {
    proveScratch({ config, dryRun: true });
    return clearScratch({ config });
  },
});
