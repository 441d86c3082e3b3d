import type { Plan } from "../../plan";
import type { Estate } from "../../plan/estate/schema";
import { isBelow, sameMachine } from "../../plan/layers/places";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { fallingShort } from "../protection";
import { listed } from "../wording";

export const backupDiskStays = defineCheck({
  code: "routes/backup-disk-stays",
  severity: "error",
  title: "No leg sends a backup disk away, and what lies there has no other way off the site",
  why: "One line of an estate sends all that the nightly jobs have copied. Without it, or with another folder in it, each service by itself is told to be without a copy elsewhere.",
  run: plan =>
    disksLeft(plan).map(({ host, mount, left, part }) => ({
      subject: host,
      message: `No leg of ${part.name} sends ${host}:${mount}, and ${left.length} services have no copy at another site than by it: ${listed(left)}.`,
      fix: `Add to legs of ${part.name}: { from: "${mount}", to: "${targetOf(part.legs, host)}" }, or send it by the leg that has another folder in its place.`,
      evidence: { mount, services: left },
    })),
  without: (plan, { subject }) =>
    disksLeft(plan)
      .filter(({ host }) => host === subject)
      .flatMap(({ mount, host, at, part }) => [
        withLegs(plan, at, legs => legs.push({ ...emptyLeg, from: mount, to: targetOf(part.legs, host) })),
        ...part.legs.map((_, leg) =>
          withLegs(plan, at, legs => Object.assign(legs[leg] ?? {}, { from: mount })),
        ),
      ]),
  examples: {
    bad: [
      mended(
        example("the backup disk's leg removed", ({ layers }) => {
          layers["offsite-sync"][0]?.legs.shift();
        }),
        {
          says: 'Add to legs of offsite-sync-backup: { from: "/mnt/backup", to: "/Backup/nfs/pve-backup" }',
          edit: ({ layers }) =>
            layers["offsite-sync"][0]?.legs.push({ from: "/mnt/backup", to: "/Backup/nfs/pve-backup" }),
        },
      ),
      mended(
        example("the tree in the place of the backup disk", ({ layers }) =>
          edit(layers["offsite-sync"][0]?.legs[0], { from: "/srv/nfs/books" }),
        ),
        {
          says: "send it by the leg that has another folder in its place",
          edit: ({ layers }) => edit(layers["offsite-sync"][0]?.legs[0], { from: "/mnt/backup" }),
        },
      ),
    ],
    good: [example("a leg from the backup disk")],
  },
});

type Part = Estate["layers"]["offsite-sync"][number];
type Leg = Part["legs"][number];

const emptyLeg = { excludes: [], metadata: "kept" as const };

/** Backup disks that nothing reads for another place, of hosts that send something. */
function disksLeft(plan: Plan): { host: string; mount: string; left: string[]; at: number; part: Part }[] {
  const stay = fallingShort(plan, "no-route-off-site");
  return plan.estate.layers["offsite-sync"].flatMap((part, at) =>
    Object.entries(plan.estate.hosts[part.host]?.filesystems ?? {}).flatMap(([mount]) => {
      const machine = { kind: "host", name: part.host } as const;
      const left = stay
        .filter(({ copies }) =>
          copies.some(
            ({ location }) => sameMachine(location.machine, machine) && isBelow(location.path, mount),
          ),
        )
        .map(({ dataset }) => dataset.id);
      const isSent = part.legs.some(({ from }) => isBelow(from, mount) || isBelow(mount, from));
      // One alone is left out by itself.
      return mount === "/" || isSent || left.length < 2 ? [] : [{ host: part.host, mount, left, at, part }];
    }),
  );
}

/** Beside where the other legs go. */
function targetOf(legs: readonly Leg[], host: string): string {
  const [first = ""] = legs.map(({ to }) => to.slice(0, to.lastIndexOf("/")));
  return `${first}/${host}-backup`;
}

function withLegs(plan: Plan, at: number, change: (legs: Leg[]) => unknown): Estate {
  const estate = structuredClone(plan.estate);
  change(estate.layers["offsite-sync"][at]?.legs ?? []);
  return estate;
}
