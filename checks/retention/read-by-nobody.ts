import type { Plan } from "../../plan";
import { layerGiving } from "../../plan/layers";
import { isBelow, sameMachine } from "../../plan/layers/places";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";

export const readByNobody = defineCheck({
  code: "retention/read-by-nobody",
  severity: "warning",
  title: "Nothing reads a backup disk again",
  why: "A disk rots where nobody looks. A generation of weeks ago, or a dump that no night touches, is read for the first time when it is needed.",
  run: plan =>
    unreadDisks(plan).map(({ host, target }) => ({
      subject: host,
      message: `Nothing reads ${host}:${target} again once it is written: what rots there, on a disk or in memory on its way, is found by a restore.`,
      fix: `Add scrub: { schedule: { onCalendar: "*-*-* 15:00:00" } }, at an hour when nothing else uses the disk, to ${layerGiving("generations of volumes")} of ${host}.`,
      evidence: { target },
    })),
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

/** Disks that a host's nightly backup fills, and no job reads. */
function unreadDisks({ jobs }: Plan): { host: string; target: string }[] {
  const disks = new Map<string, { host: string; target: string }>();
  for (const { layer, runsOn, host, journal } of jobs) {
    if (layer !== layerGiving("generations of volumes") || journal?.kind !== "writes") continue;
    const target = journal.below;
    // One that doesn't read all of it within a time, as a drill of some copies, finds no rot in the rest.
    const isRead = jobs.some(
      ({ reads = [], readsWithinMs }) =>
        readsWithinMs !== undefined &&
        reads.some(({ machine, path }) => sameMachine(machine, runsOn) && isBelow(target, path)),
    );
    if (!isRead) disks.set(`${host}:${target}`, { host, target });
  }
  return [...disks.values()];
}
