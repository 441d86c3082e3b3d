import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { counted } from "../wording";

const unprotected = { reason: "can be gathered anew", owner: "viktor", expires: "2027-06-30" };

export const needsLeftOut = defineCheck({
  code: "promises/needs-left-out",
  severity: "error",
  title: "A service is promised, and needs one of which no copy is wanted",
  why: "What is needed has to be back first, and what is left out is never restored: the order of the restore ends there, and the time that is promised after it is nobody's.",
  run: ({ estate: { services } }) =>
    Object.entries(services).flatMap(([service, { promise, needs }]) => {
      if (!promise) return [];
      return needs.flatMap(needed => {
        const { data = [], promise: promised } = services[needed] ?? {};
        const [first] = data.flatMap(dataset => dataset.unprotected ?? []);
        // Left out and promised at once is promises/left-out-yet-promised.
        if (!first || promised || !data.every(dataset => dataset.unprotected)) return [];
        return [
          {
            subject: service,
            message: `${service} is promised, and needs ${needed} to be back before it can be restored, but all of ${needed} (${counted(data.length, "dataset")}) is left out until ${first.expires} by ${first.owner} ("${first.reason}"): it never comes back.`,
            fix: `Remove "${needed}" from needs of ${service} where it is made anew without a copy, or remove unprotected from services.${needed}.data and promise it.`,
            evidence: { needed, owner: first.owner, expires: first.expires },
          },
        ];
      });
    }),
  examples: {
    bad: [
      mended(
        example("a book shop that needs a scratch space", ({ services }) => {
          services.scratch = {
            data: [{ kind: "tree", host: "pve", path: "/srv/nfs/scratch", size: "1GB", unprotected }],
          };
          edit(services.books, { needs: ["scratch"] });
        }),
        {
          says: 'Remove "scratch" from needs of books',
          edit: ({ services }) => edit(services.books, { needs: [] }),
        },
        {
          says: "remove unprotected from services.scratch.data",
          edit: ({ services }) => {
            delete services.scratch?.data[0]?.unprotected;
            edit(services.scratch, { promise: { rpo: { site: "33h" }, rto: "8h" } });
          },
        },
      ),
    ],
    good: [
      example("needs that have copies"),
      example("a need of which one part is left out", ({ services }) => {
        services.photos?.data.push({
          ...{ kind: "tree", host: "pve", path: "/srv/nfs/photos-thumbs", name: "thumbs", size: "5GB" },
          unprotected,
        });
        edit(services.photos, {
          promise: { rpo: { "live-disk": "30h", site: "33h", "host-root": "58h" }, rto: "8h" },
        });
        edit(services.books, { needs: ["photos"] });
      }),
      example("one that is promised nothing", ({ services }) => {
        services.scratch = {
          data: [{ kind: "tree", host: "pve", path: "/srv/nfs/scratch", size: "1GB", unprotected }],
        };
        services.player = {
          data: [{ kind: "tree", host: "pve", path: "/srv/nfs/player", size: "1GB", unprotected }],
          needs: ["scratch"],
        };
      }),
    ],
  },
});
