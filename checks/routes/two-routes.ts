import type { Plan } from "../../plan";
import { bytesOf } from "../../plan/datasets";
import { type Copy, chainOf } from "../../plan/graph/copies";
import { defineCheck, type Found } from "../check";
import { edit } from "../example-edits";
import { example, mirrorExample, mended } from "../examples";
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
      mended(mirrorExample("photos by way of the mirror and by a leg of their own", { excludes: [] }), {
        says: "where nfs-mirror reads /srv/nfs",
        edit: ({ layers }) =>
          layers["nfs-mirror"][0]?.excludes?.push({
            name: "photos",
            reason: "goes to the NAS by a leg of its own",
          }),
      }),
      mended(
        example("a leg inside of what another leg sends", ({ layers }) =>
          edit(layers["offsite-sync"][0], {
            legs: [
              { from: "/mnt/backup", to: "/Backup/pve-backup" },
              { from: "/srv/nfs/photos", to: "/Backup/nfs/photos" },
              { from: "/mnt/backup/books", to: "/Backup/books" },
            ],
          }),
        ),
        {
          says: "remove the leg from /mnt/backup/books",
          edit: ({ layers }) => layers["offsite-sync"][0]?.legs.pop(),
        },
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

/** Hops of one of the two ways alone: each can leave the bytes out, or be left out itself where it carries a copy of nothing else. */
function waysOut(one: Copy, other: Copy): string[] {
  const [ours, theirs] = [chainOf(one), chainOf(other)];
  const hops = [...ours.filter(hop => !theirs.includes(hop)), ...theirs.filter(hop => !ours.includes(hop))];
  return hops.flatMap(({ job, flow: { source }, from, dataset }) => {
    if (source.kind !== "tree") return [];
    const { path } = source.location;
    if (path !== (from?.location ?? dataset.location).path)
      return [`exclude it, with the reason, where ${job.called} reads ${path}`];
    return from ? [`remove the leg from ${path} of ${job.called}`] : [];
  });
}

function finding(subject: string, sizeBytes: number | undefined, [one, other]: Pair, plan: Plan): Found {
  const routes = [one, other].map(copy => [
    placeText(copy.dataset.location),
    ...chainOf(copy).map(({ location }) => placeText(location)),
  ]);
  const place = deviceOf(one.location).replace(/^\w+:/, "");
  return {
    subject,
    message: `${subject} comes to ${place} twice, ${routes.map(route => route.join(" > ")).join(" and ")}: ${sizeText(sizeBytes)} sent and kept two times.`,
    fix: `So that each byte has one route: ${waysOut(one, other).join(", or ") || `remove one of the two parts of ${one.job.called} that make the same`}.`,
    evidence: {
      ...(sizeBytes === undefined ? {} : { sizeBytes }),
      one: routes[0] ?? [],
      other: routes[1] ?? [],
      jobs: plan.jobs.filter(job => job === one.job || job === other.job).map(job => job.called),
    },
  };
}
