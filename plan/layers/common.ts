import { z } from "zod";
import { parseSchedule } from "../calendar";
import { duration, name, timeZone } from "../estate/fields";

/** When a job starts: a systemd calendar in a time zone, and how exactly. */
export const schedule = z
  .strictObject({
    onCalendar: z.string().describe('systemd.time(7) calendar, e.g. "*-*-* 02:00:00"'),
    zone: timeZone.optional().describe("By default the estate's"),
    randomizedDelay: duration.default("0s"),
    accuracy: duration.default("1min").describe("systemd's AccuracySec; 1min is its default"),
    persistent: z
      .boolean()
      .default(true)
      .describe("A run that was missed while the host was off is made up at boot"),
  })
  .superRefine((value, context) => {
    try {
      parseSchedule(value.onCalendar, "systemd");
    } catch (error) {
      context.addIssue({
        code: "custom",
        path: ["onCalendar"],
        message: error instanceof Error ? error.message : String(error),
      });
    }
  });
export type ScheduleSpec = z.output<typeof schedule>;

/** Who hears of a failing job, and when. */
export const alertPolicy = z.strictObject({
  staleAfter: duration
    .optional()
    .describe("Age of the last success that is an alarm. Left out, the plan derives the tightest safe value"),
  for: duration.default("5min").describe("How long a condition holds before it fires"),
  severity: z.enum(["warning", "critical"]).default("warning"),
  receiver: name,
});
export type AlertPolicy = z.output<typeof alertPolicy>;
