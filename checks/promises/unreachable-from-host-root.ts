import { exampleEstate } from "../../plan/estate/example";
import { liveSurvives } from "../../plan/graph/survival";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { fallingShort, protectionsOf } from "../protection";
import { counted, listed, placeText } from "../wording";

export const unreachableFromHostRoot = defineCheck({
  code: "promises/unreachable-from-host-root",
  severity: "error",
  title: "Whoever is root on the host can delete every copy",
  why: "Ransomware runs with the host's rights and finds the keys with which the host writes to the NAS. A copy is safe from it only where the host has no way to delete: snapshots that the NAS makes and removes itself.",
  run: plan => {
    const short = fallingShort(plan, "unreachable-from-host-root");
    const atRisk = protectionsOf(plan).filter(
      ({ dataset }) => !liveSurvives(dataset, "host-root", plan.estate),
    );
    if (short.length > 1 && short.length === atRisk.length) {
      const copies = short.reduce((sum, protection) => sum + protection.copies.length, 0);
      return [
        {
          subject: plan.estate.name,
          message: `Root on a host can delete every copy of everything: all ${copies} copies of ${short.length} datasets lie on the host or where it writes.`,
          fix: 'Add "nas-snapshots" of the share that offsite-sync writes to: the NAS makes and removes them, and no host can.',
          evidence: { copies, datasets: short.map(({ dataset }) => dataset.id) },
        },
      ];
    }
    return short.map(({ dataset, copies }) => {
      const paths = copies.map(copy => placeText(copy.location));
      return {
        subject: dataset.id,
        message: `Root on ${dataset.location.machine.name} can delete ${dataset.id} and ${counted(copies.length, "copy", "copies")} of it: ${listed(paths)}.`,
        fix: `Let ${paths.at(-1) ?? "a copy"} lie in a share that nas-snapshots covers.`,
        evidence: { live: placeText(dataset.location), paths },
      };
    });
  },
  examples: {
    bad: [
      mended(
        example("a NAS without snapshots", ({ layers }) => {
          layers["nas-snapshots"] = [];
        }),
        {
          says: 'Add "nas-snapshots" of the share',
          edit: ({ layers }) => layers["nas-snapshots"].push(...exampleEstate().layers["nas-snapshots"]),
        },
      ),
      mended(
        example("a leg that ends outside of the share with snapshots", ({ layers }) =>
          edit(layers["offsite-sync"][0], {
            legs: [
              { from: "/mnt/backup", to: "/Backup/pve-backup" },
              { from: "/srv/nfs/photos", to: "/Photos" },
            ],
          }),
        ),
        {
          says: "in a share that nas-snapshots covers",
          edit: ({ layers }) => edit(layers["offsite-sync"][0]?.legs[1], { to: "/Backup/nfs/photos" }),
        },
      ),
    ],
    good: [example("a share with the NAS's own snapshots")],
  },
});
