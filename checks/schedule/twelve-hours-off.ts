import type { Job } from "../../plan/job";
import { formatDuration } from "../../plan/units/duration";
import { defineCheck, type Found } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { withSchedule } from "../schedule-place";

const daySeconds = 86_400;
const halfDay = daySeconds / 2;

export const twelveHoursOff = defineCheck({
  code: "schedule/twelve-hours-off",
  severity: "error",
  title:
    "A job starts half a day away from those that it waits for, or that wait for it, and that breaks a promise",
  why: "Four in the afternoon for four in the morning: the job that is to carry its copies away starts ten hours before it, and carries yesterday's. What is told of it is a broken promise of each service.",
  suspicion: true,
  run: plan => {
    const late = lateWaits(plan.jobs, secondOf);
    return [...new Set(late.flatMap(({ job, waitsFor }) => [job, waitsFor]))].flatMap((job): Found[] => {
      const moved = (other: Job): number | undefined => {
        const second = secondOf(other);
        return second !== undefined && (other === job || follows(other, job))
          ? (second + halfDay) % daySeconds
          : second;
      };
      const calendar = halfADayOn(job.trigger.calendar);
      const [pair] = late.filter(each => each.job === job || each.waitsFor === job);
      if (calendar === undefined || !pair || lateWaits(plan.jobs, moved).length > 0) return [];
      return [
        {
          subject: job.called,
          message: `${job.called} starts at "${job.trigger.calendar}". ${pair.job.called} waits for ${pair.waitsFor.called}, and starts ${formatDuration(pair.seconds * 1000)} after it, ${formatDuration((daySeconds - pair.seconds) * 1000)} before its next run. What the one makes waits for the other that long.`,
          fix: `Write "${calendar}" for "${job.trigger.calendar}" in the schedule of ${job.called}.`,
          evidence: { calendar: job.trigger.calendar, apartMs: pair.seconds * 1000 },
        },
      ];
    });
  },
  without: (plan, { subject }) => {
    const job = plan.jobs.find(({ called }) => called === subject);
    const calendar = job && halfADayOn(job.trigger.calendar);
    if (!job || calendar === undefined) return [];
    const estate = withSchedule(plan, job, schedule => (schedule.onCalendar = calendar));
    return estate ? [estate] : [];
  },
  examples: {
    bad: [
      mended(
        example("a daily backup in the afternoon, for the early morning", ({ layers }) =>
          edit(layers["daily-backup"][0]?.schedule, { onCalendar: "*-*-* 16:00:00" }),
        ),
        {
          says: 'Write "*-*-* 04:00:00" for "*-*-* 16:00:00"',
          edit: ({ layers }) => edit(layers["daily-backup"][0]?.schedule, { onCalendar: "*-*-* 04:00:00" }),
        },
      ),
    ],
    good: [example("jobs that wait for one a few hours before")],
  },
});

interface LateWait {
  readonly job: Job;
  readonly waitsFor: Job;
  readonly seconds: number;
}

/** Jobs of a run a day that start nearer to the next run of what they wait for than to the last one. */
function lateWaits(jobs: readonly Job[], startOf: (job: Job) => number | undefined): LateWait[] {
  return jobs.flatMap(job =>
    job.trigger.after.flatMap((name): LateWait[] => {
      const waitsFor = jobs.find(other => other.name === name && other.host === job.host);
      const [own, other] = [startOf(job), waitsFor && startOf(waitsFor)];
      if (!waitsFor || own === undefined || other === undefined) return [];
      const seconds = (own - other + daySeconds) % daySeconds;
      return seconds > halfDay ? [{ job, waitsFor, seconds }] : [];
    }),
  );
}

/** When a day's only run starts; nothing where there are several. */
function secondOf({ trigger: { schedule } }: Job): number | undefined {
  return schedule.secondsOfDay.length === 1 ? schedule.secondsOfDay[0] : undefined;
}

/** Its own part of the estate names no time: it has the other's, and comes after it. */
function follows({ host, trigger }: Job, job: Job): boolean {
  return host === job.host && trigger.calendar === job.trigger.calendar && trigger.after.includes(job.name);
}

/** "*-*-* 04:00:00" for "*-*-* 16:00:00", and the other way round. */
function halfADayOn(calendar: string): string | undefined {
  const time = /(?<![\d:/.])(\d\d):(\d\d)(:\d\d)?$/.exec(calendar);
  if (!time) return undefined;
  const hour = String((Number(time[1]) + 12) % 24).padStart(2, "0");
  return `${calendar.slice(0, time.index)}${hour}${calendar.slice(time.index + 2)}`;
}
