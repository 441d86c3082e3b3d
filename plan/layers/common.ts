import { z } from "zod";
import { parseSchedule } from "../calendar";
import { collapseLimits, usualCollapse } from "../contracts/collapse";
import { duration, entryName, lasts, line, name, promised, reason, timeZone } from "../estate/fields";
import type { Pushgateway } from "../contracts/runner";
import type { Estate } from "../estate/schema";
import type { Judgement, Trigger } from "../job";
import { healthyAge, tightestStaleAfter } from "../staleness";
import { parseDuration } from "../units/duration";

const dayMs = 86_400_000;

/** A time within which everything is read once. A text that is no duration has its own message. */
export function readingPeriod(tooShort: string) {
  return duration
    .refine(
      lasts(ms => ms >= 2 * dayMs),
      tooShort,
    )
    .refine(
      lasts(ms => ms <= 366 * dayMs),
      "expected 366d at most: by then the last good generation of what has rotted is long gone",
    );
}

function refuseUnparsable(field: "onCalendar" | "cron", dialect: "systemd" | "cron") {
  return (value: Partial<Record<"onCalendar" | "cron", string>>, context: z.RefinementCtx): void => {
    try {
      parseSchedule(value[field] ?? "", dialect);
      const once = onceIn(value[field] ?? "", dialect);
      if (once !== undefined)
        context.addIssue({
          code: "custom",
          path: [field],
          message: `starts anew with each ${once.each} of that time, and not once in it. Expected one of them, e.g. "${once.written}"`,
        });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      context.addIssue({ code: "custom", path: [field], message });
    }
  };
}

/** "* 0 * * *", which is each minute of an hour, and looks like once at midnight: what each is, and how once is written. */
function onceIn(
  text: string,
  dialect: "systemd" | "cron",
): { readonly each: "minute" | "second"; readonly written: string } | undefined {
  const [minute, hour, ...days] = text.trim().split(/\s+/);
  if (dialect === "cron")
    return minute === "*" && hour !== "*" && days.length === 3
      ? { each: "minute", written: `0 ${hour} ${days.join(" ")}` }
      : undefined;
  const [time, at, second] = /(?<=^|\s)[\d,./]+:([\d,./*]+)(?::([\d,./*]+))?(?=\s|$)/.exec(text) ?? [];
  if (time === undefined || at === undefined) return undefined;
  const written = (part: string): string => text.replace(time, part);
  if (at === "*") return { each: "minute", written: written(`${time.split(":", 1)[0] ?? ""}:00:00`) };
  return second === "*" ? { each: "second", written: written(`${time.slice(0, -1)}00`) } : undefined;
}

/** Whose timer starts a job. */
export const runsOn = name.describe("Host that runs it");

/** When a host's job starts: a systemd calendar in a time zone, and how exactly. */
export const schedule = z
  .strictObject({
    onCalendar: line.describe('systemd.time(7) calendar, e.g. "*-*-* 02:00:00"'),
    zone: timeZone.optional().describe("By default the estate's"),
    randomizedDelay: duration
      .default("0s")
      .describe("systemd's RandomizedDelaySec: a start is up to that much later"),
    accuracy: duration.default("1min").describe("systemd's AccuracySec; 1min is its default"),
    persistent: z
      .boolean()
      .default(true)
      .describe("A run that was missed while the host was off is made up at boot"),
    after: z.array(name).default([]).describe("Jobs that a start waits for while they run"),
  })
  .superRefine(refuseUnparsable("onCalendar", "systemd"))
  .describe("When it starts: a systemd calendar");
export type ScheduleSpec = z.output<typeof schedule>;

/** When a CronJob starts: five fields, read in `timeZone`. */
export const cronSchedule = z
  .strictObject({
    cron: line.describe('Five fields, e.g. "15 0 * * *"'),
    zone: timeZone.optional().describe("The CronJob's timeZone; by default the estate's"),
  })
  .superRefine(refuseUnparsable("cron", "cron"))
  .describe("When it starts: a line of cron");
export type CronScheduleSpec = z.output<typeof cronSchedule>;

function isStem(text: string): boolean {
  return !/.(Failing|Stale|Absent)$/.test(text);
}
const endsTwice =
  'has an end that is put behind it anyway (Failing, Stale, Absent), and would be there twice. Expected what stands before it, e.g. "WeeklyBackup"';

/** Who hears of a failing job, and when. */
export const alertPolicy = z.strictObject({
  staleAfter: duration
    .optional()
    .describe("Age of the last success that is an alarm. Left out, the plan derives the tightest safe value"),
  for: duration.default("5min").describe("How long a condition holds before it fires"),
  severity: z
    .enum(["warning", "critical"])
    .default("warning")
    .describe("Label by which its alerts are routed and read"),
  receiver: name.describe("Receiver of the estate that hears of it"),
  called: z
    .string()
    .regex(
      /^[A-Z][A-Za-z0-9]*$/,
      'expected what the names of the alerts begin with, in CamelCase, e.g. "LVMSnapshot"',
    )
    .refine(isStem, endsTwice)
    .optional()
    .describe(
      'What the names of its alerts begin with, before Failing, Stale and Absent. By default the job\'s name: "NfsMirror" for nfs-mirror',
    ),
  formerly: z
    .string()
    .regex(/^[A-Z][A-Za-z0-9]*$/, 'expected what the names of the alerts began with, e.g. "WeeklyBackup"')
    .refine(isStem, endsTwice)
    .optional()
    .describe(
      'What the names of its alerts began with before, where that isn\'t true any more: messages say it beside the name of today, e.g. "WeeklyBackup" of what runs each day',
    ),
});
export type AlertPolicy = z.output<typeof alertPolicy>;

/** What each layer's part of the estate says of a run. */
export const runFields = {
  usualRun: duration.describe("How long a normal run takes; the budget is what it may take"),
  budget: duration.describe("Longest run that still counts as healthy; the job stops itself then"),
  timeout: duration
    .optional()
    .describe("The unit's or pod's own limit; by default the budget and five minutes"),
  promise: z
    .strictObject({
      rpo: promised.describe("Longest time that this job may go without a success before somebody knows"),
    })
    .describe("What is owed of this job"),
  alert: alertPolicy.describe("Who hears of it when it fails or falls silent, and when"),
};

/** Entries of a folder, each with the reason why it is treated apart. */
const entry = { name: entryName.describe("Its name, letter by letter"), reason };

export const entries = z.array(z.strictObject(entry));

/** Entries that are left out, or kept; each by its whole name. */
export const excludes = z
  .array(
    z.strictObject({
      ...entry,
      name: entry.name.refine(
        name => !/^[*?]+$/.test(name),
        'stands for nothing here, as names are taken letter by letter; if all is meant, remove the part itself. Expected one entry\'s name, e.g. "immich"',
      ),
    }),
  )
  .superRefine((entries, context) => {
    for (const [index, { name }] of entries.entries())
      if (entries.findIndex(other => other.name === name) < index)
        context.addIssue({
          code: "custom",
          path: [index, "name"],
          message: "is there twice in that list. Keep one of the two",
        });
  })
  .default([]);

/** When what is copied counts as lost, and waits for somebody: by default what no ordinary day does. */
export const collapse = z
  .strictObject({
    leastPercent: collapseLimits.shape.leastPercent
      .default(usualCollapse.leastPercent)
      .describe("Less than that share of what there was is a loss"),
    mostChangedPercent: collapseLimits.shape.mostChangedPercent
      .default(usualCollapse.mostChangedPercent)
      .describe("A larger share of files that get another content is one"),
  })
  .superRefine(({ leastPercent, mostChangedPercent }, context) => {
    const usual = `Example: { leastPercent: ${usualCollapse.leastPercent}, mostChangedPercent: ${usualCollapse.mostChangedPercent} }`;
    if (leastPercent === 0)
      context.addIssue({
        code: "custom",
        path: ["leastPercent"],
        message: `holds nothing: what is empty isn't less than 0 %. ${usual}`,
      });
    if (mostChangedPercent === 100)
      context.addIssue({
        code: "custom",
        path: ["mostChangedPercent"],
        message: `holds nothing: no more than all can be overwritten. ${usual}`,
      });
    if (leastPercent === 100 || mostChangedPercent === 0)
      context.addIssue({
        code: "custom",
        path: [leastPercent === 100 ? "leastPercent" : "mostChangedPercent"],
        message: `holds each night on which one file goes, and what is held each night is accepted by habit. ${usual}`,
      });
  })
  .default(usualCollapse);

/** @returns trigger of a host's timer */
export function timerTrigger(spec: ScheduleSpec, estateZone: string): Trigger {
  return {
    calendar: spec.onCalendar,
    schedule: parseSchedule(spec.onCalendar, "systemd"),
    zone: spec.zone ?? estateZone,
    after: spec.after,
    catchUp: spec.persistent,
    randomizedDelayMs: parseDuration(spec.randomizedDelay),
    accuracyMs: parseDuration(spec.accuracy),
  };
}

/** A CronJob starts within the controller's ten-second sync, and is not made up after its deadline. */
export function cronTrigger(spec: CronScheduleSpec, estateZone: string): Trigger {
  return {
    calendar: spec.cron,
    schedule: parseSchedule(spec.cron, "cron"),
    zone: spec.zone ?? estateZone,
    after: [],
    catchUp: false,
    randomizedDelayMs: 0,
    accuracyMs: 10_000,
  };
}

/** How long a runner tries to tell what it has to tell. */
export const push = { timeoutMs: 5_000, attempts: 3 };

/** How a runner reaches the Pushgateway. @param credentialsDir where it finds its credentials */
export function pushgatewayOf({ monitoring }: Estate, credentialsDir: string): Pushgateway {
  const { pushgateway: url, pushgatewayLogin: login } = monitoring;
  return { url, ...push, ...(login && { login: { ...login, credentialsDir } }) };
}

/**
 * What a job has beside its budget unless the estate says otherwise: room for a runner that was told to stop at its budget. It ends its
 * children, writes its metrics and pushes them.
 */
export const usualMarginMs = 5 * 60_000;

/** Times of a run and how it is judged, from a layer's part of the estate. */
export function runOf(
  spec: {
    usualRun: string;
    budget: string;
    timeout?: string | undefined;
    promise: { rpo: string };
    alert: AlertPolicy;
  },
  trigger: Trigger,
  estate: Estate,
): { usualRunMs: number; budgetMs: number; timeoutMs: number; judged: Judgement } {
  const budgetMs = parseDuration(spec.budget);
  const visibleAfterMs = visibleAfter(estate);
  const typed = spec.alert.staleAfter;
  const tightestMs = tightestStaleAfter(healthyAge(trigger, budgetMs, visibleAfterMs, estate.years));
  return {
    usualRunMs: parseDuration(spec.usualRun),
    budgetMs,
    timeoutMs: spec.timeout === undefined ? budgetMs + usualMarginMs : parseDuration(spec.timeout),
    judged: {
      rpoMs: parseDuration(spec.promise.rpo),
      staleAfterMs: typed === undefined ? tightestMs : parseDuration(typed),
      staleDerived: typed === undefined,
      alertsCalled: spec.alert.called,
      alertsFormerly: spec.alert.formerly,
      forMs: parseDuration(spec.alert.for),
      severity: spec.alert.severity,
      receiver: spec.alert.receiver,
      visibleAfterMs,
    },
  };
}

/** From a run's end to a rule's next look: the last push attempt's end, a scrape, an evaluation. */
function visibleAfter(estate: Estate): number {
  const { scrapeInterval, evaluationInterval } = estate.monitoring;
  return push.timeoutMs * push.attempts + parseDuration(scrapeInterval) + parseDuration(evaluationInterval);
}
