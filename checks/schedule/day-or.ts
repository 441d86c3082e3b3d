import { formatDuration } from "../../plan/units/duration";
import { yearsOf } from "../../plan/graph/loss";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { withSchedule } from "../schedule-place";

const weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

export const dayOr = defineCheck({
  code: "schedule/day-or",
  severity: "error",
  title: "A cron schedule has days of the month and of the week, and fires on either",
  why: '"0 4 1-7 * 0" looks like the first Sunday of a month. Cron fires on the first seven days of each month and on every Sunday too: ten times as often, or, where the one that was meant is a full backup, in its place.',
  run: plan =>
    plan.jobs.flatMap(job => {
      const { schedule, calendar, zone } = job.trigger;
      const { weekdays: days = [], days: ofMonth = [] } = schedule;
      if (!schedule.eitherDay || days.length === 0 || ofMonth.length === 0) return [];
      const timeline = yearsOf(plan);
      const { fromMs, toMs } = timeline.horizon;
      const runs = timeline.runsOf(job).startMs.filter(start => start >= fromMs).length;
      const perYear = Math.round((runs * 365 * 86_400_000) / (toMs - fromMs));
      const [minute = "0", hour = "0", , months = "*", weekday = "*"] = calendar.split(/\s+/);
      return [
        {
          subject: job.called,
          message: `${job.called} runs at "${calendar}" (${zone}): on ${ofMonth.length} days of the month and on each ${days.map(day => weekdays[day] ?? "").join(", ")}, whichever comes, ${perYear} times a year and every ${formatDuration((toMs - fromMs) / Math.max(1, runs))} on average.`,
          fix: `Write "${minute} ${hour} * ${months} ${weekday}" for the days of the week alone, or "*" in their place for the days of the month alone: cron has no "and".`,
          evidence: { calendar, runsPerYear: perYear },
        },
      ];
    }),
  // Days that neither kind has are days without a run: what is promised for a day is broken too.
  without: (plan, { subject }) => {
    const job = plan.jobs.find(({ called }) => called === subject);
    const [minute, hour] = job?.trigger.calendar.split(/\s+/) ?? [];
    const estate = job && withSchedule(plan, job, schedule => (schedule.cron = `${minute} ${hour} * * *`));
    return estate ? [estate] : [];
  },
  examples: {
    bad: [
      mended(
        example("the first Sunday, or so it looks", ({ layers, services }) => {
          edit(layers["cluster-dump"][0], { schedule: { cron: "0 1 1-7 * 0" }, promise: { rpo: "8d" } });
          edit(services.etcd, { promise: { rpo: { site: "10d" }, rto: "8h" } });
        }),
        {
          says: 'Write "0 1 * * 0"',
          edit: ({ layers }) => edit(layers["cluster-dump"][0], { schedule: { cron: "0 1 * * 0" } }),
        },
      ),
    ],
    good: [example("days of neither kind")],
  },
});
