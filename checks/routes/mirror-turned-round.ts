import type { Plan } from "../../plan";
import type { Job } from "../../plan/job";
import { sameMachine } from "../../plan/layers/places";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { placeText } from "../wording";

export const mirrorTurnedRound = defineCheck({
  code: "routes/mirror-turned-round",
  severity: "error",
  title: "A mirror copies from the backup disk to live data",
  why: "With source and target swapped, the first run deletes of the live tree whatever the copy lacks, and calls it a success. Everything else that is told then follows from it, and mending that by itself does harm.",
  run: plan =>
    plan.jobs.flatMap(job =>
      turnedRound(job, plan).map(({ from, to }) => ({
        subject: job.called,
        message: `${job.called} copies ${placeText(from)}, on disk ${from.disk ?? ""} with the role "backup", to ${placeText(to)}, on disk ${to.disk ?? ""} with live data, and deletes there what the copy lacks. Nothing has been changed by this check.`,
        fix: `Swap source and target of ${job.called}: source: "${to.path}", target: "${from.path}". Do nothing else first.`,
        evidence: { source: placeText(from), target: placeText(to) },
      })),
    ),
  without: ({ estate }) => {
    const turned = structuredClone(estate);
    for (const part of turned.layers["nfs-mirror"])
      if (isBackup(part.host, part.source, turned) && !isBackup(part.host, part.target, turned))
        [part.source, part.target] = [part.target, part.source];
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

function turnedRound(job: Job, { estate }: Plan) {
  return job.flows.flatMap(({ source, target }) => {
    if (source.kind !== "tree" || !sameMachine(source.location.machine, target.machine)) return [];
    const from = source.location;
    const isDeleted = job.deletes.some(
      ({ scope, location }) => scope === "whole-tree" && location.path === target.path,
    );
    const disks = estate.hosts[target.machine.name]?.disks ?? {};
    const turned = disks[from.disk ?? ""]?.role === "backup" && disks[target.disk ?? ""]?.role !== "backup";
    return isDeleted && turned ? [{ from, to: target }] : [];
  });
}

function isBackup(host: string, mount: string, { hosts }: Plan["estate"]): boolean {
  const disk = hosts[host]?.filesystems[mount]?.disk;
  return hosts[host]?.disks[disk ?? ""]?.role === "backup";
}
