import type { Plan } from "../../plan";
import { agree } from "../../plan/statements/value";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { claimsOf, knownOf } from "../documented";
import { statementsExample, mended } from "../examples";
import { nearest } from "../../plan/contracts/near";

/** Each wrong value of a fact is told once, with every place that has it. */
export const differsFromPlan = defineCheck({
  code: "documents/differs-from-plan",
  severity: "error",
  title: "A document says something else than the plan",
  why: "The reference gives three times for one snapshot job, two retentions for one NAS, and calls a hard disk an SSD. Whoever restores at night believes the page that happens to be open.",
  run: plan =>
    claimsOf(plan).flatMap(claim => {
      const { about, fact, says, places } = claim;
      const known = knownOf(plan, claim);
      const where = places.join(", ");
      if (known === undefined)
        return [
          {
            subject: about,
            message: `${where}: speaks of ${about} (${fact}: ${says}), which the estate doesn't have.`,
            fix: `${didYouMean(about, namesOf(plan))}Remove the sentence from the document, or mend the name in estate.statements.`,
            evidence: { fact, says, places },
          },
        ];
      if (known.length === 0 || known.some(({ value }) => agree(claim.value, value, plan.estate.years)))
        return [];
      const texts = [...new Set(known.map(({ text }) => text))];
      return [
        {
          subject: about,
          message: `${where}: ${fact} of ${about} is ${says}, the plan has ${texts.slice(0, 4).join(" or ")}${texts.length > 4 ? ` (and ${texts.length - 4} more)` : ""}.`,
          fix: `Write ${nearest(says, texts)[0] ?? texts[0] ?? ""} in the document, or change the estate if the document is right.`,
          evidence: { fact, says, plan: texts, places },
        },
      ];
    }),
  examples: {
    bad: [
      mended(
        statementsExample("a snapshot time from last year", [
          "lvm-pvc-snapshot",
          "schedule",
          "*-*-* 03:00:00",
        ]),
        {
          says: "Write *-*-* 00,12:00:00",
          edit: ({ statements }) => edit(statements[0], { says: "*-*-* 00,12:00:00" }),
        },
      ),
      mended(
        statementsExample("three days on a NAS that keeps seven", ["nas-snapshots", "retention", "3d"]),
        { says: "Write 7 d", edit: ({ statements }) => edit(statements[0], { says: "7 d" }) },
      ),
      mended(statementsExample("two media that are one", ["pve/sdc", "medium", "ssd"]), {
        says: "Write hdd",
        edit: ({ statements }) => edit(statements[0], { says: "hdd" }),
      }),
      mended(
        statementsExample("a threshold that was derived anew", ["NfsMirrorStale", "stale-after", "16d"]),
        { says: "Write 25 h 48 min", edit: ({ statements }) => edit(statements[0], { says: "25 h 48 min" }) },
      ),
      mended(
        statementsExample("a password that is said to be in one place", [
          "nas-password",
          "secret-kept-in",
          "vault",
        ]),
        {
          says: "Write break-glass, vault",
          edit: ({ statements }) => edit(statements[0], { says: "break-glass, vault" }),
        },
      ),
      mended(statementsExample("a job that is gone", ["truenas-cloud-sync", "schedule", "*-*-* 01:00:00"]), {
        says: "Remove the sentence",
        edit: ({ statements }) => statements.splice(0, 1),
      }),
    ],
    good: [
      statementsExample("the same schedule in the other dialect", ["nfs-mirror", "schedule", "0 2 * * *"]),
      statementsExample("four weeks, as four weekly generations", ["daily-backup", "retention", "4 weeks"]),
      statementsExample("a size that is rounded", ["sda", "size", "1.1TB"], ["books", "size", "102GB"]),
      statementsExample("what the plan has no figure for", ["nas", "used", "91%"]),
    ],
  },
});

function didYouMean(about: string, names: readonly string[]): string {
  const [near] = nearest(about, names);
  return near === undefined ? "" : `Write ${JSON.stringify(near)} if that is meant. `;
}

/** What a document may speak of, but for disks and pools. */
function namesOf({ estate, jobs, datasets }: Plan): string[] {
  return [
    ...jobs.map(({ name }) => name),
    ...datasets.flatMap(({ id, service }) => [id, service]),
    ...Object.keys(estate.destinations),
    ...Object.keys(estate.secrets),
    ...Object.keys(estate.hosts),
  ];
}
