import { bytesOf, type Dataset } from "../../plan/datasets";
import { defineCheck } from "../check";
import { example } from "../examples";
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
      fix: `Put it where a job reads, or give it a job of its own; if no copy is wanted: unprotected with reason, owner and expires in services.${dataset.service}.data.`,
      evidence: {
        path: placeText(dataset.location),
        ...withSize(dataset),
        jobs: plan.jobs.map(job => job.name),
      },
    })),
  examples: {
    bad: [
      example("a tree outside of the mirror's source", ({ services }) => {
        services.films = {
          data: [{ kind: "tree", host: "pve", path: "/srv/films" }],
          promise: { rpo: { site: "33h" } },
        };
      }),
      example("a database on the nodes' own disks that nobody dumps", ({ services }) => {
        services.postiz = {
          data: [{ kind: "database", engine: "postgresql", on: { cluster: "k8s" } }],
          promise: { rpo: { site: "33h" } },
        };
      }),
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
