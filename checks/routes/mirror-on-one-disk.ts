import { fieldText } from "../../plan/estate/faults";
import { mountAbove, sameMachine } from "../../plan/layers/places";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { placeText } from "../wording";

export const mirrorOnOneDisk = defineCheck({
  code: "routes/mirror-on-one-disk",
  severity: "warning",
  title: "A mirror lies on the disk of what it is a mirror of",
  why: "One failed disk takes both. Where a copy elsewhere still keeps each promise, nothing else tells of it, and the disk that was bought for backups does nothing: mostly a letter in what the estate says a file system lies on.",
  run: ({ jobs, estate }) =>
    jobs.flatMap(({ called, flows }) =>
      flows.flatMap(({ source, target }) => {
        if (source.kind !== "tree" || !sameMachine(source.location.machine, target.machine)) return [];
        const { location: from } = source;
        if (target.machine.kind !== "host" || target.disk === undefined || from.disk !== target.disk)
          return [];
        const host = target.machine.name;
        const [read, written] = [from, target].map(({ path }) =>
          fieldText(["hosts", host, "filesystems", mountAbove(estate, host, path), "disk"]),
        );
        return [
          {
            subject: called,
            message: `${called} copies ${placeText(from)} to ${placeText(target)}, and both lie on disk ${target.disk}: when it fails, the copy fails with it.`,
            fix: `Correct ${read} or ${written}, as \`lsblk\` shows them, or let ${called} write to another disk.`,
            evidence: { source: placeText(from), target: placeText(target), disk: target.disk },
          },
        ];
      }),
    ),
  examples: {
    bad: [
      mended(
        example("a tree that is said to be on the backup disk", ({ hosts }) =>
          edit(hosts.pve?.filesystems["/srv/nfs"], { disk: "sda" }),
        ),
        {
          says: 'Correct hosts.pve.filesystems["/srv/nfs"].disk',
          edit: ({ hosts }) => edit(hosts.pve?.filesystems["/srv/nfs"], { disk: "sdc" }),
        },
      ),
    ],
    good: [example("a mirror on another disk")],
  },
});
