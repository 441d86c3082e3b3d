import { endOfDay } from "../../plan/calendar";
import { nearest } from "../../plan/contracts/near";
import { type Check, defineCheck } from "../check";
import { example, mended } from "../examples";
import { listed } from "../wording";

/** Runs just the checks whose findings are waived: an estate without waivers pays nothing. @param checks all others */
export const waiverUnusedOf = (checks: readonly Check[]) =>
  defineCheck({
    code: "waivers/unused",
    severity: "warning",
    title: "A waiver accepts a finding that isn't there",
    why: "A waiver that outlives its fault hides the next one of the same kind, which nobody has looked at.",
    run: (plan, asOfMs) => {
      const { waivers, zone } = plan.estate;
      // An expired one is told of by waivers/expired. One for a finding of this check or that one would ask in a circle.
      const inForce = waivers.filter(
        ({ code, expires }) => endOfDay(expires, zone) > asOfMs && !code.startsWith("waivers/"),
      );
      const codes = new Set(inForce.map(({ code }) => code));
      const findings = checks
        .filter(check => codes.has(check.code))
        .flatMap(check => check.run(plan, asOfMs));
      return inForce.flatMap(({ code, subject, owner, expires }) => {
        if (findings.some(finding => finding.code === code && finding.subject === subject)) return [];
        const others = findings.filter(finding => finding.code === code).map(finding => finding.subject);
        const known = checks.some(check => check.code === code);
        const ofHosts = others.filter(other => other.startsWith(`${subject}@`));
        const near = known
          ? [...ofHosts, ...(ofHosts.length > 0 ? [] : nearest(subject, others))]
          : nearest(
              code,
              checks.map(check => check.code),
            );
        const fact = known
          ? others.length > 0
            ? `that check finds ${others.join(", ")} alone`
            : "that check finds nothing"
          : "no check has that code";
        return [
          {
            subject,
            message: `${owner}'s waiver of ${code} for ${subject}, until ${expires}, accepts nothing: ${fact}.`,
            fix:
              near.length === 0
                ? "Remove it from waivers, or correct its code and subject."
                : `Remove it from waivers, or write ${listed(near.map(each => JSON.stringify(each)))} as its ${known ? "subject" : "code"}.`,
            evidence: { waived: code, expires, found: others },
          },
        ];
      });
    },
    examples: {
      bad: [
        mended(
          example("a fault that was mended", ({ waivers }) => {
            waivers.push({
              code: "promises/rpo",
              subject: "photos",
              reason: "the new disk is ordered",
              owner: "viktor",
              expires: "2027-01-31",
            });
          }),
          { says: "Remove it from waivers", edit: ({ waivers }) => waivers.pop() },
        ),
        mended(
          example("a code that is misspelled", ({ waivers }) => {
            waivers.push({
              code: "promises/rop",
              subject: "photos",
              reason: "the new disk is ordered",
              owner: "viktor",
              expires: "2027-01-31",
            });
          }),
          { says: "Remove it from waivers", edit: ({ waivers }) => waivers.pop() },
        ),
      ],
      good: [
        example("a waiver of a fault that is there", ({ services, waivers }) => {
          if (services.photos) services.photos.promise = { rpo: { site: "1h" } };
          waivers.push({
            code: "promises/rpo",
            subject: "photos",
            reason: "the new line comes in spring",
            owner: "viktor",
            expires: "2027-05-31",
          });
        }),
      ],
    },
  });
