import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";

export const readByNobody = defineCheck({
  code: "retention/read-by-nobody",
  severity: "warning",
  title: "Nothing reads a backup disk again",
  why: "A disk rots where nobody looks. A generation of weeks ago, or a dump that no night touches, is read for the first time when it is needed.",
  run: ({ estate }) =>
    estate.layers["daily-backup"].flatMap(({ host, target, scrub }) =>
      scrub
        ? []
        : [
            {
              subject: host,
              message: `Nothing reads ${host}:${target} again once it is written: what rots there, on a disk or in memory on its way, is found by a restore.`,
              fix: `Add scrub: { schedule: { onCalendar: "*-*-* 15:00:00" } }, at an hour when nothing else uses the disk, to daily-backup of ${host}.`,
              evidence: { target },
            },
          ],
    ),
  examples: {
    bad: [
      mended(
        example("a backup disk that is only written to", ({ layers }) => {
          for (const part of layers["daily-backup"]) delete part.scrub;
        }),
        {
          says: "Add scrub:",
          edit: ({ layers }) =>
            edit(layers["daily-backup"][0], { scrub: { schedule: { onCalendar: "*-*-* 13:00:00" } } }),
        },
      ),
    ],
    good: [example("a disk of which each file is read within a month")],
  },
});
