import type { Plan } from "../../plan";
import { longestGap } from "../../plan/calendar";
import type { Job } from "../../plan/job";
import { formatDuration } from "../../plan/units/duration";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { withSchedule } from "../schedule-place";
import { turnOf } from "../turn";

export const daysLeftOut = defineCheck({
  code: "schedule/days-left-out",
  severity: "error",
  title: "A job leaves out days or weeks, promises less than what that loses, and that breaks other promises",
  why: '"Mon *-*-* 04:00:00" where "*-*-* 04:00:00" was meant, or "1-5" left in from a test: the days between have no run. What is told of it is a broken promise of each service.',
  suspicion: true,
  run: plan =>
    plan.jobs.flatMap(job => {
      const { calendar, schedule, zone } = job.trigger;
      const daily = oftenEnough(job, plan);
      // Days of the month and of the week in one: which of the two is left out, schedule/day-or asks first.
      if (daily === undefined || (schedule.eitherDay && schedule.days && schedule.weekdays)) return [];
      const gap = longestGap(schedule, zone, plan.estate.years);
      if (gap.ms <= job.judged.rpoMs) return [];
      return [
        {
          subject: job.called,
          message: `${job.called} runs at "${calendar}", and promises a loss of at most ${formatDuration(job.judged.rpoMs)}: up to ${formatDuration(gap.ms)} pass from one run to the next, such as from ${dayText(gap.fromMs, zone)} to ${dayText(gap.toMs, zone)}.`,
          fix: `Write "${daily}" for "${calendar}" in the schedule of ${job.called}.`,
          evidence: { calendar, gapMs: gap.ms, promiseMs: job.judged.rpoMs },
        },
      ];
    }),
  without: (plan, { subject }) => {
    const job = plan.jobs.find(({ called }) => called === subject);
    const estate = job && withSchedule(plan, job, schedule => runOften(oftenEnough(job, plan), schedule));
    return estate ? [estate] : [];
  },
  examples: {
    bad: [
      mended(
        example("a mirror on working days", ({ layers }) =>
          edit(layers["nfs-mirror"][0]?.schedule, { onCalendar: "Mon..Fri *-*-* 02:00:00" }),
        ),
        {
          says: 'Write "*-*-* 02:00:00" for "Mon..Fri *-*-* 02:00:00"',
          edit: ({ layers }) => edit(layers["nfs-mirror"][0]?.schedule, { onCalendar: "*-*-* 02:00:00" }),
        },
      ),
      mended(
        example("a dump on Sundays, of what is promised for a day", ({ layers }) =>
          edit(layers["cluster-dump"][0], { schedule: { cron: "0 1 * * 0" } }),
        ),
        {
          says: 'Write "0 1 * * *" for "0 1 * * 0"',
          edit: ({ layers }) => edit(layers["cluster-dump"][0], { schedule: { cron: "0 1 * * *" } }),
        },
      ),
    ],
    good: [example("images each Sunday, which promise a week")],
  },
});

const weekMs = 7 * 86_400_000;

/** The same time on each day, or on each Sunday where that keeps the promise; nothing for a calendar that is so. */
function oftenEnough(job: Job, plan: Plan): string | undefined {
  const daily = eachDay(job, plan);
  if (daily === undefined || job.judged.rpoMs <= weekMs) return daily;
  return daily.startsWith("*-*-*") ? `Sun ${daily}` : `${daily.slice(0, -1)}0`;
}

/** The same time on each day; nothing for a calendar that leaves out none. */
function eachDay(job: Job, plan: Plan): string | undefined {
  const { calendar } = job.trigger;
  const fields = calendar.trim().split(/\s+/);
  if (fields.length === 5 && !calendar.includes(":")) {
    const [minute, hour, ...days] = fields;
    return days.every(field => field === "*") ? undefined : `${minute} ${hour} * * *`;
  }
  const time = /^(weekly|monthly|quarterly|semiannually|yearly|annually)$/.test(calendar)
    ? (turnOf(job, plan)?.time ?? "00:00:00")
    : fields.find(field => field.includes(":"));
  if (time === undefined || fields.every(field => field === time || field === "*-*-*")) return undefined;
  return `*-*-* ${time}`;
}

function runOften(daily: string | undefined, schedule: { onCalendar?: string; cron?: string }): void {
  if (daily === undefined) return;
  if (schedule.cron === undefined) schedule.onCalendar = daily;
  else schedule.cron = daily;
}

/** "Fri 2026-01-02". */
function dayText(atMs: number, zone: string): string {
  const day = { weekday: "short", year: "numeric", month: "2-digit", day: "2-digit" } as const;
  return new Intl.DateTimeFormat("en-CA", { timeZone: zone, ...day }).format(atMs).replace(",", "");
}
