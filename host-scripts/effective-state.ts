import {
  effectiveStateConfig,
  effectiveStateJobName,
  effectiveStateMetrics,
} from "../plan/contracts/effective-state";
import type { EffectiveState } from "./effective-state/effective-state";
import { look } from "./effective-state/look";
import { summary, tellDifferences } from "./effective-state/summary";
import { startRunner } from "./runtime/define-runner";

startRunner({
  name: effectiveStateJobName,
  does: "Reads back what is in force on this host, and says where that isn't what was deployed. Changes nothing.",
  contract: effectiveStateConfig,
  metrics: effectiveStateMetrics,
  begin: (run): EffectiveState => run,
  dryRun: [look],
  phases: [look],
  summary,
  finish: tellDifferences,
});
