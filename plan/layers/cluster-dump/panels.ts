import { clusterDumpMetricNames as names, databaseSuccessMetric } from "../../contracts/cluster-dump";
import { dumpDrillMetricNames } from "../../contracts/dump-drill";
import type { JobPanel } from "../../panel";

const size: JobPanel = { title: "Size of the dumps", unit: "bytes", shows: { [names.bytes]: "dumps" } };

/** Of dumps that somebody else's program makes. */
export const othersDumpPanels: readonly JobPanel[] = [size];

export const dumpPanels: readonly JobPanel[] = [
  size,
  {
    ...{ title: "Dumps of the last run", unit: "count" },
    shows: { [names.dumps]: "good", [names.failed]: "not good" },
  },
  { title: "Newest good dump of each database", unit: "age", shows: { [databaseSuccessMetric.name]: "" } },
];

export const drillPanels: readonly JobPanel[] = [
  {
    ...{ title: "Dumps that came back in an empty server", unit: "count" },
    shows: { [dumpDrillMetricNames.proved]: "came back", [dumpDrillMetricNames.failed]: "did not" },
  },
  {
    ...{ title: "Size of the dumps that came back", unit: "bytes" },
    shows: { [dumpDrillMetricNames.bytes]: "dumps" },
  },
];

/** @param flag the metric that is 1 while all is well */
export function integrityPanels(flag: string): JobPanel[] {
  return [
    { title: "Databases that are sound", unit: "yes-no", overview: "proofs", shows: { [flag]: "sound" } },
  ];
}
