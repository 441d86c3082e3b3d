import type { Plan } from "../../plan";
import type { Estate } from "../../plan/estate/schema";
import type { Job } from "../../plan/job";
import { isBelow, sameMachine } from "../../plan/layers/places";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { type Leg, legsOf } from "../legs";
import { fallingShort } from "../protection";
import { fieldOf, write } from "../said";
import { listed } from "../wording";

export const backupDiskStays = defineCheck({
  code: "routes/backup-disk-stays",
  severity: "error",
  title: "No leg sends a backup disk away, and what lies there has no other way off the site",
  why: "One line of an estate sends all that the nightly jobs have copied. Without it, or with another folder in it, each service by itself is told to be without a copy elsewhere.",
  run: plan =>
    disksLeft(plan).map(({ job: { called, host }, mount, left, legs, to }) => {
      const [source, target] = [fieldOf(legs[0].said.source), fieldOf(legs[0].said.target)];
      return {
        subject: host,
        message: `No leg of ${called} sends ${host}:${mount}, and ${left.length} services have no copy at another site than by it: ${listed(left)}.`,
        fix: `Add to legs of ${called}: { ${source}: "${mount}", ${target}: "${to}" }, or send it by the leg that has another folder in its place.`,
        evidence: { mount, services: left },
      };
    }),
  without: (plan, { subject }) =>
    disksLeft(plan)
      .filter(({ job }) => job.host === subject)
      .flatMap(left => [withLeg(left, plan), ...left.legs.map(leg => sentBy(leg, left.mount, plan))]),
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

interface DiskLeft {
  readonly job: Job;
  readonly legs: readonly [Leg, ...Leg[]];
  readonly mount: string;
  /** Services that lie there, with no other way off the site. */
  readonly left: readonly string[];
  /** Where it could go: beside where the other legs go. */
  readonly to: string;
}

/** Backup disks that nothing reads for another place, of hosts that send something. */
function disksLeft(plan: Plan): DiskLeft[] {
  const stay = fallingShort(plan, "no-route-off-site");
  return plan.jobs.flatMap(job => {
    const [first, ...others] = legsOf(job);
    if (!first) return [];
    const to = `${first.to.slice(0, first.to.lastIndexOf("/"))}/${job.host}-backup`;
    const legs = [first, ...others] as const;
    return Object.keys(plan.estate.hosts[job.host]?.filesystems ?? {}).flatMap((mount): DiskLeft[] => {
      const left = stay
        .filter(({ copies }) =>
          copies.some(
            ({ location }) => sameMachine(location.machine, job.runsOn) && isBelow(location.path, mount),
          ),
        )
        .map(({ dataset }) => dataset.id);
      const isSent = legs.some(({ from: { path } }) => isBelow(path, mount) || isBelow(mount, path));
      // One alone is left out by itself.
      return mount === "/" || isSent || left.length < 2 ? [] : [{ job, legs, mount, left, to }];
    });
  });
}

/** The estate with the disk in one more leg: like the first, without what that one leaves out. */
function withLeg({ legs, mount, to }: DiskLeft, plan: Plan): Estate {
  const estate = structuredClone(plan.estate);
  const [{ said }] = legs;
  const added = [...said.source.slice(0, -2), legs.length];
  write(estate, added, { excludes: [], metadata: "kept" });
  write(estate, [...added, fieldOf(said.source)], mount);
  write(estate, [...added, fieldOf(said.target)], to);
  return estate;
}

/** The estate with the disk in a leg that there is. */
function sentBy({ said }: Leg, mount: string, plan: Plan): Estate {
  const estate = structuredClone(plan.estate);
  write(estate, said.source, mount);
  return estate;
}
