import type { Plan } from "../../plan";
import type { Dataset } from "../../plan/datasets";
import { copiesByDataset } from "../../plan/graph/copies";
import type { Job, Location } from "../../plan/job";
import { isBelow, sameMachine } from "../../plan/layers/places";
import { defineCheck, type Found } from "../check";
import { edit } from "../example-edits";
import { example, mirrorExample } from "../examples";
import { fallingShort } from "../protection";
import { placeText } from "../wording";

const pvcData = { name: "pvc-data", reason: "generations of daily-backup" };

export const excludeHidesData = defineCheck({
  code: "routes/exclude-hides-data",
  severity: "error",
  title: "An excluded entry hides data that no other route carries",
  why: "The reference system dropped folders from a skip list and added them again for two years. Each was right on its day; nobody could see which data had lost its other route since.",
  run: plan => [
    ...fallingShort(plan, "exclude-hides-data").flatMap(({ dataset, hidden }) =>
      hidden
        ? [
            {
              subject: dataset.id,
              message: `${hidden.job.name} leaves out ${hidden.where} ("${hidden.exclude.reason}"), and with it ${dataset.id} at ${placeText(hidden.place)}: no other route carries it.`,
              fix: `Remove "${hidden.exclude.name}" from the excludes of ${hidden.job.name}, or give it another route; if no copy is wanted: unprotected in services.${dataset.service}.data.`,
              evidence: {
                job: hidden.job.name,
                exclude: hidden.exclude.name,
                path: placeText(hidden.place),
              },
            },
          ]
        : [],
    ),
    ...plan.jobs.flatMap(job => hiddenByKept(job, plan)),
  ],
  examples: {
    bad: [
      mirrorExample("a mirror that leaves out the books", {
        excludes: [
          { name: "photos", reason: "goes to the NAS by a leg of its own" },
          { name: "books", reason: "too big for the old disk" },
        ],
      }),
      mirrorExample("a mirror that leaves out the folder of etcd's dumps", {
        excludes: [
          { name: "photos", reason: "goes to the NAS by a leg of its own" },
          { name: "etcd-backup", reason: "dumps are no live data" },
        ],
      }),
      example("an off-site leg that leaves out the volumes' files", ({ layers }) =>
        edit(layers["offsite-sync"][0], {
          legs: [
            { from: "/mnt/backup", to: "/Backup/pve-backup", excludes: [pvcData] },
            { from: "/srv/nfs/photos", to: "/Backup/nfs/photos" },
          ],
        }),
      ),
      example("a service in a namespace that snapshots leave out", ({ layers }) =>
        edit(layers["lvm-pvc-snapshot"][0], {
          excludeNamespaces: [
            { name: "dbaas", reason: "dumped each night instead" },
            { name: "nextcloud", reason: "high churn" },
          ],
        }),
      ),
      example("a service with the name of a folder that the mirror never writes", ({ services }) => {
        services.configs = {
          data: [{ kind: "tree", host: "pve", path: "/srv/nfs/pve-config", size: "1GB" }],
          promise: { rpo: { site: "33h" } },
        };
      }),
    ],
    good: [
      example("photos, left out of the mirror and carried by a leg of their own"),
      mirrorExample("an excluded entry that holds no data of the estate", {
        excludes: [{ name: "photos", reason: "goes to the NAS by a leg of its own" }],
      }),
    ],
  },
});

/** An entry that a mirror keeps at its target is one that it doesn't write there either. */
function hiddenByKept(job: Job, plan: Plan): Found[] {
  const copies = copiesByDataset(plan.copies);
  return job.deletes.flatMap(({ location, keeps }) =>
    job.flows.flatMap(flow => {
      const { source, target } = flow;
      if (source.kind !== "tree" || target.path !== location.path) return [];
      return keeps.flatMap(kept => {
        const where: Location = { ...source.location, path: `${source.location.path}/${kept}` };
        const lies = (place: Location): boolean =>
          sameMachine(place.machine, where.machine) && isBelow(place.path, where.path);
        return plan.datasets
          .filter(dataset => !dataset.unprotected && carries(dataset, copies.get(dataset) ?? [], job, lies))
          .map(dataset => ({
            subject: dataset.id,
            message: `${job.name} keeps "${kept}" in ${location.path} for another job and never writes there, so it doesn't copy ${placeText(where)}, which holds ${dataset.id}.`,
            fix: `Rename ${where.path}, or let the other job write to a folder of another name than "${kept}".`,
            evidence: { job: job.name, exclude: kept, path: placeText(where) },
          }));
      });
    }),
  );
}

function carries(
  dataset: Dataset,
  copies: readonly { job: Job; from?: { location: Location } }[],
  job: Job,
  lies: (place: Location) => boolean,
): boolean {
  return copies.some(copy => copy.job === job && lies(copy.from?.location ?? dataset.location));
}
