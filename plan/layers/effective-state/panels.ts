import { effectiveStateMetricNames as names } from "../../contracts/effective-state";
import type { JobPanel } from "../../panel";

export const effectiveStatePanels: readonly JobPanel[] = [
  {
    ...{ title: "Not as it is declared", unit: "yes-no", overview: "proofs" },
    shows: { [names.differs]: "differs" },
  },
  {
    ...{ title: "Read back by the last look", unit: "count" },
    shows: { [names.declared]: "things", [names.differing]: "differ" },
  },
];
