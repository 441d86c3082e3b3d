import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { fallsShort } from "../protection";
import { listed } from "../wording";
import { copiesIn } from "../../plan/graph/copies-in";

export const sizeUnknown = defineCheck({
  code: "capacity/size-unknown",
  severity: "warning",
  title: "Nobody says how large a dataset is",
  why: "What isn't said can't be added up: whether the copies of it fit, when a disk is full and how long a restore takes are all unknown, and none of them is nothing.",
  run: plan => {
    const short = fallsShort(plan);
    return plan.datasets.flatMap(dataset => {
      const { id, service, kind } = dataset;
      if (dataset.sizeBytes !== undefined || dataset.unprotected || short.has(dataset)) return [];
      // A firewall's and a host's configuration are a few megabytes; one with a time to be back is promises/rto's.
      if (kind === "device" || kind === "configuration") return [];
      if (plan.estate.services[service]?.promise?.rto !== undefined) return [];
      const places = [
        ...new Set((copiesIn(plan).get(dataset) ?? []).map(({ location }) => location.machine.name)),
      ];
      return [
        {
          subject: id,
          message: `The estate doesn't say how large ${id} is: whether its copies fit on ${listed(places)} can't be said, and counts as unknown.`,
          fix: `Add its size, as \`du -sh\` or \`lvs\` shows it, to services.${service}.data, e.g. size: "40GB".`,
          evidence: { machines: places },
        },
      ];
    });
  },
  examples: {
    bad: [
      mended(
        example("books of unknown size, with no time to be back", ({ services }) =>
          edit(services.books, {
            data: [{ kind: "tree", host: "pve", path: "/srv/nfs/books" }],
            promise: { rpo: { site: "33h" } },
          }),
        ),
        {
          says: "Add its size",
          edit: ({ services }) =>
            edit(services.books, {
              data: [
                {
                  kind: "tree",
                  host: "pve",
                  path: "/srv/nfs/books",
                  size: "100GB",
                  churnPerDay: "1GB",
                  growthPerDay: "0B",
                },
              ],
            }),
        },
      ),
    ],
    good: [example("a size for each dataset")],
  },
});
