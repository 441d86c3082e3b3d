import type { Plan } from "../../plan";
import type { Job, Location } from "../../plan/job";
import { sameMachine } from "../../plan/layers/places";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { fieldOf, type Said, saidOf, write } from "../said";
import { placeText } from "../wording";

export const mirrorTurnedRound = defineCheck({
  code: "routes/mirror-turned-round",
  severity: "error",
  title: "A mirror copies from the backup disk to live data",
  why: "With source and target swapped, the first run deletes of the live tree whatever the copy lacks, and calls it a success. Everything else that is told then follows from it, and mending that by itself does harm.",
  run: plan =>
    plan.jobs.flatMap(job =>
      turnedRound(job, plan).map(({ from, to, said }) => ({
        subject: job.called,
        message: `${job.called} copies ${placeText(from)}, on disk ${from.disk ?? ""} with the role "backup", to ${placeText(to)}, on disk ${to.disk ?? ""} with live data, and deletes there what the copy lacks. Nothing has been changed by this check.`,
        fix: `Swap ${fieldOf(said.source)} and ${fieldOf(said.target)} of ${job.called}: ${fieldOf(said.source)}: "${to.path}", ${fieldOf(said.target)}: "${from.path}". Do nothing else first.`,
        evidence: { source: placeText(from), target: placeText(to) },
      })),
    ),
  without: plan => {
    const turned = structuredClone(plan.estate);
    for (const job of plan.jobs)
      for (const { from, to, said } of turnedRound(job, plan)) {
        write(turned, said.source, to.path);
        write(turned, said.target, from.path);
      }
    return [turned];
  },
  examples: {
    bad: [
      mended(
        example("a mirror whose source and target are swapped", ({ layers }) =>
          edit(layers["nfs-mirror"][0], { source: "/mnt/backup", target: "/srv/nfs" }),
        ),
        {
          says: "Swap source and target",
          edit: ({ layers }) => edit(layers["nfs-mirror"][0], { source: "/srv/nfs", target: "/mnt/backup" }),
        },
      ),
    ],
    good: [example("a mirror from live data to the backup disk")],
  },
});

interface Turned {
  readonly from: Location;
  readonly to: Location;
  /** Where the estate says the two. */
  readonly said: Said;
}

function turnedRound(job: Job, { estate }: Plan): Turned[] {
  return job.flows.flatMap(flow => {
    const { source, target } = flow;
    const said = saidOf(job, flow);
    if (source.kind !== "tree" || !said || !sameMachine(source.location.machine, target.machine)) return [];
    const from = source.location;
    const isDeleted = job.deletes.some(
      ({ scope, location }) => scope === "whole-tree" && location.path === target.path,
    );
    const disks = estate.hosts[target.machine.name]?.disks ?? {};
    const turned = disks[from.disk ?? ""]?.role === "backup" && disks[target.disk ?? ""]?.role !== "backup";
    if (!isDeleted || !turned) return [];
    return [{ from, to: target, said }];
  });
}
