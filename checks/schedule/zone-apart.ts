import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { example, mended } from "../examples";
import { withSchedule } from "../schedule-place";

export const zoneApart = defineCheck({
  code: "schedule/zone-apart",
  severity: "error",
  title:
    "A job's calendar is read in another time zone than the estate's, and that breaks a promise or an order",
  why: "A zone that was copied with a CronJob moves its run by hours, twice a year by another number of them. What is told of it is a broken promise or two jobs that overlap, of which neither says why.",
  suspicion: true,
  run: plan =>
    plan.jobs
      .filter(({ trigger }) => trigger.zone !== plan.estate.zone)
      .map(job => ({
        subject: job.called,
        message: `${job.called} starts at "${job.trigger.calendar}" in zone ${job.trigger.zone}, and the estate's zone is ${plan.estate.zone}: its runs come at other hours than those that the rest is planned by.`,
        fix: `Remove zone from the schedule of ${job.called}, or write its calendar as ${job.trigger.zone} has it.`,
        evidence: { calendar: job.trigger.calendar, zone: job.trigger.zone, estateZone: plan.estate.zone },
      })),
  without: (plan, { subject }) => {
    const job = plan.jobs.find(({ called }) => called === subject);
    const estate = job && withSchedule(plan, job, schedule => Reflect.deleteProperty(schedule, "zone"));
    return estate ? [estate] : [];
  },
  examples: {
    bad: [
      mended(
        example("a dump whose hour is read in Tokyo's zone", ({ layers }) =>
          edit(layers["cluster-dump"][0], { schedule: { cron: "0 1 * * *", zone: "Asia/Tokyo" } }),
        ),
        {
          says: "Remove zone from the schedule of etcd-backup",
          edit: ({ layers }) => edit(layers["cluster-dump"][0], { schedule: { cron: "0 1 * * *" } }),
        },
      ),
    ],
    good: [example("all jobs in the estate's zone")],
  },
});
