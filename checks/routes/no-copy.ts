import { bytesOf, type Dataset } from "../../plan/datasets";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { fallingShort } from "../protection";
import { placeText, sizeText } from "../wording";

export const noCopy = defineCheck({
  code: "routes/no-copy",
  severity: "error",
  title: "No job copies a dataset",
  why: 'A backup that covers "everything below" a folder covers nothing beside it. In the reference system a database on a node\'s own disk was outside of every layer, and only a list kept by hand said so.',
  run: plan =>
    fallingShort(plan, "no-copy").map(({ dataset }) => ({
      subject: dataset.id,
      message: `${dataset.id} at ${placeText(dataset.location)} (${sizeText(bytesOf(dataset))}) is read by none of ${plan.jobs.length} jobs: no copy of it exists.`,
      fix: `Put it where a job reads, or give it a job of its own; if no copy is wanted: unprotected with reason, owner and expires in services.${dataset.service}.data, and no promise.`,
      evidence: {
        path: placeText(dataset.location),
        ...withSize(dataset),
        jobs: plan.jobs.map(job => job.called),
      },
    })),
  examples: {
    bad: [
      mended(
        example("a tree outside of the mirror's source", ({ services }) => {
          services.films = {
            data: [{ kind: "tree", host: "pve", path: "/srv/films", size: "1GB" }],
            promise: { rpo: { site: "33h" } },
          };
        }),
        {
          says: "Put it where a job reads",
          edit: ({ services }) =>
            edit(services.films, {
              data: [{ kind: "tree", host: "pve", path: "/srv/nfs/films", size: "1GB" }],
            }),
        },
        {
          says: "unprotected with reason, owner and expires in services.films.data, and no promise",
          edit: ({ services }) => {
            delete services.films?.promise;
            const [films] = services.films?.data ?? [];
            edit(services.films, {
              data: films
                ? [
                    {
                      ...films,
                      unprotected: { reason: "can be bought again", owner: "viktor", expires: "2027-06-30" },
                    },
                  ]
                : [],
            });
          },
        },
      ),
      mended(
        example("a database on the nodes' own disks that nobody dumps", ({ services }) => {
          services.postiz = {
            data: [{ kind: "database", engine: "postgresql", on: { cluster: "k8s" }, size: "1GB" }],
            promise: { rpo: { site: "33h" } },
            restoredByHand: { proven: "2026-10-01" },
          };
        }),
        {
          says: "a job of its own",
          edit: ({ layers }) =>
            layers["cluster-dump"].push({
              name: "postiz-backup",
              cluster: "k8s",
              namespace: "postiz",
              dataset: "postiz",
              schedule: { cron: "45 1 * * *" },
              target: { host: "pve", path: "/srv/nfs/postiz-backup" },
              keep: { age: "30d" },
              usualRun: "2min",
              budget: "10min",
              promise: { rpo: "27h" },
              alert: { receiver: "infra" },
            }),
        },
      ),
    ],
    good: [
      example("every dataset below a job's source"),
      example("a tree of which no copy is wanted", ({ services }) => {
        services.films = {
          data: [
            {
              kind: "tree",
              host: "pve",
              path: "/srv/films",
              unprotected: { reason: "can be bought again", owner: "viktor", expires: "2027-06-30" },
            },
          ],
        };
      }),
    ],
  },
});

function withSize(dataset: Dataset): { sizeBytes?: number } {
  const sizeBytes = bytesOf(dataset);
  return sizeBytes === undefined ? {} : { sizeBytes };
}
