import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { fallingShort } from "../protection";
import { placeText } from "../wording";

export const partlyCovered = defineCheck({
  code: "routes/partly-covered",
  severity: "error",
  title: "A job carries only a part of a dataset",
  why: "A leg that starts one folder too deep looks complete in every log: what it doesn't read, it doesn't miss.",
  run: plan =>
    fallingShort(plan, "partly-covered").flatMap(({ dataset, part }) => {
      if (part?.flow.source.kind !== "tree") return [];
      const { source } = part.flow;
      const whole = placeText(part.of);
      const carried = source.only
        ? source.only.map(entry => `${placeText(source.location)}/${entry}`)
        : [placeText(source.location)];
      return [
        {
          subject: dataset.id,
          message: `${part.job.called} carries ${carried.join(", ")} of ${dataset.id}, which is all of ${whole}: the rest is on no route to ${placeText(part.flow.target)}.`,
          fix: source.only
            ? `Remove "only" from the leg from ${source.location.path}, or split ${dataset.id} into a dataset for each folder.`
            : `Let it start at ${part.of.path}, or split ${dataset.id} into a dataset for each folder.`,
          evidence: { job: part.job.called, path: whole, carried },
        },
      ];
    }),
  examples: {
    bad: [
      mended(
        example("a leg that starts in a folder of the photos", ({ layers }) =>
          edit(layers["offsite-sync"][0], {
            legs: [
              { from: "/mnt/backup", to: "/Backup/pve-backup" },
              { from: "/srv/nfs/photos/albums", to: "/Backup/nfs/photos/albums" },
            ],
          }),
        ),
        {
          says: "Let it start at /srv/nfs/photos",
          edit: ({ layers }) =>
            edit(layers["offsite-sync"][0]?.legs[1], { from: "/srv/nfs/photos", to: "/Backup/nfs/photos" }),
        },
      ),
      mended(
        example("a leg that takes one entry of the photos", ({ layers }) =>
          edit(layers["offsite-sync"][0], {
            legs: [
              { from: "/mnt/backup", to: "/Backup/pve-backup" },
              {
                from: "/srv/nfs/photos",
                to: "/Backup/nfs/photos",
                only: [{ name: "upload", reason: "the originals" }],
              },
            ],
          }),
        ),
        {
          says: 'Remove "only" from the leg from /srv/nfs/photos',
          edit: ({ layers }) => {
            delete layers["offsite-sync"][0]?.legs[1]?.only;
          },
        },
      ),
    ],
    good: [example("a leg that starts where the photos do")],
  },
});
