import type { Plan } from "../../plan";
import { slipOf } from "../../plan/contracts/near";
import type { Estate } from "../../plan/estate/schema";
import { isBelow, sameMachine } from "../../plan/layers/places";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { fallingShort } from "../protection";
import { type Leg, legsOf } from "../legs";
import { write } from "../said";
import { listed } from "../wording";

export const onlyLeavesOut = defineCheck({
  code: "routes/only-leaves-out",
  severity: "error",
  title:
    "A leg carries just some entries of its folder, and what lies beside them has no other way off the site",
  why: "A list of what is to be sent leaves out whatever comes later, and with a slip in it all of that is left out which was meant. Each service by itself is told to be without a copy elsewhere.",
  run: plan =>
    shortLegs(plan).map(({ name, leg, only, left, entries, meant }) => ({
      subject: name,
      message: `${name} carries just ${only.map(entry => `"${entry}"`).join(", ")} of ${leg.from.path}, and ${left.length} services lie beside that and have no other way off the site: ${listed(left)}.`,
      fix:
        meant === undefined
          ? `Add ${listed(entries.map(entry => `"${entry}"`))} to "only" of the leg from ${leg.from.path}, or remove "only" from it.`
          : `Write "${meant.entry}" for "${meant.slip}" in "only" of the leg from ${leg.from.path}.`,
      evidence: { from: leg.from.path, only, services: left },
    })),
  without: (plan, { subject }) =>
    shortLegs(plan)
      .filter(({ name }) => name === subject)
      .map(({ leg }) => withoutOnly(leg, plan)),
  examples: {
    bad: [
      mended(
        example("the volumes alone, of the backup disk", ({ layers }) =>
          edit(layers["offsite-sync"][0]?.legs[0], {
            only: [{ name: "pvc-data", reason: "the volumes alone" }],
          }),
        ),
        {
          says: 'remove "only" from it',
          edit: ({ layers }) => {
            for (const leg of layers["offsite-sync"][0]?.legs ?? []) delete leg.only;
          },
        },
      ),
    ],
    good: [
      example("all of the backup disk"),
      example("two legs that have a part each", ({ layers }) =>
        edit(layers["offsite-sync"][0], {
          legs: [
            {
              ...{ from: "/mnt/backup", to: "/Backup/volumes" },
              only: [{ name: "pvc-data", reason: "the volumes by themselves" }],
            },
            {
              ...{ from: "/mnt/backup", to: "/Backup/pve-backup" },
              excludes: [{ name: "pvc-data", reason: "goes by a leg of its own" }],
            },
            { from: "/srv/nfs/photos", to: "/Backup/nfs/photos" },
          ],
        }),
      ),
    ],
  },
});

interface ShortLeg {
  /** What the job is called. */
  readonly name: string;
  readonly leg: Leg;
  readonly only: readonly string[];
  /** Services beside the entries, and the entries that they lie in. */
  readonly left: readonly string[];
  readonly entries: readonly string[];
  readonly meant?: { readonly entry: string; readonly slip: string };
}

function shortLegs(plan: Plan): ShortLeg[] {
  const stay = fallingShort(plan, "no-route-off-site");
  return plan.jobs.flatMap(job =>
    legsOf(job).flatMap((leg): ShortLeg[] => {
      const { from, only } = leg;
      if (!only) return [];
      const beside = stay.flatMap(({ dataset, copies }) => {
        const inside = copies
          .map(({ location }) => location)
          .filter(({ machine, path }) => sameMachine(machine, from.machine) && isBelow(path, from.path))
          .map(({ path }) => path.slice(from.path.length + 1).split("/", 1)[0] ?? "")
          .filter(entry => entry !== "" && !only.includes(entry));
        return inside.length > 0 ? [{ id: dataset.id, inside }] : [];
      });
      if (beside.length < 2) return [];
      const entries = [...new Set(beside.flatMap(({ inside }) => inside))];
      const [meant] = only.flatMap(slip => {
        const entry = slipOf(slip, entries);
        return entry === undefined ? [] : [{ entry, slip }];
      });
      const left = beside.map(({ id }) => id);
      return [{ name: job.called, leg, only, left, entries, ...(meant ? { meant } : {}) }];
    }),
  );
}

function withoutOnly({ said }: Leg, plan: Plan): Estate {
  const estate = structuredClone(plan.estate);
  write(estate, [...said.source.slice(0, -1), "only"], undefined);
  return estate;
}
