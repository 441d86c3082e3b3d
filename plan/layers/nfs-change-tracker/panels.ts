import { changeTrackerMetricNames as names } from "../../contracts/nfs-change-tracker";
import type { JobPanel } from "../../panel";

export const trackerPanels: readonly JobPanel[] = [
  { title: "It watches", unit: "yes-no", shows: { [names.up]: "up" } },
  { title: "Changes in the last hour", unit: "count", shows: { [names.events]: "told of" } },
  {
    ...{ title: "More than the kernel keeps", unit: "count" },
    shows: { [names.overflows]: "overflows", [names.reconciles]: "subtrees to be compared" },
  },
  { title: "Last change that it was told of", unit: "age", shows: { [names.lastEvent]: "" } },
  { title: "Memory", unit: "bytes", shows: { [names.memory]: "resident" } },
];
