import type { Plan } from "../../plan";
import type { Copy } from "../../plan/graph/copies";
import { sameMachine } from "../../plan/layers/places";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
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
        fix: `Let a job copy ${listed(paths, 1)} to another disk, and on to another site${carried(copies, plan)}.`,
        evidence: { device, live: placeText(dataset.location), paths },
      };
    }),
  examples: {
    bad: [
      mended(
        example("dumps on the database's own disk that no other job reads", ({ hosts, layers }) => {
          edit(hosts.pve, {
            filesystems: {
              ...hosts.pve?.filesystems,
              "/srv/dumps": { disk: "sdc", fsUuid: "44444444-4444-4444-8444-444444444444" },
            },
          });
          edit(layers["cluster-dump"][0], { target: { host: "pve", path: "/srv/dumps/etcd" } });
        }),
        {
          says: "below /srv/nfs, which nfs-mirror copies",
          edit: ({ layers }) =>
            edit(layers["cluster-dump"][0], { target: { host: "pve", path: "/srv/nfs/etcd-backup" } }),
        },
      ),
    ],
    good: [example("copies on a second disk and on a NAS")],
  },
});

/** Where the copies could be written instead: trees that a job carries to another device. */
function carried(copies: readonly Copy[], plan: Plan): string {
  const [first] = copies;
  const trees = plan.jobs.flatMap(({ name, flows }) =>
    flows.flatMap(({ source, target }) =>
      first &&
      source.kind === "tree" &&
      source.only === undefined &&
      sameMachine(source.location.machine, first.location.machine) &&
      deviceOf(target) !== deviceOf(source.location)
        ? [`${source.location.path}, which ${name} copies`]
        : [],
    ),
  );
  return trees.length === 0 ? "" : `, e.g. by writing it below ${listed(trees, 1)}`;
}
