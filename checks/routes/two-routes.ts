import type { Plan } from "../../plan";
import { type Copy, chainOf } from "../../plan/graph/copies";
import { defineCheck, type Found } from "../check";
import { edit } from "../example-edits";
import { example, mirrorExample } from "../examples";
import { deviceOf } from "../protection";
import { formatSize, placeText } from "../wording";
import { copiesIn } from "../copies";

export const twoRoutes = defineCheck({
  code: "routes/two-routes",
  severity: "error",
  title: "The same bytes reach one place by two routes",
  why: "The reference system sent folders to its NAS twice, by way of the backup disk and straight: 98 % full, and every night twice as long as it had to be.",
  run: plan =>
    [...copiesIn(plan)].flatMap(([dataset, copies]) => {
      const pair = firstPair(copies);
      return pair ? [finding(dataset.id, dataset.sizeBytes * dataset.count, pair, plan)] : [];
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

function finding(subject: string, sizeBytes: number, [one, other]: readonly [Copy, Copy], plan: Plan): Found {
  const routes = [one, other].map(copy => [
    placeText(copy.dataset.location),
    ...chainOf(copy).map(({ location }) => placeText(location)),
  ]);
  const place = deviceOf(one.location).replace(/^\w+:/, "");
  const [from, to] = [one, other].map(copy => copy.from?.location ?? copy.dataset.location);
  return {
    subject,
    message: `${subject} comes to ${place} twice, ${routes.map(route => route.join(" > ")).join(" and ")}: ${formatSize(sizeBytes)} sent and kept two times.`,
    fix: `Exclude it in one of ${[...new Set([one.job.name, other.job.name])].join(", ")} (${from?.path ?? ""} or ${to?.path ?? ""}), with the reason, so that each byte has one route.`,
    evidence: {
      sizeBytes,
      one: routes[0] ?? [],
      other: routes[1] ?? [],
      jobs: plan.jobs.filter(job => job === one.job || job === other.job).map(job => job.name),
    },
  };
}

/** The first two copies of the same bytes that come to one device from another one; nearest to the original first. */
function firstPair(copies: readonly Copy[]): readonly [Copy, Copy] | undefined {
  const seen = new Map<string, Copy>();
  for (const copy of copies) {
    if (deviceOf(copy.location) === deviceOf(copy.from?.location ?? copy.dataset.location)) continue;
    const key = `${deviceOf(copy.location)} ${form(copy)}`;
    const earlier = seen.get(key);
    if (earlier) return [earlier, copy];
    seen.set(key, copy);
  }
  return undefined;
}

/** What made the bytes: a tree's copier leaves them as they are; a dump, a snapshot's files and a SQLite copy differ. */
function form(copy: Copy): string {
  return chainOf(copy)
    .filter(({ flow }) => flow.source.kind !== "tree")
    .map(({ job, flow }) => `${job.host}/${job.name}:${flow.target.path}`)
    .join(" > ");
}
