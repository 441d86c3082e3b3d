import { z } from "zod";
import { type Plan, planOf } from "../../plan";
import type { Job } from "../../plan/job";
import { formatDuration } from "../../plan/units/duration";
import { type CommandSpec, estateFlags, estateOptions } from "../command";
import { readOther, readEstate } from "../estate-source";
import { type Look, tableText } from "../table";
import { capacitySection, deltaSection, routesSection, sectionText, timelineSection } from "../plan-sections";

const options = z.object({
  ...estateOptions,
  week: z.boolean().default(false),
  against: z.string().optional(),
});
const dayMs = 86_400_000;

/** `holdfast plan`: what runs when and where, what it is held to, what is kept of it, and what room that takes. */
export const plan: CommandSpec<z.output<typeof options>> = {
  name: "plan",
  summary: "Jobs, the coming night, routes with what is kept, and capacity",
  flags: [
    ...estateFlags,
    ["--week", "the runs of a week instead of a day"],
    ["--against <estate>", "an earlier estate, to see what an edit costs: a file, or REVISION:PATH of git"],
  ],
  options,
  async run({ stack, estate, json, week, against }, context) {
    const { nowMs } = context;
    const found = planOf(await readEstate({ stack, estate }, context));
    const earlier =
      against === undefined ? undefined : planOf(await readOther("--against", against, context));
    const sections = [
      timelineSection(found, nowMs, nowMs + (week ? 7 : 1) * dayMs),
      routesSection(found),
      capacitySection(found, nowMs),
      ...(earlier ? [deltaSection(earlier, found)] : []),
    ];
    const facts = {
      jobs: jobsByName(found),
      ...Object.fromEntries(sections.map(({ key, json }) => [key, json])),
    };
    const text = [table(found, context), ...sections.map(section => sectionText(section, context))];
    return { text: json ? JSON.stringify(facts, undefined, 2) : text.join("\n\n"), exitCode: 0 };
  },
};

/** Jobs by name; where two hosts have one of a name, by "name@host". */
function jobsByName({ jobs }: Plan): Record<string, object> {
  return Object.fromEntries(jobs.map(job => [job.called, asJson(job)]));
}

/** A job without its parsed calendar: `trigger.calendar` and `trigger.zone` say it in the operator's own words. */
function asJson(job: Job): object {
  const { calendar, zone, after, catchUp, randomizedDelayMs, accuracyMs } = job.trigger;
  return { ...job, trigger: { calendar, zone, after, catchUp, randomizedDelayMs, accuracyMs } };
}

function table({ jobs }: Plan, look: Look): string {
  const rows = jobs.map(job => [
    job.name,
    job.host,
    `${job.trigger.calendar} ${job.trigger.zone}`,
    formatDuration(job.usualRunMs),
    formatDuration(job.budgetMs),
    formatDuration(job.judged.staleAfterMs),
    job.judged.receiver,
  ]);
  return tableText(["job", "runs on", "when", "usual", "budget", "stale after", "hears of it"], rows, look);
}
