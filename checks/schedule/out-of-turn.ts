import type { Plan } from "../../plan";
import type { Job } from "../../plan/job";
import { formatDuration } from "../../plan/units/duration";
import { defineCheck, type Found } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { withSchedule } from "../schedule-place";
import { turnOf } from "../turn";

const farMs = 6 * 3_600_000;

export const outOfTurn = defineCheck({
  code: "schedule/out-of-turn",
  severity: "error",
  title:
    "A job starts hours away from those that it waits for, or that wait for it, and that breaks a promise",
  why: "Four in the afternoon for four in the morning, or an offsite run that was moved to noon: what is to carry the copies away went before they were made, or goes hours later. What is told of it is a broken promise of each service.",
  suspicion: true,
  run: plan =>
    plan.jobs.flatMap((job): Found[] => {
      const turn = turnOf(job, plan);
      const calendar = inTurn(job, plan);
      if (!turn || calendar === undefined) return [];
      return [
        {
          subject: job.called,
          message: `${job.called} starts at "${job.trigger.calendar}". ${turn.late.called} ${turn.late.trigger.after.includes(turn.early.name) ? `waits for ${turn.early.called}` : `reads what ${turn.early.called} makes`}, and its next run starts ${formatDuration(turn.apartSeconds * 1000)} after it. What the one makes lies there that long before the other carries it on.`,
          fix: `Write "${calendar}" for "${job.trigger.calendar}" in the schedule of ${job.called}.`,
          evidence: { calendar: job.trigger.calendar, apartMs: turn.apartSeconds * 1000 },
        },
      ];
    }),
  without: (plan, { subject }) => {
    const job = plan.jobs.find(({ called }) => called === subject);
    const calendar = job && inTurn(job, plan);
    if (!job || calendar === undefined) return [];
    const estate = withSchedule(plan, job, schedule => (schedule.onCalendar = calendar));
    return estate ? [estate] : [];
  },
  // Two that run at a time are told as that where one was moved a little: another hour would hide which two.
  explains: (cause, { code, subject }) =>
    /^(promises\/|schedule\/stale-above-promise$)/.test(code) ||
    (code.startsWith("order/") && Number(cause.evidence["apartMs"]) >= farMs) ||
    (subject === cause.subject && /^schedule\/runs-\w+-(to|by)-dst$/.test(code)),
  examples: {
    bad: [
      mended(
        example("a daily backup in the evening", ({ layers }) =>
          edit(layers["daily-backup"][0]?.schedule, { onCalendar: "*-*-* 19:00:00" }),
        ),
        {
          says: 'Write "*-*-* 04:00:00" for "*-*-* 19:00:00"',
          edit: ({ layers }) => edit(layers["daily-backup"][0]?.schedule, { onCalendar: "*-*-* 04:00:00" }),
        },
      ),
      mended(
        example("an offsite run at noon, hours after what it ships was made", ({ layers }) =>
          edit(layers["offsite-sync"][0]?.schedule, { onCalendar: "*-*-* 12:15:00" }),
        ),
        {
          says: 'Write "*-*-* 06:00:00" for "*-*-* 12:15:00"',
          edit: ({ layers }) => edit(layers["offsite-sync"][0]?.schedule, { onCalendar: "*-*-* 06:00:00" }),
        },
      ),
    ],
    good: [example("jobs that wait for one a few hours before")],
  },
});

/** Its calendar at the time that is its turn; nothing for a job that has its turn. */
function inTurn(job: Job, plan: Plan): string | undefined {
  const turn = turnOf(job, plan);
  const { calendar } = job.trigger;
  const time = /(?<![\d:/.])\d\d:\d\d(:\d\d)?$/.exec(calendar);
  return turn?.isMissed && time ? `${calendar.slice(0, time.index)}${turn.time}` : undefined;
}
