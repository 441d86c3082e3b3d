import { allClusterSeries } from "../../alerts/standing-cluster";
import type { Plan } from "../../plan";
import { longestGap } from "../../plan/calendar";
import { chainOf } from "../../plan/graph/copies";
import { yearsOf } from "../../plan/graph/loss";
import { Generations } from "../../plan/graph/retention";
import type { Job } from "../../plan/job";
import { formatDuration } from "../../plan/units/duration";
import { defineCheck, type Example, type Found } from "../check";
import { edit } from "../example-edits";
import { example, mended, kubeStateMetrics } from "../examples";
import { placeText } from "../wording";

export const goneBeforeNoticed = defineCheck({
  code: "retention/gone-before-noticed",
  severity: "error",
  title: "The last generation is deleted before the alert about the missing ones fires",
  why: "An alert after nine days on dumps that are kept for seven tells that there are no backups any more, not that they are about to go.",
  run: plan => [
    ...goneBeforeDrilled(plan),
    ...plan.jobs.flatMap(job =>
      job.flows.flatMap(({ retention, target }): Found[] => {
        if (retention.kind !== "age" || retention.atLeast > 0) return [];
        const { staleAfterMs, forMs, visibleAfterMs } = job.judged;
        const noticedMs = staleAfterMs + forMs + visibleAfterMs;
        const gap = longestGap(job.trigger.schedule, job.trigger.zone, plan.estate.years);
        // Kept for less than two gaps: retention/below-gap, whatever the alert does.
        if (retention.ms > noticedMs || retention.ms < 2 * gap.ms) return [];
        return [
          {
            subject: job.called,
            message: `${job.called} deletes what is older than ${formatDuration(retention.ms)} in ${placeText(target)}, but that it makes nothing new is noticed after ${formatDuration(noticedMs)}: by then all is gone.`,
            fix: `Set atLeast to 3, keep for more than ${formatDuration(noticedMs)}, or remove alert.staleAfter.`,
            evidence: { keptMs: retention.ms, noticedAfterMs: noticedMs, path: placeText(target) },
          },
        ];
      }),
    ),
  ],
  examples: {
    bad: [
      mended(
        example("an alert after eight days on dumps of a week", ({ layers }) =>
          edit(layers["cluster-dump"][0], {
            keep: { age: "7d", atLeast: 0 },
            promise: { rpo: "9d" },
            alert: { staleAfter: "8d", receiver: "infra" },
          }),
        ),
        {
          says: "Set atLeast to 3",
          edit: ({ layers }) => edit(layers["cluster-dump"][0], { keep: { age: "7d", atLeast: 3 } }),
        },
        {
          says: "remove alert.staleAfter",
          edit: ({ layers }) => edit(layers["cluster-dump"][0], { alert: { receiver: "infra" } }),
        },
      ),
      mended(
        drilledExample("dumps of three days, of which one is restored for proof each week", "3d", "2d"),
        {
          says: "Keep for 7 d 1 h at least",
          edit: ({ layers }) => edit(layers["cluster-dump"].at(-1), { keep: { age: "8d" } }),
        },
      ),
    ],
    good: [
      drilledExample("dumps of three days, which the NAS's snapshots have for a week more", "3d"),
      drilledExample("dumps of a fortnight, of which one is restored for proof each week", "14d"),
      example("dumps of 30 days, an alert on the second day"),
      example("three generations that stay, however old", ({ layers }) =>
        edit(layers["cluster-dump"][0], {
          keep: { age: "7d", atLeast: 3 },
          promise: { rpo: "9d" },
          alert: { staleAfter: "8d", receiver: "infra" },
        }),
      ),
    ],
  },
});

/** The sound example with a wiki's database, its dump of each night, and a drill of that. */
function drilledExample(name: string, age: string, atNas = "7d"): Example {
  return example(name, ({ clusters, secrets, services, layers, monitoring }) => {
    monitoring.exporters?.push(kubeStateMetrics(allClusterSeries));
    const [, vault] = layers["cluster-dump"];
    if (!vault) throw new Error("the example estate dumps vault");
    edit(layers["nas-snapshots"][0], { keep: { age: atNas } });
    edit(clusters.k8s, { runnerImage: "docker.io/library/node:24-bookworm-slim" });
    secrets["wiki-backup"] = { keptIn: ["vault", "break-glass"] };
    services.wiki = {
      data: [
        {
          ...{
            kind: "database",
            engine: "postgresql",
            on: { host: "pve", pool: "data", namespace: "dbaas" },
          },
          ...{ size: "1GB", churnPerDay: "10MB", growthPerDay: "0B" },
        },
      ],
      promise: { rpo: { application: "27h" }, rto: "8h" },
      needs: ["etcd"],
    };
    layers["cluster-dump"].push({
      ...vault,
      ...{ name: "wiki-backup", namespace: "dbaas", dataset: "wiki", schedule: { cron: "45 1 * * *" } },
      ...{ target: { host: "pve", path: "/srv/nfs/wiki-backup" }, keep: { age } },
      dump: {
        ...{
          engine: "postgresql",
          image: "docker.io/library/postgres:16",
          user: "backup",
          databases: "each",
        },
        ...{ secret: "wiki-backup", server: { host: "wiki.dbaas.svc.cluster.local", namespace: "dbaas" } },
        drill: {
          ...{ name: "wiki-drill", schedule: { cron: "30 8 * * 0" }, usualRun: "20min", budget: "1h" },
          ...{ promise: { rpo: "9d" }, alert: { receiver: "infra" } },
        },
      },
    });
  });
}

/** What the last drill has proven is gone when the next one fails, and so is what came right after it. */
function goneBeforeDrilled(plan: Plan): Found[] {
  const { jobs, estate } = plan;
  const generations = new Generations(yearsOf(plan));
  const gapOf = ({ trigger }: Job): number => longestGap(trigger.schedule, trigger.zone, estate.years).ms;
  return jobs.flatMap(drill => {
    const dump = jobs.find(({ name, host }) => name === drill.provesDumpsOf && host === drill.host);
    const [flow] = dump?.flows ?? [];
    if (!dump || flow?.retention.kind !== "age") return [];
    const { retention, target } = flow;
    const drilledMs = gapOf(drill);
    if (Math.max(retention.ms, retention.atLeast * gapOf(dump)) >= drilledMs) return [];
    // A snapshot at the NAS has what its folder held on its day.
    const reaches = plan.copies.some(
      copy =>
        copy.from &&
        chainOf(copy)[0]?.flow === flow &&
        generations.reachOf(copy).oldestRestorableMs >= drilledMs,
    );
    if (reaches) return [];
    return [
      {
        severity: "warning",
        subject: dump.called,
        message: `${dump.called} deletes what is older than ${formatDuration(retention.ms)} in ${placeText(target)}, and ${drill.called} restores one for proof every ${formatDuration(drilledMs)}, and nothing keeps them for longer: when that fails, each dump that is left was made since the last one that is known to open.`,
        fix: `Keep for ${formatDuration(drilledMs)} at least, or let ${drill.called} run more often.`,
        evidence: { keptMs: retention.ms, drilledMs, path: placeText(target) },
      },
    ];
  });
}
