import { offsiteMetricNames as names, offsiteLegMetrics as legs } from "../../contracts/offsite-sync";
import type { JobPanel } from "../../panel";

export const offsitePanels: readonly JobPanel[] = [
  {
    ...{ title: "Sent by the last run", unit: "bytes" },
    shows: { [names.bytes]: "files", [names.wire]: "on the wire", [names.again]: "sent once before" },
  },
  {
    ...{ title: "Files there that weren't as they were sent", unit: "count", overview: "proofs" },
    shows: { [names.repaired]: "repaired", [names.doubtful]: "doubtful" },
  },
  { title: "Removed there by the last run", unit: "count", shows: { [names.removed]: "files" } },
  {
    ...{ title: "What was not compared there for longest", unit: "age", overview: "proofs" },
    shows: { [names.oldestVerified]: "compared" },
  },
];

export const legPanels: readonly JobPanel[] = [
  {
    ...{ title: "Changed and not off the host", unit: "bytes", overview: "debt" },
    shows: { [legs.debtBytes.name]: "owed" },
  },
  { title: "Files changed and not off the host", unit: "count", shows: { [legs.debt.name]: "owed" } },
  {
    ...{ title: "Oldest change that isn't off the host", unit: "age", overview: "debt" },
    shows: { [legs.oldest.name]: "owed" },
  },
  { title: "Each leg there and verified", unit: "age", shows: { [legs.legSuccess.name]: "" } },
  { title: "Legs that the last run didn't finish", unit: "count", shows: { [legs.legStatus.name]: "" } },
  {
    title: "Files of each leg that the last run sent",
    unit: "count",
    shows: { [legs.legFiles.name]: "sent" },
  },
  {
    ...{ title: "Sent of each leg by the last run", unit: "bytes" },
    shows: { [legs.legBytes.name]: "files", [legs.legWire.name]: "on the wire" },
  },
];
