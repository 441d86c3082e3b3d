import { nasMetricNames as names } from "../../contracts/nas-snapshots";
import type { JobPanel } from "../../panel";

/** What a look at the NAS says. */
export const nasPanels: readonly JobPanel[] = [
  {
    ...{ title: "Room on the NAS", unit: "bytes", overview: "stores" },
    shows: {
      [names.volumeFree]: "free",
      [names.volumeSize]: "size",
      [names.shareUsed]: "of the share",
      [names.shareQuota]: "quota",
      [names.pinned]: "in snapshots alone",
    },
  },
  {
    ...{ title: "Until the NAS is full", unit: "days", overview: "stores" },
    shows: { [names.daysToFull]: "full in" },
  },
  {
    ...{ title: "Its newest and oldest snapshot", unit: "age" },
    shows: { [names.newest]: "newest", [names.oldest]: "oldest" },
  },
  {
    ...{ title: "Snapshots", unit: "count" },
    shows: { [names.count]: "snapshots", [names.unknownLines]: "lines that are none" },
  },
  { title: "By how much its clock is wrong", unit: "seconds", shows: { [names.clockSkew]: "wrong by" } },
];

export const driftPanels: readonly JobPanel[] = [
  {
    ...{ title: "The NAS does otherwise than the estate says", unit: "yes-no", overview: "stores" },
    shows: { [names.drift]: "differs" },
  },
];
