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
    const sent = estate.layers["offsite-sync"].flatMap(part =>
      part.destination === destination ? part.legs.map(({ to }) => to) : [],
    );
    if (tree !== undefined && sent.length > 1 && sent.every(to => !isBelow(to, tree) && !isBelow(tree, to))) {
      const opens = ["destinations", destination, "receives", "tree"];
      if (!look.isFaulty(opens))
        look.fault(
          opens,
          tree,
          `is the only folder that the hosts' key opens there, and none of the ${sent.length} legs sends to it, the first to "${sent[0]}". Expected the folder around theirs, e.g. "${around(sent)}"`,
        );
      return;
    }
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

/** The folder that all of some lie in; the first one's where they share none. */
function around(paths: readonly string[]): string {
  const [first = []] = paths.map(path => path.split("/").slice(0, -1));
  const isShared = (depth: number): boolean =>
    paths.every(path => isBelow(path, first.slice(0, depth).join("/") || "/"));
  const depth = first.findLastIndex((_, index) => isShared(index + 1)) + 1;
  return (depth > 1 ? first.slice(0, depth) : first).join("/");
}
