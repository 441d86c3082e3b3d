import { siteOf } from "../../plan/graph/survival";
import { layerGiving } from "../../plan/layers";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { legsOf } from "../legs";
import { fallingShort, type Protection, protectionsOf } from "../protection";
import { waiverOf } from "../waived";
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
          evidence: {
            sites,
            datasets: all.map(({ dataset }) => dataset.id),
            legs: plan.jobs.flatMap(legsOf).length,
          },
        },
      ];
    }
    // What somebody accepts of one dataset is told of that one.
    const open = short.filter(
      ({ dataset: { id } }) => !waiverOf(plan, { code: "routes/no-route-off-site", subject: id }),
    );
    const together = sharedSites(open, site);
    const told = new Set(together.flatMap(({ protections }) => protections));
    const slips = together.map(({ at, hosts, destinations, protections }) => ({
      subject: at,
      message: `${protections.length} services live at site ${at}, and the copies that ${listed(destinations)} ${destinations.length === 1 ? "has" : "have"} of them lie there too: one fire takes both.`,
      fix: `Correct the site of ${listed([...hosts, ...destinations])} if one of them is a slip, or add a destination at another site and an ${layerGiving("a copy off the site")} that sends there.`,
      evidence: { site: at, hosts, destinations, datasets: protections.map(({ dataset }) => dataset.id) },
    }));
    const others = short.filter(protection => !told.has(protection));
    const alone = others.map(protection => {
      const { dataset, copies } = protection;
      const paths = copies.map(copy => placeText(copy.location));
      return {
        subject: dataset.id,
        message: `${dataset.id} has ${counted(copies.length, "copy", "copies")}, at ${listed(paths)}: all at site ${site(protection)}, as the original.`,
        fix: `Add a leg of ${layerGiving("a copy off the site")} for ${listed(paths, 1)}, or let an existing leg carry it.`,
        evidence: { site: site(protection), paths },
      };
    });
    return [...slips, ...alone];
  },
  // Where nothing is sent at all, a list that leaves out what a leg is to send hides it, and the NAS has nothing to keep.
  gathers: ({ evidence: { legs } }, { code, evidence: { from } }) =>
    legs === 0 &&
    (code === "routes/exclude-hides-data" || (code === "estate/reads-nothing" && Array.isArray(from))),
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

interface SharedSite {
  readonly at: string;
  readonly hosts: readonly string[];
  readonly destinations: readonly string[];
  readonly protections: readonly Protection[];
}

/** Sites at which many live, beside the destinations that keep copies of them: the name of one is wrong. */
function sharedSites(
  short: readonly Protection[],
  siteOfOne: (protection: Protection) => string,
): SharedSite[] {
  const sent = short.filter(({ copies }) => destinationsOf(copies).length > 0);
  return [...new Set(sent.map(siteOfOne))].flatMap(at => {
    const protections = sent.filter(protection => siteOfOne(protection) === at);
    const hosts = [...new Set(protections.map(({ dataset }) => dataset.location.machine.name))];
    const destinations = [...new Set(protections.flatMap(({ copies }) => destinationsOf(copies)))];
    return protections.length < 2 ? [] : [{ at, hosts, destinations, protections }];
  });
}

function destinationsOf(copies: Protection["copies"]): string[] {
  return copies.flatMap(({ location: { machine } }) =>
    machine.kind === "destination" ? [machine.name] : [],
  );
}
