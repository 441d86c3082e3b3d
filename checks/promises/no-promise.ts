import { defineCheck } from "../check";
import { example, mended } from "../examples";
import { edit } from "../example-edits";
import { counted } from "../wording";

export const noPromise = defineCheck({
  code: "promises/no-promise",
  severity: "warning",
  title: "A service has no promise",
  why: "Without a number that somebody asked for, a loss of a month passes every check. The promise is what all thresholds are judged by.",
  run: plan =>
    Object.entries(plan.estate.services).flatMap(([name, { promise, data }]) => {
      if (promise && Object.keys(promise.rpo).length > 0) return [];
      if (data.every(dataset => dataset.unprotected)) return [];
      return [
        {
          subject: name,
          message: `${name} (${counted(data.length, "dataset")}) is promised nothing: no loss of it is too large for any check.`,
          fix: `Give it a promise: services.${name}.promise = { rpo: { site: "33h" }, rto: "8h" }. holdfast rpo shows what it gets today.`,
          evidence: { datasets: data.length },
        },
      ];
    }),
  examples: {
    bad: [
      mended(
        example("a promise without a number", ({ services }) =>
          edit(services.books, { promise: { rpo: {} } }),
        ),
        {
          says: '{ rpo: { site: "33h" }, rto: "8h" }',
          edit: ({ services }) => edit(services.books, { promise: { rpo: { site: "33h" }, rto: "8h" } }),
        },
      ),
    ],
    good: [
      example("a promise for each service"),
      example("a service of which no copy is wanted", ({ services, layers }) => {
        layers["nfs-mirror"][0]?.excludes?.push({ name: "frigate", reason: "camera ring buffer" });
        services.frigate = {
          data: [
            {
              kind: "tree",
              host: "pve",
              path: "/srv/nfs/frigate",
              unprotected: { reason: "camera ring buffer", owner: "viktor", expires: "2027-06-30" },
            },
          ],
        };
      }),
    ],
  },
});
