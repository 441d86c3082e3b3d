import { domains } from "../../plan/estate/services";
import type { Plan } from "../../plan";
import { type Copy, chainOf } from "../../plan/graph/copies";
import { copySurvives, liveSurvives } from "../../plan/graph/survival";
import type { Flow } from "../../plan/job";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { listed, placeText } from "../wording";
import { copiesIn } from "../../plan/graph/copies-in";

export const metadataLost = defineCheck({
  code: "routes/metadata-lost",
  severity: "error",
  title: "Owners, modes and hard links are lost on a hop, and only copies behind it survive",
  why: "Four weekly generations share their files by hard links. Sent on without them they take four times the space, and a tree that comes back without owners and modes starts no service.",
  run: plan => {
    const losses = lossesByFlow(plan);
    return plan.jobs.flatMap(job =>
      job.flows.flatMap(flow => {
        const lost = losses.get(flow);
        if (!lost || flow.source.kind !== "tree") return [];
        const datasets = [...lost.keys()];
        const disasters = domains.filter(domain => [...lost.values()].some(found => found.includes(domain)));
        return [
          {
            subject: job.called,
            message: `${job.called} drops owners, modes and hard links from ${placeText(flow.source.location)} to ${placeText(flow.target)}, and after ${listed(disasters, 4)} only such copies are left of ${listed(datasets)}.`,
            fix: `Set metadata "kept" for the leg from ${flow.source.location.path}, and let the destination's account keep owners (rsync's fake super, or an archive with numeric ids).`,
            evidence: {
              from: placeText(flow.source.location),
              to: placeText(flow.target),
              datasets,
              domains: disasters,
            },
          },
        ];
      }),
    );
  },
  examples: {
    bad: [
      mended(
        example("a leg to a share that knows no owners", ({ layers }) =>
          edit(layers["offsite-sync"][0], {
            legs: [
              { from: "/mnt/backup", to: "/Backup/pve-backup", metadata: "lost" },
              { from: "/srv/nfs/photos", to: "/Backup/nfs/photos" },
            ],
          }),
        ),
        {
          says: 'Set metadata "kept" for the leg from /mnt/backup',
          edit: ({ layers }) => edit(layers["offsite-sync"][0]?.legs[0], { metadata: "kept" }),
        },
      ),
    ],
    good: [example("legs that keep owners, modes and hard links")],
  },
});

/** For each lossy flow: the datasets of files of which, in these disasters, only copies that came through it survive. */
function lossesByFlow(plan: Plan): Map<Flow, Map<string, readonly string[]>> {
  const found = new Map<Flow, Map<string, readonly string[]>>();
  if (!plan.jobs.some(job => job.flows.some(flow => flow.metadata === "lost"))) return found;
  const copies = copiesIn(plan);
  for (const dataset of plan.datasets) {
    // A dump or a device's archive is one file: its owner doesn't matter.
    if (dataset.unprotected || dataset.kind === "database" || dataset.kind === "device") continue;
    for (const domain of domains) {
      if (liveSurvives(dataset, domain, plan.estate)) continue;
      const survivors = (copies.get(dataset) ?? []).filter(copy => copySurvives(copy, domain, plan.estate));
      const [flow] = survivors.map(lossyFlow);
      if (!flow || !survivors.every(lossyFlow)) continue;
      const lost = found.get(flow) ?? new Map<string, readonly string[]>();
      lost.set(dataset.id, [...(lost.get(dataset.id) ?? []), domain]);
      found.set(flow, lost);
    }
  }
  return found;
}

function lossyFlow(copy: Copy): Flow | undefined {
  return chainOf(copy).find(({ flow }) => flow.metadata === "lost")?.flow;
}
