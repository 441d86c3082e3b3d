import { vmImagesMetricNames as names } from "../../contracts/vm-images";
import type { JobPanel } from "../../panel";

export const imagePanels: readonly JobPanel[] = [
  { title: "Images of the last run", unit: "bytes", shows: { [names.bytes]: "made" } },
  {
    ...{ title: "Machines without an image", unit: "count" },
    shows: { [names.failed]: "no new one", [names.unnamed]: "not in the estate" },
  },
  { title: "Newest good image of each machine", unit: "age", shows: { [names.vmSuccess]: "" } },
];
