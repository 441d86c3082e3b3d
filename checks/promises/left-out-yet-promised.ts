import { formatDuration, parseDuration } from "../../plan/units/duration";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { counted } from "../wording";

const unprotected = { reason: "too large for the NAS", owner: "viktor", expires: "2027-06-30" };

export const leftOutYetPromised = defineCheck({
  code: "promises/left-out-yet-promised",
  severity: "error",
  title: "A service is promised a loss, and all of its data is left out",
  why: "`unprotected` says that no copy is wanted, so no check asks for one. A promise says the opposite. Whoever wrote the one has forgotten the other, and the first disaster takes everything.",
  run: plan =>
    Object.entries(plan.estate.services).flatMap(([service, { data, promise }]) => {
      const promised = Object.entries(promise?.rpo ?? {});
      const [first] = data.map(dataset => dataset.unprotected).filter(acceptance => acceptance !== undefined);
      if (promised.length === 0 || !first || !data.every(dataset => dataset.unprotected)) return [];
      const losses = promised.map(([domain, text]) => `${domain} ${formatDuration(parseDuration(text))}`);
      return [
        {
          subject: service,
          message: `${service} is promised a loss (${losses.join(", ")}), but all of its data (${counted(data.length, "dataset")}) is left out until ${first.expires} by ${first.owner} ("${first.reason}"): no copy of it counts, and a disaster takes all.`,
          fix: `Remove unprotected from services.${service}.data, or remove services.${service}.promise if nothing is owed.`,
          evidence: { promised: losses, owner: first.owner, expires: first.expires },
        },
      ];
    }),
  examples: {
    bad: [
      mended(
        example("photos that are promised, and left out", ({ services }) =>
          edit(services.photos?.data[0], { unprotected }),
        ),
        {
          says: "Remove unprotected",
          edit: ({ services }) => {
            delete services.photos?.data[0]?.unprotected;
          },
        },
        {
          says: "remove services.photos.promise",
          edit: ({ services }) => {
            delete services.photos?.promise;
          },
        },
      ),
    ],
    good: [
      example("a cache that is left out, beside data that is promised", ({ services }) => {
        services.photos?.data.push({
          ...{ kind: "tree", host: "pve", path: "/srv/nfs/photos-thumbs", name: "thumbs", size: "5GB" },
          unprotected: { ...unprotected, reason: "made again from the photos" },
        });
      }),
    ],
  },
});
