import { endOfDay } from "../../plan/calendar";
import { formatDuration, parseDuration } from "../../plan/units/duration";
import type { Plan } from "../../plan";
import { fieldText } from "../../plan/estate/faults";
import { acceptedEntries } from "../accepted-entries";
import { defineCheck, type Found } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { counted } from "../wording";

const unprotected = { reason: "too large for the NAS", owner: "viktor", expires: "2027-06-30" };

export const leftOutYetPromised = defineCheck({
  code: "promises/left-out-yet-promised",
  severity: "error",
  title: "A service is promised a loss, and all of its data is left out",
  why: "`unprotected` says that no copy is wanted, so no check asks for one. A promise says the opposite. Whoever wrote the one has forgotten the other, and the first disaster takes everything.",
  run: (plan, asOfMs) => [
    ...acceptedYetPromised(plan, asOfMs),
    ...Object.entries(plan.estate.services).flatMap(([service, { data, promise }]): Found[] => {
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
  ],
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
      mended(
        example("books of which none has to be readable", ({ layers }) =>
          edit(layers["nfs-mirror"][0], {
            accepted: [{ path: "books", reason: "one is unreadable since the crash", until: "2027-06-30" }],
          }),
        ),
        {
          says: "Write what can't be copied alone",
          edit: ({ layers }) => {
            const [entry] = layers["nfs-mirror"][0]?.accepted ?? [];
            if (entry) entry.path = "books/old.pdf";
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

/** An entry stands for all that lies in it: a job that may leave out all of a service succeeds whatever it could read of that. */
function acceptedYetPromised(plan: Plan, asOfMs: number): Found[] {
  const { services: all, zone } = plan.estate;
  return acceptedEntries(plan).flatMap(({ job, at, path, until, reason, services }) =>
    services
      // After its day it counts again.
      .filter(service => all[service]?.promise && endOfDay(until, zone) > asOfMs)
      .map(service => ({
        severity: "warning",
        subject: service,
        message: `${job.called} doesn't fail for what it can't copy of "${path}" until ${until} ("${reason}"), which is all of ${service}: a run that could read none of it succeeds, and ${service} is promised a loss.`,
        fix: `Write what can't be copied alone in "accepted" of ${job.called}, such as "${path}/FILE", as the run's message shows it.`,
        evidence: { where: fieldText(at), job: job.called, path, until },
      })),
  );
}
