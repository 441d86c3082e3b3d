import type { Plan } from "../../plan";
import { isBelow, sameMachine } from "../../plan/layers/places";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { placeText } from "../wording";

export const dumpInLiveTree = defineCheck({
  code: "routes/dump-in-live-tree",
  severity: "error",
  title: "A job keeps its copies inside of another service's live data",
  why: "Copies among somebody's files are theirs to move and to delete, and the job's rotation deletes among them. The mirror takes both for one service, and a restore of the one brings the other back to an old state.",
  run: plan =>
    plan.jobs.flatMap(job =>
      job.deletes
        .filter(({ scope }) => scope === "own-generations")
        .flatMap(({ location }) => {
          const live = liveTrees(plan).find(
            tree =>
              sameMachine(tree.location.machine, location.machine) &&
              isBelow(location.path, tree.location.path),
          );
          if (!live) return [];
          return [
            {
              subject: job.called,
              message: `${job.called} keeps its copies at ${placeText(location)}, which is a part of ${live.id} (${placeText(live.location)}): whoever tidies up there deletes them, and a restore of ${live.id} replaces them.`,
              fix: `Let ${job.called} write to a folder of its own beside ${live.location.path}.`,
              evidence: { path: placeText(location), dataset: live.id, tree: placeText(live.location) },
            },
          ];
        }),
    ),
  examples: {
    bad: [
      mended(
        example("a dump into the books", ({ layers }) =>
          edit(layers["cluster-dump"][0], { target: { host: "pve", path: "/srv/nfs/books/etcd" } }),
        ),
        {
          says: "write to a folder of its own beside /srv/nfs/books",
          edit: ({ layers }) =>
            edit(layers["cluster-dump"][0], { target: { host: "pve", path: "/srv/nfs/etcd-backup" } }),
        },
      ),
    ],
    good: [example("a dump into a folder of its own")],
  },
});

function liveTrees({ datasets }: Plan): Plan["datasets"] {
  return datasets.filter(({ kind }) => kind === "tree");
}
