import type { Plan } from "../../plan";
import { firings, nextFiring } from "../../plan/calendar";
import { clockChanges } from "../../plan/calendar/clock-changes";
import { movedTo } from "../../plan/calendar/move";
import type { Job } from "../../plan/job";
import { formatDuration } from "../../plan/units/duration";
import { outOfChangedHours } from "../clock-change-hours";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { dumpExample, mended } from "../examples";
import { localTime } from "../local-time";
import { withSchedule } from "../schedule-place";

/** A time that the clock skips has no run of its own, unless the schedule fires again within the hour that is missing. */
export const runsLostToDst = defineCheck({
  code: "schedule/runs-lost-to-dst",
  severity: "error",
  title: "A run falls into the hour that summer time skips, and doesn't take place",
  why: "Neither systemd nor a CronJob makes up a local time that doesn't exist, so a daily job has one night a year without a copy: 47 hours between two runs, on the one weekend when nobody looks.",
  run: plan =>
    plan.jobs.flatMap(job => {
      const lost = lostRuns(job, plan);
      const [first] = lost;
      if (first === undefined) return [];
      const { zone } = job.trigger;
      return [
        {
          subject: job.called,
          message:
            `${job.called} doesn't run at ${first.local} (${zone}): clocks go forward over that time. ` +
            `${lost.length === 1 ? "That run is" : `${lost.length} runs are`} lost in ${plan.estate.years.join(", ")}; the next one is at ${localTime(first.nextMs, zone)}.`,
          fix: outOfChangedHours(job, plan.estate.years),
          evidence: {
            lostRuns: lost.map(run => run.local),
            gapMs: first.nextMs - first.previousMs,
            gap: formatDuration(first.nextMs - first.previousMs),
            counterexample: [new Date(first.previousMs).toISOString(), new Date(first.nextMs).toISOString()],
          },
        },
      ];
    }),
  // At another hour it may overlap with nobody any more, which is no consequence of the clocks.
  explains: (cause, { code, subject }) => subject === cause.subject || code.startsWith("promises/"),
  without: (plan, { subject }) => {
    const job = plan.jobs.find(({ called }) => called === subject);
    if (!job) return [];
    const { schedule } = job.trigger;
    const firstMinute = Math.floor((schedule.secondsOfDay[0] ?? 0) / 60);
    const others = [60, -60]
      .map(minutes => firstMinute + minutes)
      .filter(minute => minute >= 0 && minute < 1_440);
    return others.flatMap(minute => {
      const moved = movedTo(schedule, minute);
      const estate =
        moved &&
        withSchedule(plan, job, placed => {
          if (schedule.dialect === "cron") placed.cron = moved.text;
          else placed.onCalendar = moved.text;
        });
      return estate ? [estate] : [];
    });
  },
  examples: {
    bad: [
      mended(
        dumpExample("a dump at 02:30 in New York", { cron: "30 2 * * *", zone: "America/New_York" }, "60h"),
        {
          says: "before 01:00 or from 03:00 on",
          edit: ({ layers }) =>
            edit(layers["cluster-dump"].at(-1), {
              schedule: { cron: "45 0 * * *", zone: "America/New_York" },
            }),
        },
      ),
      mended(
        dumpExample(
          "every half past two on Sundays",
          { cron: "30 2 * * 0", zone: "America/New_York" },
          "16d",
        ),
        {
          says: "before 01:00 or from 03:00 on",
          edit: ({ layers }) =>
            edit(layers["cluster-dump"].at(-1), {
              schedule: { cron: "45 0 * * 0", zone: "America/New_York" },
            }),
        },
      ),
    ],
    good: [
      dumpExample("a dump at 00:15", { cron: "15 0 * * *", zone: "America/New_York" }, "27h"),
      dumpExample(
        "an hourly dump, which the next hour replaces",
        { cron: "50 * * * *", zone: "America/New_York" },
        "3h",
      ),
      dumpExample("02:30 in a zone without summer time", { cron: "30 2 * * *", zone: "UTC" }, "27h"),
    ],
  },
});

interface LostRun {
  /** The local time that doesn't exist, e.g. "2026-03-29 03:30". */
  readonly local: string;
  readonly previousMs: number;
  readonly nextMs: number;
}

function lostRuns({ trigger: { schedule, zone } }: Job, plan: Plan): LostRun[] {
  return clockChanges(zone, plan.estate.years).flatMap(({ atMs, byMs, localMs }) => {
    if (byMs <= 0) return [];
    const nextMs = nextFiring(schedule, zone, atMs);
    if (nextMs === undefined || nextMs - atMs <= byMs) return [];
    // The schedule in UTC fires at local times as such, those that don't exist in the zone included.
    const skipped = firings(schedule, "UTC", localMs, localMs + byMs);
    const previousMs = firings(schedule, zone, atMs - 40 * 86_400_000, atMs).at(-1) ?? atMs;
    return skipped.map(skippedMs => ({ local: localTime(skippedMs, "UTC"), previousMs, nextMs }));
  });
}
