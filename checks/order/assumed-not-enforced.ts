import type { Plan } from "../../plan";
import type { Job } from "../../plan/job";
import { formatDuration } from "../../plan/units/duration";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mirrorExample, mended } from "../examples";
import { readersOf } from "../handovers";
import { localTime } from "../local-time";
import { yearsOf } from "../../plan/graph/loss";
import { latestEnd, longestRun, waitsFor } from "../windows";

/** The reader's start counts without its delays: it may be on time on the night when the writer is late. */
export const assumedNotEnforced = defineCheck({
  code: "order/assumed-not-enforced",
  severity: "error",
  title: "A copier may start while the job whose copy it reads is still within its budget",
  why: "Nothing but the clock keeps the two in order: on a slow night the copier takes the previous generation, or half of the new one, and both jobs report success.",
  run: plan =>
    handovers(plan).flatMap(({ writer, reader }) => {
      if (waitsFor(reader, writer, plan)) return [];
      const clash = firstClash(writer, reader, plan);
      if (!clash) return [];
      const { zone } = plan.estate;
      const lackMs = clash.writerEndMs - clash.readerMs;
      const canWait =
        writer.runsOn.kind === "host" && reader.runsOn.kind === "host" && writer.host === reader.host;
      return [
        {
          subject: reader.called,
          message:
            `${reader.called} reads what ${writer.called} writes and starts at ${localTime(clash.readerMs, zone)}, ` +
            `but the run of ${localTime(clash.writerMs, zone)} may take until ${localTime(clash.writerEndMs, zone)} ` +
            `(budget ${formatDuration(writer.budgetMs)}). It would copy the generation before.`,
          fix: canWait
            ? `Give ${reader.called} "after": ["${writer.name}"].`
            : `Start ${writer.called} ${formatDuration(lackMs)} earlier, or shorten its budget, or start ${reader.called} as much later: ${writer.host} can't tell ${reader.host} to wait.`,
          evidence: {
            writer: writer.called,
            budgetMs: writer.budgetMs,
            missingMs: lackMs,
            counterexample: [clash.writerMs, clash.writerEndMs, clash.readerMs].map(instant =>
              new Date(instant).toISOString(),
            ),
          },
        },
      ];
    }),
  examples: {
    bad: [
      mended(
        example("a dump with a budget that ends after the mirror starts", ({ layers }) => {
          const [, vault] = layers["cluster-dump"];
          if (vault) vault.schedule = { cron: "55 1 * * *" };
        }),
        {
          says: "Start vault-backup 5 min 10 s earlier",
          edit: ({ layers }) => edit(layers["cluster-dump"][1], { schedule: { cron: "49 1 * * *" } }),
        },
        {
          says: "or start nfs-mirror as much later",
          edit: ({ layers }) => edit(layers["nfs-mirror"][0], { schedule: { onCalendar: "*-*-* 02:06:00" } }),
        },
        {
          says: "shorten its budget",
          edit: ({ layers }) => edit(layers["cluster-dump"][1], { budget: "4min" }),
        },
      ),
      mended(
        example("an offsite run that only hopes for the daily backup's end", ({ layers }) => {
          const [daily] = layers["daily-backup"];
          const [offsite] = layers["offsite-sync"];
          if (daily) daily.budget = "1h 59min 30s";
          if (offsite) offsite.schedule.after = [];
        }),
        {
          says: 'Give offsite-sync-backup "after": ["daily-backup"]',
          edit: ({ layers }) =>
            edit(layers["offsite-sync"][0]?.schedule, { after: ["daily-backup", "pfsense-backup"] }),
        },
      ),
    ],
    good: [
      mirrorExample("dumps that are done before the mirror", {}),
      example("a budget that touches the next start, with an edge", ({ layers }) => {
        const [daily] = layers["daily-backup"];
        if (daily) daily.budget = "2h 30min";
      }),
    ],
  },
});

/** Each two jobs of which one reads the other's copies. */
function handovers(plan: Plan): { writer: Job; reader: Job }[] {
  return [...readersOf(plan)].flatMap(([writer, readers]) =>
    [...readers].map(reader => ({ writer, reader })),
  );
}

/** The first start of the reader in the estate's years at which the writer's last run may not be over. */
function firstClash(
  writer: Job,
  reader: Job,
  plan: Plan,
): { writerMs: number; writerEndMs: number; readerMs: number } | undefined {
  const timeline = yearsOf(plan);
  const { queuedMs: writes } = timeline.runsOf(writer);
  // Most runs are over long before: how late each ends is asked of the others alone.
  const longestMs = longestRun(writer, plan);
  let next = 0;
  for (const readerMs of timeline.runsOf(reader).queuedMs) {
    if (readerMs < timeline.horizon.fromMs) continue;
    while ((writes[next] ?? Infinity) <= readerMs) next++;
    const writerMs = writes[next - 1];
    if (writerMs === undefined || writerMs + longestMs <= readerMs) continue;
    const writerEndMs = latestEnd(writer, writerMs, plan);
    if (writerEndMs > readerMs) return { writerMs, writerEndMs, readerMs };
  }
  return undefined;
}
