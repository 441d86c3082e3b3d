import { siteOf } from "../../plan/graph/survival";
import { layerGiving } from "../../plan/layers";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { fallingShort, type Protection, protectionsOf } from "../protection";
import { counted, listed, placeText } from "../wording";

export const noRouteOffSite = defineCheck({
  code: "routes/no-route-off-site",
  severity: "error",
  title: "Every copy of a dataset is at the site of the original",
  why: "Fire, theft and a surge take a whole site. A NAS in the next room is a second disk, not an off-site copy.",
  run: plan => {
    const short = fallingShort(plan, "no-route-off-site");
    const site = ({ dataset }: Protection): string => siteOf(dataset.location, plan.estate) ?? "";
    // One cause, one finding: without a job that sends anything, or with a destination at the same site, all stays there.
    const all = protectionsOf(plan);
    const leaves = all.some(protection =>
      protection.copies.some(({ location }) => siteOf(location, plan.estate) !== site(protection)),
    );
    if (short.length > 1 && !leaves) {
      const sites = [...new Set(all.map(site))];
      return [
        {
          subject: plan.estate.name,
          message: `No copy of anything leaves site ${listed(sites)}: all ${all.length} datasets have what copies they have where they live.`,
          fix: `Add a destination at another site and an ${layerGiving("a copy off the site")} that sends there, or correct the destination's site.`,
          evidence: { sites, datasets: all.map(({ dataset }) => dataset.id) },
        },
      ];
    }
    return short.map(protection => {
      const { dataset, copies } = protection;
      const paths = copies.map(copy => placeText(copy.location));
      return {
        subject: dataset.id,
        message: `${dataset.id} has ${counted(copies.length, "copy", "copies")}, at ${listed(paths)}: all at site ${site(protection)}, as the original.`,
        fix: `Add a leg of ${layerGiving("a copy off the site")} for ${listed(paths, 1)}, or let an existing leg carry it.`,
        evidence: { site: site(protection), paths },
      };
    });
  },
  examples: {
    bad: [
      mended(
        example("a NAS on the same site", ({ destinations }) => edit(destinations.nas, { site: "home" })),
        {
          says: "correct the destination's site",
          edit: ({ destinations }) => edit(destinations.nas, { site: "parents" }),
        },
      ),
      mended(
        example("a leg that lists the entries it carries, without the books", ({ layers }) =>
          edit(layers["offsite-sync"][0], {
            legs: [
              {
                from: "/mnt/backup",
                to: "/Backup/pve-backup",
                only: [
                  ...["etcd-backup", "vault-backup"],
                  ...(layers["nfs-mirror"][0]?.keep ?? []).map(({ name }) => name),
                ].map(name => ({ name, reason: "needed after a disaster" })),
              },
              { from: "/srv/nfs/photos", to: "/Backup/nfs/photos" },
            ],
          }),
        ),
        {
          says: "let an existing leg carry it",
          edit: ({ layers }) =>
            layers["offsite-sync"][0]?.legs[0]?.only?.push({
              name: "books",
              reason: "needed after a disaster",
            }),
        },
      ),
    ],
    good: [example("a NAS at another site")],
  },
});
