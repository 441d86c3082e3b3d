import { agree } from "../../plan/statements/value";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { type Claim, claimsOf, knownOf } from "../documented";
import { statementsExample, mended } from "../examples";

/** Only where the plan knows nothing itself: otherwise `documents/differs-from-plan` says which of them is wrong. */
export const contradictEachOther = defineCheck({
  code: "documents/contradict-each-other",
  severity: "error",
  title: "Two documents say different things of one fact",
  why: "The reference has its backup disk 46 per cent full in one place and 70 per cent in another. One of them was true once, and a date to full is computed from either.",
  run: plan => {
    const byFact = new Map<string, Claim[]>();
    for (const claim of claimsOf(plan)) {
      if (knownOf(plan, claim)?.length !== 0) continue;
      const key = JSON.stringify([claim.about, claim.fact]);
      byFact.set(key, [...(byFact.get(key) ?? []), claim]);
    }
    return [...byFact.values()].flatMap(claims => {
      const apart = claims.filter(claim =>
        claims.some(other => other !== claim && !agree(claim.value, other.value, plan.estate.years)),
      );
      const [first] = apart;
      if (!first) return [];
      const said = apart.map(({ says, places }) => `${says} (${places.join(", ")})`);
      return [
        {
          subject: first.about,
          message: `${first.fact} of ${first.about} is said to be ${said.join(" and ")}.`,
          fix: "Look which one is true, and write it in all of these places.",
          evidence: { fact: first.fact, counterexample: said },
        },
      ];
    });
  },
  examples: {
    bad: [
      mended(
        statementsExample(
          "a disk that is 46 and 70 per cent full",
          ["sda", "used", "46%"],
          ["sda", "used", "70%"],
        ),
        { says: "write it in all", edit: ({ statements }) => edit(statements[1], { says: "46%" }) },
      ),
    ],
    good: [
      statementsExample("one figure in two places", ["sda", "used", "46%"], ["pve/sda", "used", "46%"]),
      statementsExample(
        "a share and a size, which say nothing of one another",
        ["sda", "used", "46%"],
        ["sda", "used", "500GB"],
      ),
    ],
  },
});
