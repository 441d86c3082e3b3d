import type { Plan } from "../../plan";
import type { Job, Location } from "../../plan/job";
import { isBelow, sameMachine } from "../../plan/layers/places";
import { defineCheck, type Found } from "../check";
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
        .flatMap(({ location }): Found[] => {
          const live = liveTrees(plan).find(
            tree =>
              sameMachine(tree.location.machine, location.machine) &&
              isBelow(location.path, tree.location.path),
          );
          const [inside] = held(location, job, plan);
          if (!live && inside)
            return [
              {
                subject: job.called,
                message: `${job.called} keeps its copies at ${placeText(location)}, and ${inside.whose} lies in there (${placeText(inside.location)}): its rotation deletes among what isn't its own.`,
                fix: `Let ${job.called} write to a folder of its own, in which nothing else lies.`,
                evidence: { path: placeText(location), inside: placeText(inside.location) },
              },
            ];
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
      mended(
        example("dumps in a folder that has another dump's in it", ({ layers }) =>
          edit(layers["cluster-dump"][1], { target: { host: "pve", path: "/srv/nfs/etcd-backup/vault" } }),
        ),
        {
          says: "write to a folder of its own, in which nothing else lies",
          edit: ({ layers }) =>
            edit(layers["cluster-dump"][0], { target: { host: "pve", path: "/srv/nfs/dumps-of-etcd" } }),
        },
      ),
    ],
    good: [
      example("a dump into a folder of its own"),
      example("dumps side by side in one folder of dumps", ({ layers }) => {
        edit(layers["cluster-dump"][0], { target: { host: "pve", path: "/srv/nfs/dumps/etcd" } });
        edit(layers["cluster-dump"][1], { target: { host: "pve", path: "/srv/nfs/dumps/vault" } });
      }),
    ],
  },
});

/** Live data and other jobs' copies inside of a folder in which a job rotates its own. */
function held(
  { machine, path }: Location,
  job: Job,
  plan: Plan,
): { readonly whose: string; readonly location: Location }[] {
  const others = plan.jobs
    .filter(other => other !== job)
    .flatMap(({ called, deletes }) =>
      deletes
        .filter(({ scope }) => scope === "own-generations")
        .map(({ location }) => ({ whose: `what ${called} keeps`, location })),
    );
  const trees = liveTrees(plan).map(({ id, location }) => ({ whose: id, location }));
  return [...trees, ...others].filter(
    ({ location }) =>
      sameMachine(location.machine, machine) && location.path !== path && isBelow(location.path, path),
  );
}

function liveTrees({ datasets }: Plan): Plan["datasets"] {
  return datasets.filter(({ kind }) => kind === "tree");
}
