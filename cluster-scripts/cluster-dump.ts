import { startRunner } from "../host-scripts/runtime/define-runner";
import { againCommand } from "../plan/contracts/ask-command";
import {
  type ClusterDumpConfig,
  clusterDumpConfig,
  clusterDumpMetrics,
} from "../plan/contracts/cluster-dump";
import { tellCertificates } from "./cluster-dump/certificates";
import type { ClusterDump } from "./cluster-dump/cluster-dump";
import { dismiss } from "./cluster-dump/dismiss";
import { judge, receive, recover, rotate } from "./cluster-dump/phases";
import { summary, tellDatabases } from "./cluster-dump/summary";
import { tellTokenEnd } from "./cluster-dump/token";
import { ways } from "./cluster-dump/ways";

startRunner({
  name: "cluster-dump",
  does: "Takes the dumps that a database's client hands over in the same pod, verifies, keeps and rotates them.",
  // What a person asks of the dumps comes with the environment: `kubectl set env` puts it into a job of a CronJob's.
  words: (process.env["ASK"] ?? "").split(/\s+/).filter(word => word !== ""),
  ways,
  contract: clusterDumpConfig,
  metrics: ({ metrics }: ClusterDumpConfig) => clusterDumpMetrics(metrics),
  begin: (run): ClusterDump => ({ ...run, startedAt: new Date(), outcomes: new Map(), rotated: [] }),
  again: ({ job, seen }) => againCommand(seen.namespace, job),
  // A client hands its dumps over once: what it would have isn't known before.
  dryRun: [recover],
  phases: [recover, receive, rotate, judge],
  summary,
  async finish(run, stop) {
    await tellCertificates(run, stop);
    await tellTokenEnd(run, stop);
    await tellDatabases(run, stop);
  },
  leave: dismiss,
});
