import { fieldText } from "../../plan/estate/faults";
import type { Domain } from "../../plan/estate/services";
import { formatDuration, parseDuration } from "../../plan/units/duration";
import { survivorsOf } from "../../plan/graph/loss";
import { worstLossMs } from "../worst-loss";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";

/** What each disaster takes with it: whatever is left after the second was there after the first. */
const within: readonly (readonly [smaller: Domain, larger: Domain])[] = [
  ["volume", "live-disk"],
  ["live-disk", "host"],
  ["backup-disk", "host"],
  ["host", "site"],
  ["host", "host-root"],
];

export const looserThanLarger = defineCheck({
  code: "promises/looser-than-larger",
  severity: "warning",
  title: "A promise for a disaster is looser than the one for a larger disaster that takes it along",
  why: "When the site is gone, so is the disk: who is promised 31 hours after a fire has lost no more than that after a broken disk. The other number is a slip, or the two stand in each other's place, and people were told the wrong one.",
  run: plan =>
    Object.entries(plan.estate.services).flatMap(([service, { promise }]) => {
      const rpo = Object.entries(promise?.rpo ?? {}).map(([domain, text]) => ({
        domain: domain as Domain,
        text,
        ms: parseDuration(text),
      }));
      const found = rpo.flatMap(smaller =>
        rpo
          .filter(larger => larger.ms < smaller.ms && takes(larger.domain, smaller.domain))
          .map(larger => ({ smaller, larger, byMs: smaller.ms - larger.ms })),
      );
      const [worst] = found.sort((a, b) => b.byMs - a.byMs);
      if (!worst) return [];
      const { smaller, larger } = worst;
      // One that nothing keeps is promises/rpo's: what is promised beside it is no measure of it.
      if ((worstLossMs(survivorsOf(plan).get(service) ?? [], larger.domain, plan) ?? Infinity) > larger.ms)
        return [];
      const at = fieldText(["services", service, "promise", "rpo"]);
      return [
        {
          subject: service,
          message: `${service} is promised a loss of ${formatDuration(larger.ms)} at most in the disaster "${larger.domain}", and ${formatDuration(smaller.ms)} in "${smaller.domain}", which is a part of it: one of the two is a slip.`,
          fix: `Set ${at}["${smaller.domain}"] to "${larger.text}" or less, or "${larger.domain}" to "${smaller.text}", if that is what people can bear.`,
          evidence: {
            smaller: smaller.domain,
            smallerMs: smaller.ms,
            larger: larger.domain,
            largerMs: larger.ms,
          },
        },
      ];
    }),
  examples: {
    bad: [
      mended(
        example("a digit too many for a broken disk", ({ services }) =>
          edit(services.books, { promise: { rpo: { "live-disk": "300h", site: "33h" }, rto: "8h" } }),
        ),
        {
          says: 'Set services.books.promise.rpo["live-disk"] to "33h" or less',
          edit: ({ services }) =>
            edit(services.books, { promise: { rpo: { "live-disk": "33h", site: "33h" }, rto: "8h" } }),
        },
        {
          says: 'or "site" to "300h"',
          edit: ({ services }) =>
            edit(services.books, { promise: { rpo: { "live-disk": "300h", site: "300h" }, rto: "8h" } }),
        },
      ),
    ],
    good: [
      example("more that can be lost in a fire than by a broken disk"),
      example("a bad change, of which only what is older than it helps", ({ services }) =>
        edit(services.books, { promise: { rpo: { application: "60h", site: "33h" }, rto: "8h" } }),
      ),
    ],
  },
});

/** Whether a disaster takes along all that another one takes. */
export function takes(larger: Domain, smaller: Domain): boolean {
  return within.some(([inner, outer]) => inner === smaller && (outer === larger || takes(larger, outer)));
}
