import { nasSnapshotsConfig, nasSnapshotsMetrics } from "../plan/contracts/nas-snapshots";
import { judge } from "./nas-snapshots/judge";
import { look } from "./nas-snapshots/look";
import { readMemory } from "./nas-snapshots/memory";
import type { NasLook } from "./nas-snapshots/nas-snapshots";
import { summary, tellDrift } from "./nas-snapshots/summary";
import { ways } from "./nas-snapshots/ways";
import { startRunner } from "./runtime/define-runner";

startRunner({
  name: "nas-snapshots",
  does: "Looks at a NAS's own snapshots of a share, and compares them and what the NAS says it keeps with the estate.",
  ways,
  contract: nasSnapshotsConfig,
  metrics: nasSnapshotsMetrics,
  begin: (run): NasLook => ({
    ...run,
    lookedAt: new Date(),
    memory: readMemory(run.config),
    drifts: [],
    faults: [],
  }),
  dryRun: [look, judge],
  phases: [look, judge],
  summary,
  finish: tellDrift,
});
