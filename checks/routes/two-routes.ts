import type { Plan } from "../../plan";
import { bytesOf } from "../../plan/datasets";
import { chainOf } from "../../plan/graph/copies";
import { defineCheck, type Found } from "../check";
import { edit } from "../example-edits";
import { example, mirrorExample } from "../examples";
import { doubledCopies, type Pair } from "../doubled";
import { deviceOf } from "../protection";
import { placeText, sizeText } from "../wording";

export const twoRoutes = defineCheck({
  code: "routes/two-routes",
  severity: "error",
  title: "The same bytes reach one place by two routes",
  why: "The reference system sent folders to its NAS twice, by way of the backup disk and straight: 98 % full, and every night twice as long as it had to be.",
  run: plan =>
    doubledCopies(plan).map(pair => {
      const { dataset } = pair[0];
      return finding(dataset.id, bytesOf(dataset), pair, plan);
    }),
  examples: {
    bad: [
      mirrorExample("photos by way of the mirror and by a leg of their own", { excludes: [] }),
      example("a leg inside of what another leg sends", ({ layers }) =>
        edit(layers["offsite-sync"][0], {
          legs: [
            { from: "/mnt/backup", to: "/Backup/pve-backup" },
            { from: "/srv/nfs/photos", to: "/Backup/nfs/photos" },
            { from: "/mnt/backup/books", to: "/Backup/books" },
          ],
        }),
      ),
    ],
    good: [
      example("one route to each place, snapshots there not counted"),
      example("files of a volume and a consistent copy of its SQLite database", ({ services }) =>
        edit(services.nextcloud?.data[0], { holds: "sqlite" } as object),
      ),
    ],
  },
});

function finding(subject: string, sizeBytes: number | undefined, [one, other]: Pair, plan: Plan): Found {
  const routes = [one, other].map(copy => [
    placeText(copy.dataset.location),
    ...chainOf(copy).map(({ location }) => placeText(location)),
  ]);
  const place = deviceOf(one.location).replace(/^\w+:/, "");
  const [from, to] = [one, other].map(copy => copy.from?.location ?? copy.dataset.location);
  return {
    subject,
    message: `${subject} comes to ${place} twice, ${routes.map(route => route.join(" > ")).join(" and ")}: ${sizeText(sizeBytes)} sent and kept two times.`,
    fix: `Exclude it in one of ${[...new Set([one.job.name, other.job.name])].join(", ")} (${from?.path ?? ""} or ${to?.path ?? ""}), with the reason, so that each byte has one route.`,
    evidence: {
      ...(sizeBytes === undefined ? {} : { sizeBytes }),
      one: routes[0] ?? [],
      other: routes[1] ?? [],
      jobs: plan.jobs.filter(job => job === one.job || job === other.job).map(job => job.name),
    },
  };
}
