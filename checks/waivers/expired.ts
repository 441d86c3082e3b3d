import type { Plan } from "../../plan";
import { endOfDay } from "../../plan/calendar";
import { formatDuration } from "../../plan/units/duration";
import { defineCheck, type Found } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";

export const waiverExpired = defineCheck({
  code: "waivers/expired",
  severity: "error",
  title: "Something was accepted until a date that is over",
  why: "An exception without an end becomes the rule. The date is the day on which somebody wanted to look again; the last day counts in full, in the estate's zone.",
  run: (plan, asOfMs) => {
    const { waivers, zone } = plan.estate;
    return [
      ...waivers.map(({ code, subject, ...acceptance }) => ({
        subject,
        what: `${code} of ${subject}`,
        field: "its waiver",
        waived: { waived: code },
        ...acceptance,
      })),
      ...unprotected(plan),
    ].flatMap(({ subject, what, field, waived, reason, owner, expires }): Found[] => {
      const overMs = endOfDay(expires, zone);
      if (overMs > asOfMs) return [];
      return [
        {
          subject,
          message: `${what} was accepted until ${expires} by ${owner} ("${reason}"): over for ${formatDuration(asOfMs - overMs)}.`,
          fix: `Mend it, or let ${owner} look at it and give ${field} a new date.`,
          evidence: { ...waived, expires, owner, overForMs: asOfMs - overMs },
        },
      ];
    });
  },
  examples: {
    bad: [
      mended(
        example("a camera's ring buffer without a copy, until last June", ({ services, layers }) => {
          layers["nfs-mirror"][0]?.excludes?.push({ name: "frigate", reason: "camera ring buffer" });
          services.frigate = {
            data: [
              {
                kind: "tree",
                host: "pve",
                path: "/srv/nfs/frigate",
                unprotected: { reason: "camera ring buffer", owner: "viktor", expires: "2026-06-30" },
              },
            ],
          };
        }),
        {
          says: "give unprotected in services.frigate a new date",
          edit: ({ services }) =>
            edit(services.frigate?.data[0], {
              unprotected: { reason: "camera ring buffer", owner: "viktor", expires: "2027-06-30" },
            }),
        },
      ),
    ],
    good: [
      example("one that is accepted until its last day is over", ({ services, layers }) => {
        layers["nfs-mirror"][0]?.excludes?.push({ name: "frigate", reason: "camera ring buffer" });
        services.frigate = {
          data: [
            {
              kind: "tree",
              host: "pve",
              path: "/srv/nfs/frigate",
              unprotected: { reason: "camera ring buffer", owner: "viktor", expires: "2026-11-01" },
            },
          ],
        };
      }),
    ],
  },
});

function unprotected(plan: Plan) {
  return plan.datasets.flatMap(({ id, service, unprotected: acceptance }) =>
    acceptance
      ? [
          {
            subject: id,
            what: `That no copy is made of ${id}`,
            field: `unprotected in services.${service}`,
            waived: {},
            ...acceptance,
          },
        ]
      : [],
  );
}
