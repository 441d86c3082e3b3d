import type { Plan } from "../../plan";
import type { Estate } from "../../plan/estate/schema";
import { chainOf } from "../../plan/graph/copies";
import type { Job } from "../../plan/job";
import { isBelow, mountAbove, sameMachine } from "../../plan/layers/places";
import { defineCheck, type Found } from "../check";
import { doubledCopies } from "../doubled";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { type Leg, legsOf } from "../legs";
import { write } from "../said";
import { listed } from "../wording";

export const legTooHigh = defineCheck({
  code: "routes/leg-too-high",
  severity: "error",
  title: "A leg sends a folder above the one that it is to send",
  why: "A word too few in a path, and a leg sends whole disks: what goes another way comes to the NAS twice. A folder above a mount point is sent when that isn't mounted too, and then there is nothing in it: only the file system that a leg itself lies on is proven to be the right one.",
  run: plan => sentBy(plan).flatMap(leg => aboveMounts(leg, plan) ?? aboveRoutes(leg, plan) ?? []),
  without: (plan, { subject }) =>
    sentBy(plan)
      .filter(leg => leg.job.called === subject && (aboveMounts(leg, plan) ?? aboveRoutes(leg, plan)))
      .flatMap(leg => foldersMeant(leg, plan).map(from => withLeg(leg, from, plan))),
  examples: {
    bad: [
      mended(
        example("the folder above the backup disk", ({ layers }) =>
          edit(layers["offsite-sync"][0]?.legs[0], { from: "/mnt" }),
        ),
        {
          says: '"/mnt/backup"',
          edit: ({ layers }) => edit(layers["offsite-sync"][0]?.legs[0], { from: "/mnt/backup" }),
        },
      ),
      mended(
        example("all of the tree, for the photos", ({ layers }) =>
          edit(layers["offsite-sync"][0]?.legs[1], { from: "/srv/nfs" }),
        ),
        {
          says: '"/srv/nfs/photos"',
          edit: ({ layers }) => edit(layers["offsite-sync"][0]?.legs[1], { from: "/srv/nfs/photos" }),
        },
      ),
    ],
    good: [example("a leg from a disk, and one from a folder")],
  },
});

/** A leg, and the job that it is of. */
type Sent = Leg & { readonly job: Job };

function sentBy({ jobs }: Plan): Sent[] {
  return jobs.flatMap(job => legsOf(job).map(leg => ({ job, ...leg })));
}

function mountsBelow({ job, from: { path: from } }: Sent, { estate }: Plan): string[] {
  const mounts = Object.keys(estate.hosts[job.host]?.filesystems ?? {});
  return mounts.filter(mount => mount !== from && isBelow(mount, from));
}

function aboveMounts(leg: Sent, plan: Plan): Found | undefined {
  const {
    job,
    from: { path: from },
  } = leg;
  const mounts = mountsBelow(leg, plan);
  if (mounts.length === 0) return undefined;
  const on = mountAbove(plan.estate, job.host, from);
  return {
    subject: job.called,
    message: `${job.called} sends "${from}", which lies on ${on}, and ${listed(mounts)} in it ${mounts.length === 1 ? "is a file system of its own" : "are file systems of their own"}: a run proves that ${on} is there, and not they. Without their disk, an empty folder would be sent.`,
    fix: `Send what is meant by a leg from ${mounts.map(mount => `"${mount}"`).join(" or ")}, or from a folder there, and not from "${from}".`,
    evidence: { from, mounts },
  };
}

/** Services below a leg's folder of which it makes a second copy, where another leg or job reads there too. */
function aboveRoutes(leg: Sent, plan: Plan): Found | undefined {
  const {
    job,
    from: { path: from },
    to,
  } = leg;
  const readsThere = plan.jobs
    .filter(({ host }) => host === job.host)
    .flatMap(other => other.flows.map(flow => ({ other, flow })))
    .some(
      ({ other, flow: { source } }) =>
        source.kind === "tree" &&
        sameMachine(source.location.machine, job.runsOn) &&
        isBelow(source.location.path, from) &&
        // Who else reads the very folder is a mirror of it; another destination's leg is no second route.
        (source.location.path !== from || other.layer !== job.layer),
    );
  if (!readsThere) return undefined;
  const twice = doubledCopies(plan)
    .filter(pair =>
      pair.some(copy =>
        chainOf(copy).some(
          ({ job: by, flow: { source } }) =>
            by === job && source.kind === "tree" && source.location.path === from,
        ),
      ),
    )
    .map(([{ dataset }]) => dataset.id);
  // One alone is a leg that somebody forgot to leave out elsewhere.
  if (twice.length < 2) return undefined;
  const [meant = from] = foldersMeant(leg, plan);
  return {
    subject: job.called,
    message: `${job.called} sends all of "${from}" to ${to}, and ${twice.length} of what is in there come to the same place by another way too: ${listed(twice)}.`,
    fix: `Send by it just what goes no other way, such as "${meant}", and not "${from}".`,
    evidence: { from, to, twice },
  };
}

/** File systems of the host and folders of services that it may have been meant to send; first the one that its target is called after. */
function foldersMeant({ job, from, to }: Sent, { estate, datasets }: Plan): string[] {
  const mounts = Object.keys(estate.hosts[job.host]?.filesystems ?? {}).filter(mount => mount !== "/");
  const trees = datasets
    .filter(({ kind, location }) => kind === "tree" && sameMachine(location.machine, job.runsOn))
    .map(({ location }) => location.path);
  const isCalledSo = (path: string): boolean => lastOf(path) === lastOf(to);
  return [...new Set([...mounts, ...trees])]
    .filter(path => path !== from.path)
    .sort((a, b) => Number(isCalledSo(b)) - Number(isCalledSo(a)));
}

function lastOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function withLeg({ said }: Leg, from: string, plan: Plan): Estate {
  const estate = structuredClone(plan.estate);
  write(estate, said.source, from);
  return estate;
}
