import { endOfDay } from "../../plan/calendar";
import { fieldText } from "../../plan/estate/faults";
import { formatDuration } from "../../plan/units/duration";
import { acceptedEntries } from "../accepted-entries";
import { defineCheck, type Found } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";

const longestMs = 3 * 366 * 86_400_000;

export const withoutEnd = defineCheck({
  code: "waivers/without-end",
  severity: "error",
  title: "Something is accepted until a day on which nobody will look",
  why: "The date is when somebody looks again. One in seventy years is a way to say never, and an exception without an end becomes the rule.",
  run: (plan, asOfMs) => {
    const { estate, datasets } = plan;
    return [
      ...acceptedEntries(plan).map(({ job, at, path, until, reason }) => ({
        ...{
          subject: job.called,
          expires: until,
          by: `("${reason}")`,
          waived: { path, where: fieldText(at) },
        },
        severity: "warning" as const,
        what: `What ${job.called} says of "${path}"`,
      })),
      ...estate.waivers.map(({ code, subject, owner, expires }) => ({
        ...{ subject, by: `by ${owner}`, expires },
        what: `${code} of ${subject}`,
        waived: { waived: code },
        severity: "error" as const,
      })),
      ...datasets.flatMap(({ id, unprotected }) =>
        unprotected
          ? [
              {
                ...{ subject: id, by: `by ${unprotected.owner}`, expires: unprotected.expires },
                ...{ what: `That no copy is made of ${id}`, waived: {}, severity: "error" as const },
              },
            ]
          : [],
      ),
    ].flatMap(({ subject, what, waived, severity, by, expires }): Found[] => {
      const leftMs = endOfDay(expires, estate.zone) - Math.max(asOfMs, Date.UTC(Math.min(...estate.years)));
      if (leftMs <= longestMs) return [];
      const year = new Date(asOfMs).getUTCFullYear() + 1;
      return [
        {
          ...{ subject, severity },
          message: `${what} is accepted until ${expires} ${by}, in ${formatDuration(Math.round(leftMs / 86_400_000) * 86_400_000)}: three years are the longest after which somebody still looks.`,
          fix: `Give it a day to look again, e.g. "${year}-06-30".`,
          evidence: { ...waived, expires, leftMs },
        },
      ];
    });
  },
  examples: {
    bad: [
      mended(
        example("a camera's ring buffer, accepted for the rest of the century", ({ services, layers }) => {
          layers["nfs-mirror"][0]?.excludes?.push({ name: "frigate", reason: "camera ring buffer" });
          services.frigate = {
            data: [
              {
                ...{ kind: "tree", host: "pve", path: "/srv/nfs/frigate" },
                unprotected: { reason: "camera ring buffer", owner: "viktor", expires: "2099-12-31" },
              },
            ],
          };
        }),
        {
          says: 'e.g. "2027-06-30"',
          edit: ({ services }) => {
            const [data] = services.frigate?.data ?? [];
            if (data?.unprotected) data.unprotected.expires = "2027-06-30";
          },
        },
      ),
      mended(
        example("a book that can't be read, accepted for the rest of the century", ({ layers }) =>
          edit(layers["nfs-mirror"][0], {
            accepted: [{ path: "books/old.pdf", reason: "unreadable since the crash", until: "2099-12-31" }],
          }),
        ),
        {
          says: 'e.g. "2027-06-30"',
          edit: ({ layers }) => {
            const [entry] = layers["nfs-mirror"][0]?.accepted ?? [];
            if (entry) entry.until = "2027-06-30";
          },
        },
      ),
    ],
    good: [example("nothing that is accepted")],
  },
});
