import { z } from "zod";
import { runFields, runsOn, schedule } from "../common";

/** A look at what is in force on a host, against what was deployed there. */
export const effectiveStateSpec = z.strictObject({
  host: runsOn,
  schedule: schedule
    .prefault({ onCalendar: "hourly" })
    .describe(
      "When it looks: what somebody changes by hand is told after the next look. Each hour unless given",
    ),
  usualRun: runFields.usualRun.default("20s"),
  budget: runFields.budget.default("5min"),
  timeout: runFields.timeout,
  promise: runFields.promise.default({ rpo: "3h" }),
  alert: runFields.alert,
});
export type EffectiveStateSpec = z.output<typeof effectiveStateSpec>;
