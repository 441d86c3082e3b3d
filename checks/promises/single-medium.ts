import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example } from "../examples";
import { deviceOf, fallingShort } from "../protection";
import { counted, listed, placeText } from "../wording";

export const singleMedium = defineCheck({
  code: "promises/single-medium",
  severity: "error",
  title: "A dataset and all of its copies are on one disk",
  why: "Snapshots and dumps beside the data undo a mistake. When the disk dies they die with it. Two partitions of one disk, or two shelves of one array, are one medium.",
  run: plan =>
    fallingShort(plan, "single-medium").map(({ dataset, copies }) => {
      const device = deviceOf(dataset.location).replace(/^\w+:/, "");
      const paths = copies.map(copy => placeText(copy.location));
      return {
        subject: dataset.id,
        message: `${dataset.id} and ${counted(copies.length, "copy", "copies")} of it (${listed(paths)}) are all on ${device}: nothing is left when it fails.`,
        fix: `Let a job copy ${listed(paths, 1)} to another disk, and on to another site.`,
        evidence: { device, live: placeText(dataset.location), paths },
      };
    }),
  examples: {
    bad: [
      example("dumps on the database's own disk that no other job reads", ({ hosts, layers }) => {
        edit(hosts.pve, {
          filesystems: {
            ...hosts.pve?.filesystems,
            "/srv/dumps": { disk: "sdc", fsUuid: "44444444-4444-4444-8444-444444444444" },
          },
        });
        edit(layers["cluster-dump"][0], { target: { host: "pve", path: "/srv/dumps/etcd" } });
      }),
    ],
    good: [example("copies on a second disk and on a NAS")],
  },
});
