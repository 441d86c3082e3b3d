import type { Plan } from "../../plan";
import { slipOf } from "../../plan/contracts/near";
import type { Flow, Location } from "../../plan/job";
import { isBelow, sameMachine } from "../../plan/layers/places";
import { defineCheck } from "../check";
import { example, mirrorExample, mended } from "../examples";

/** What file systems, desktops and a NAS put into a folder themselves: leaving it out hides nobody's data. */
const ownOfFileSystems =
  /^(lost\+found|@eaDir|#recycle|\.Trash(-\d+)?|\.snapshots?|\.zfs|aquota\.(user|group)|\.DS_Store)$/;

const photos = { name: "photos", reason: "goes to the NAS by a leg of its own" };

export const excludeNamesNothing = defineCheck({
  code: "routes/exclude-names-nothing",
  severity: "warning",
  title: "An excluded entry names nothing in the estate",
  why: "The reference system's skip list still had three folders that were long gone. Such an entry hides the next service that is given its name, and nobody will look for it there.",
  run: plan => {
    const places = [...plan.datasets, ...plan.copies].map(({ location }) => location);
    return plan.jobs.flatMap(job =>
      job.flows.flatMap(flow =>
        emptyExcludes(flow, places, plan).map(({ path, name, reason, meant }) => ({
          subject: job.called,
          message: `${job.called} leaves out "${path}" ("${reason}"), but no dataset or copy of the estate lies there.${meant === undefined ? "" : ` Did you mean "${meant}"? It isn't left out.`}`,
          fix:
            meant === undefined
              ? `Remove "${name}" from its excludes, or add the dataset with unprotected if it holds data that needs no copy.`
              : `Write "${meant}" for "${name}" in its excludes.`,
          evidence: { path, exclude: name },
          // What was meant is copied, or hides nothing of what it should.
          ...(meant === undefined ? {} : { severity: "error" as const }),
        })),
      ),
    );
  },
  examples: {
    bad: [
      mended(
        mirrorExample("a skip list with a folder that is gone", {
          excludes: [photos, { name: "prometheus", reason: "metrics can be regained" }],
        }),
        {
          says: 'Remove "prometheus" from its excludes',
          edit: ({ layers }) => layers["nfs-mirror"][0]?.excludes?.splice(1, 1),
        },
      ),
    ],
    good: [
      mirrorExample("a skip list whose entries exist", {}),
      mirrorExample("what each file system of ext4 has", {
        excludes: [photos, { name: "lost+found", reason: "what a repair of the disk found" }],
      }),
      example("a folder that is there and needs no copy", ({ services, layers }) => {
        layers["nfs-mirror"][0]?.excludes?.push({ name: "frigate", reason: "camera ring buffer" });
        services.frigate = {
          data: [
            {
              kind: "tree",
              host: "pve",
              path: "/srv/nfs/frigate",
              unprotected: { reason: "camera ring buffer", owner: "viktor", expires: "2027-06-30" },
            },
          ],
        };
      }),
    ],
  },
});

/** Excluded entries of a tree with nothing in them; those inside of a dataset's own folder can't be judged. */
function emptyExcludes(
  { source, target }: Flow,
  places: readonly Location[],
  plan: Plan,
): { path: string; name: string; reason: string; meant: string | undefined }[] {
  if (source.kind !== "tree" || source.excludes.length === 0) return [];
  const { location } = source;
  const here = places.filter(place => sameMachine(place.machine, location.machine));
  if (here.some(place => isBelow(location.path, place.path))) return [];
  const excluded = new Set(source.excludes.map(({ name }) => name));
  const notLeftOut = entriesBelow(location, here).filter(entry => !excluded.has(entry));
  const targets = plan.jobs.flatMap(job => job.flows.map(flow => flow.target));
  return source.excludes
    .map(({ name, reason }) => ({
      path: `${location.path === "/" ? "" : location.path}/${name}`,
      name,
      reason,
    }))
    .filter(
      ({ path, name }) =>
        !ownOfFileSystems.test(name) &&
        !here.some(place => isBelow(place.path, path) || isBelow(path, place.path)) &&
        !targets.some(
          written => sameMachine(written.machine, location.machine) && isBelow(written.path, path),
        ) &&
        path !== target.path,
    )
    .map(exclude => ({ ...exclude, meant: slipOf(exclude.name, notLeftOut) }));
}

/** Names of the entries right below a place that something lies in. */
function entriesBelow({ path }: Location, places: readonly Location[]): string[] {
  const below = path === "/" ? 1 : path.length + 1;
  return [
    ...new Set(
      places
        .filter(place => place.path !== path && isBelow(place.path, path))
        .map(place => place.path.slice(below).split("/", 1)[0] ?? ""),
    ),
  ];
}
