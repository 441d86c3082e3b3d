import { offsiteSyncJobName } from "../../contracts/offsite-sync";
import type { Layer } from "../layer";
import { isBelow } from "../places";
import { offsiteSyncJob } from "./jobs";
import { offsiteSyncSpec } from "./spec";

/** What a host sends away. */
export const offsiteSync: Layer<"offsite-sync", typeof offsiteSyncSpec> = {
  name: "offsite-sync",
  summary: "Nightly runs that send a host's copies to a machine elsewhere",
  spec: offsiteSyncSpec,
  gives: ["a copy off the site"],
  begins: ({ host, target, elsewhere, receiver }) =>
    elsewhere && {
      ...{ host, destination: elsewhere.destination, legs: [{ from: target, to: elsewhere.folder }] },
      ...{ schedule: { onCalendar: "*-*-* 06:00:00" }, usualRun: "1h", budget: "3h" },
      ...{ promise: { rpo: "30h" }, alert: { receiver } },
    },
  runs: ({ name, host, schedule, alert }) => [
    {
      ...{ job: name, at: [], host, schedule, alert },
      // Where nobody named it, whatever else is called so can be renamed.
      ...(name === offsiteSyncJobName ? {} : { named: { at: ["name"], value: name, what: "part" } }),
    },
  ],
  references({ host, destination, legs }, at, look, estate) {
    look.destination([...at, "destination"], destination);
    const tree = estate.destinations[destination]?.receives?.tree;
    legs.forEach((leg, index) => {
      look.below([...at, "legs", index, "from"], host, leg.from);
      // Of one that was turned round, a check says so.
      if (tree !== undefined && !leg.to.startsWith(`${tree}/`) && !isBelow(leg.from, tree))
        look.fault(
          [...at, "legs", index, "to"],
          leg.to,
          `${leg.to === tree ? "is all" : "lies outside"} of "${tree}", the only folder that the hosts' key opens at ${destination}. Expected a folder below it, e.g. "${tree}/pve-backup"`,
        );
    });
  },
  jobs: (part, estate, before) => [offsiteSyncJob(part, estate, before)],
};
