import { restoreDrillMetricNames as names } from "../../contracts/restore-drill";
import type { JobPanel } from "../../panel";

export const drillPanels: readonly JobPanel[] = [
  { title: "Restored and compared by the last drill", unit: "bytes", shows: { [names.bytes]: "restored" } },
  {
    ...{ title: "Copies of the last drill", unit: "count", overview: "proofs" },
    shows: { [names.proved]: "proved", [names.failed]: "failed", [names.skipped]: "passed over" },
  },
  {
    ...{ title: "What was not proved for longest", unit: "age", overview: "proofs" },
    shows: { [names.oldestProved]: "proved" },
  },
  {
    title: "Last proved restore of each copy",
    unit: "age",
    overview: "proofs",
    shows: { [names.copyProved]: "" },
  },
  { title: "How long it took", unit: "seconds", shows: { [names.copySeconds]: "" } },
  { title: "How long all of it would take", unit: "seconds", shows: { [names.copyWhole]: "" } },
  { title: "What it brought back", unit: "bytes", shows: { [names.copyBytes]: "" } },
];
