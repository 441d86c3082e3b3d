import { comparedAll, heldBytes, heldEntries, heldSince, mirroredBytes } from "../../contracts/nfs-mirror";
import type { JobPanel } from "../../panel";

export const mirrorPanels: readonly JobPanel[] = [
  { title: "Mirrored by the last run", unit: "bytes", shows: { [mirroredBytes]: "copied" } },
  { title: "Kept though the source has it no more", unit: "bytes", shows: { [heldBytes]: "held" } },
  { title: "Entries kept so", unit: "count", shows: { [heldEntries]: "held" } },
  { title: "For how long there have been such", unit: "age", shows: { [heldSince]: "held" } },
  {
    title: "All of the source compared",
    unit: "age",
    overview: "proofs",
    shows: { [comparedAll]: "mirror" },
  },
];
