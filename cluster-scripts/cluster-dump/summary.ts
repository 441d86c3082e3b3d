import { join } from "node:path";
import {
  clusterDumpMetricNames,
  type clusterDumpMetrics,
  databaseSuccessMetric,
} from "../../plan/contracts/cluster-dump";
import type { Counted } from "../../plan/contracts/metric";
import { isAhead } from "../../host-scripts/runtime/clock";
import type { Summary } from "../../host-scripts/runtime/job-run";
import { family } from "../../host-scripts/runtime/metric-text";
import { tellPart } from "../../host-scripts/runtime/part-metrics";
import { noted } from "../../host-scripts/runtime/quoted";
import type { ClusterDump } from "./cluster-dump";
import { allFolders } from "./folder";
import type { Manifest } from "../../plan/contracts/dump-manifest";
import { newestGoodOf } from "./manifest";

/** What a run tells of itself. */
export const summary: Summary<ClusterDump, Counted<ReturnType<typeof clusterDumpMetrics>>> = {
  values: run => ({
    [clusterDumpMetricNames.bytes]: bytesOf(run),
    [clusterDumpMetricNames.dumps]: keptOf(run).length,
    [clusterDumpMetricNames.failed]: [...run.outcomes.values()].filter(({ kind }) => kind === "failed")
      .length,
  }),
  figures: run => ({
    dumps: keptOf(run).map(({ database, file, bytes }) => ({ database: asText(database), file, bytes })),
    failed: [...run.outcomes].flatMap(([name, outcome]) =>
      outcome.kind === "failed" ? [{ database: asText(name), reason: outcome.reason }] : [],
    ),
    rotated: run.rotated,
  }),
  done: (run, seconds) => `${keptOf(run).length} good dumps (${bytesOf(run)} bytes) in ${seconds} s`,
};

function keptOf({ outcomes }: ClusterDump): Manifest[] {
  return [...outcomes.values()].flatMap(outcome => (outcome.kind === "kept" ? [outcome.manifest] : []));
}

function bytesOf(run: ClusterDump): number {
  return keptOf(run).reduce((sum, { bytes }) => sum + bytes, 0);
}

function asText(name: string): string {
  return noted(Buffer.from(name, "latin1"));
}

/** Tells how old each database's newest good dump is, also of one that the server no longer has: somebody may miss it. */
export async function tellDatabases({ config, log }: ClusterDump, stop: AbortSignal): Promise<void> {
  const newest = allFolders(config).flatMap(folder => newestGoodOf(folder) ?? []);
  const ages = newest.map(({ manifest: { database, startedAt } }) => ({
    labels: { database: asText(database) },
    // When one that a clock which was ahead has dated was made isn't known.
    value: isAhead(Date.parse(startedAt), Date.now()) ? 0 : Math.floor(Date.parse(startedAt) / 1000),
  }));
  const what = "the age of each database's dump";
  const textfile = join(config.stateDir, "databases.prom");
  await tellPart(config, { families: [family(databaseSuccessMetric, ages)], textfile, what }, stop, log);
}
