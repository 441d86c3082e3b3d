import { startRunner } from "../host-scripts/runtime/define-runner";
import { againCommand } from "../plan/contracts/ask-command";
import {
  type DumpDrillConfig,
  dumpDrillConfig,
  dumpDrillMetricNames as names,
  dumpDrillMetrics,
} from "../plan/contracts/dump-drill";
import { dismiss } from "./cluster-dump/dismiss";
import { drill, type DumpDrill, failedIn, provedIn } from "./dump-drill/drill";

startRunner({
  name: "dump-drill",
  does: "Restores the newest dumps into an empty server in the container beside it, and compares what that has with what they are to have.",
  contract: dumpDrillConfig,
  metrics: dumpDrillMetrics,
  begin: (run): DumpDrill => ({ ...run, drilled: [] }),
  again: ({ job, seen }) => againCommand(seen.namespace, job),
  keptWhenStopped:
    "Each dump is as it was, and the server that they are of was not asked for anything. This drill leaves no record, and the next one begins anew.",
  dryRun: [],
  phases: [drill],
  summary: {
    values: run => ({
      [names.bytes]: bytesIn(run),
      [names.proved]: provedIn(run).length,
      [names.failed]: failedIn(run).length,
    }),
    figures: ({ drilled }) => ({ drilled }),
    done: (run, seconds) =>
      `${provedIn(run).length} dumps (${bytesIn(run)} bytes) came back in an empty server with all that they are to have (${seconds} s)`,
  },
  leave: (config: DumpDrillConfig, log) => dismiss(config, log),
});

function bytesIn(run: DumpDrill): number {
  return provedIn(run).reduce((sum, { bytes }) => sum + bytes, 0);
}
