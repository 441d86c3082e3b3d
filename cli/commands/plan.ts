import Table from "cli-table3";
import { z } from "zod";
import { type Plan, planOf } from "../../plan";
import type { Job } from "../../plan/job";
import { formatDuration } from "../../plan/units/duration";
import { type CommandSpec, estateFlags, estateOptions } from "../command";
import { readEstate } from "../estate-source";
import { plainTable } from "../output";

const options = z.object(estateOptions);

/** `holdfast plan`: what runs when, where, and what it is held to. */
export const plan: CommandSpec<z.output<typeof options>> = {
  name: "plan",
  summary: "Every job: when it runs, what it copies, its budget and its alert",
  flags: estateFlags,
  options,
  async run({ stack, estate, json }, { load, terminal }) {
    const found = planOf(await readEstate({ stack, estate }, load));
    return {
      text: json ? JSON.stringify({ jobs: jobsByName(found) }, undefined, 2) : table(found, terminal),
      exitCode: 0,
    };
  },
};

/** Jobs by name; where two hosts have one of a name, by "name@host". */
function jobsByName({ jobs }: Plan): Record<string, object> {
  const times = new Map<string, number>();
  for (const { name } of jobs) times.set(name, (times.get(name) ?? 0) + 1);
  return Object.fromEntries(
    jobs.map(job => [(times.get(job.name) ?? 0) > 1 ? `${job.name}@${job.host}` : job.name, asJson(job)]),
  );
}

/** A job without its parsed calendar: `trigger.calendar` and `trigger.zone` say it in the operator's own words. */
function asJson(job: Job): object {
  const { calendar, zone, after, catchUp, randomizedDelayMs, accuracyMs } = job.trigger;
  return { ...job, trigger: { calendar, zone, after, catchUp, randomizedDelayMs, accuracyMs } };
}

function table({ jobs }: Plan, colours: boolean): string {
  const rows = new Table({
    head: ["job", "runs on", "when", "usual", "budget", "stale after", "hears of it"],
    ...plainTable(colours),
  });
  for (const job of jobs)
    rows.push([
      job.name,
      job.host,
      `${job.trigger.calendar} ${job.trigger.zone}`,
      formatDuration(job.usualRunMs),
      formatDuration(job.budgetMs),
      formatDuration(job.judged.staleAfterMs),
      job.judged.receiver,
    ]);
  return rows.toString();
}
