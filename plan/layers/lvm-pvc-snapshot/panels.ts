import { snapshotMetricNames as names } from "../../contracts/lvm-pvc-snapshot";
import type { JobPanel } from "../../panel";

export const snapshotPanels: readonly JobPanel[] = [
  {
    ...{ title: "Free in the thin pool and its volume group", unit: "percent", overview: "stores" },
    shows: {
      [names.poolFree]: "data",
      [names.metadataFree]: "metadata",
      [names.recordsFree]: "records of the volume group",
    },
  },
  {
    ...{ title: "Snapshots and volumes", unit: "count" },
    shows: {
      [names.volumes]: "volumes",
      [names.created]: "made",
      [names.pruned]: "removed",
      [names.failed]: "volumes without",
    },
  },
];
