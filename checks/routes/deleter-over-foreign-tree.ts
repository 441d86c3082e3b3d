import type { Plan } from "../../plan";
import { slipOf } from "../../plan/contracts/near";
import type { Deletion, Job, Location } from "../../plan/job";
import { isBelow, sameMachine } from "../../plan/layers/places";
import { defineCheck, type Found } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { placeText } from "../wording";

export const deleterOverForeignTree = defineCheck({
  code: "routes/deleter-over-foreign-tree",
  severity: "error",
  title: "A job deletes in a tree that another one writes",
  why: "In the reference system a mirror with --delete removed the images that another job had put into its target. Both jobs reported success.",
  run: plan => {
    const writers = writersOf(plan);
    const found = plan.jobs.flatMap(job =>
      job.deletes
        .filter(deletion => deletion.scope === "whole-tree")
        .flatMap(deletion =>
          writers
            .filter(writer => deletes(job, deletion, writer, plan))
            .map(writer => finding(job, deletion, writer)),
        ),
    );
    // Two legs into one folder are one finding, and not one for each leg and each of the two that writes.
    return [...new Map(found.map(each => [each.message, each])).values()];
  },
  examples: {
    bad: [
      mended(
        example(
          "a mirror that doesn't keep the generations of another job",
          ({
            layers: {
              "nfs-mirror": [mirror],
            },
          }) => edit(mirror, { keep: (mirror?.keep ?? []).filter(({ name }) => name !== "pvc-data") }),
        ),
        {
          says: 'Add "pvc-data" to "keep"',
          edit: ({ layers }) =>
            layers["nfs-mirror"][0]?.keep?.push({ name: "pvc-data", reason: "generations of daily-backup" }),
        },
      ),
      mended(
        example("a leg that ends inside of another leg's target", ({ layers }) =>
          edit(layers["offsite-sync"][0], {
            legs: [
              { from: "/mnt/backup", to: "/Backup/pve-backup" },
              { from: "/srv/nfs/photos", to: "/Backup/pve-backup/photos" },
            ],
          }),
        ),
        {
          says: "outside of /Backup/pve-backup",
          edit: ({ layers }) => edit(layers["offsite-sync"][0]?.legs[1], { to: "/Backup/nfs/photos" }),
        },
      ),
      mended(
        example("the change tracker's journal below the mirror's target", ({ layers }) =>
          edit(layers["nfs-change-tracker"][0], { log: "/mnt/backup/nfs-changes" }),
        ),
        {
          says: 'Add "nfs-changes" to "keep"',
          edit: ({ layers }) =>
            layers["nfs-mirror"][0]?.keep?.push({
              name: "nfs-changes",
              reason: "the change tracker's journal",
            }),
        },
        {
          says: "let nfs-change-tracker write elsewhere",
          edit: ({ layers }) =>
            edit(layers["nfs-change-tracker"][0], { log: "/var/lib/holdfast/nfs-change-tracker" }),
        },
      ),
    ],
    good: [example("a mirror that keeps what daily-backup writes")],
  },
});

interface Writer {
  readonly who: string;
  readonly job?: Job;
  readonly location: Location;
  readonly what: string;
}

/** Everything that puts bytes somewhere: flows, the tracker's journal, and people with their live trees. */
function writersOf(plan: Plan): Writer[] {
  return [
    ...plan.jobs.flatMap(job =>
      job.flows
        .filter(flow => !flow.outOfHostsReach)
        .map(flow => ({ who: job.called, job, location: flow.target, what: "copies" })),
    ),
    ...plan.jobs.flatMap(({ called, runsOn, journal }) =>
      journal?.kind === "watches"
        ? [{ who: called, location: { machine: runsOn, path: journal.below }, what: "its journal" }]
        : [],
    ),
    ...plan.datasets
      .filter(({ kind }) => kind === "tree")
      .map(({ id, location }) => ({ who: id, location, what: "live data" })),
  ];
}

function deletes(job: Job, { location, keeps }: Deletion, writer: Writer, plan: Plan): boolean {
  if (!sameMachine(location.machine, writer.location.machine)) return false;
  const own = writer.job === job && writer.location.path === location.path;
  if (own) return job.flows.filter(flow => flow.target.path === location.path).length > 1;
  // Two mirrors into one folder are told of once, as the fault of the later one.
  if (writer.location.path === location.path)
    return writer.job === undefined || plan.jobs.indexOf(job) > plan.jobs.indexOf(writer.job);
  return isBelow(writer.location.path, location.path) && !keeps.includes(entryOf(writer.location, location));
}

function entryOf(inner: Location, outer: Location): string {
  return inner.path.slice(outer.path === "/" ? 1 : outer.path.length + 1).split("/")[0] ?? "";
}

function finding(job: Job, deletion: Deletion, writer: Writer): Found {
  const { location, what } = writer;
  const who = writer.job === job ? "another of its legs" : writer.who;
  const entry = entryOf(location, deletion.location);
  const tree = placeText(deletion.location);
  const canKeep = deletion.keepsMore && entry !== "";
  const slip = slipOf(entry, deletion.keeps);
  return {
    subject: job.called,
    message: `${job.called} deletes from ${tree} whatever its source lacks, and ${who} keeps ${what} at ${placeText(location)}: its next run removes them.`,
    fix: canKeep
      ? `${slip === undefined ? "Add" : `Write "${entry}" for "${slip}" in "keep" of ${job.called}, or add`} "${entry}" to "keep" of ${job.called}, or let ${who} write elsewhere.`
      : `Let ${who} write to a folder outside of ${deletion.location.path}.`,
    evidence: { deleter: job.called, writer: writer.who, tree, path: placeText(location) },
  };
}
