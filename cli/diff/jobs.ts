import type { Plan } from "../../plan";
import type { Job } from "../../plan/job";
import { machineKey } from "../../plan/layers/places";
import { formatDuration } from "../../plan/units/duration";
import { none, type Part } from "./part";

/** What people are told of a job, each by a name of its own. */
const facts: Readonly<Record<string, (job: Job) => string>> = {
  when: ({ trigger: { calendar, zone } }) => `${calendar} ${zone}`,
  "full run": ({ fullRun }) => (fullRun ? `${fullRun.calendar} ${fullRun.zone}` : none),
  "waits for": ({ trigger }) => trigger.after.join(", ") || none,
  "usually takes": ({ usualRunMs }) => formatDuration(usualRunMs),
  budget: ({ budgetMs }) => formatDuration(budgetMs),
  "stale after": ({ judged }) => formatDuration(judged.staleAfterMs),
  "promised loss": ({ judged }) => formatDuration(judged.rpoMs),
  "hears of it": ({ judged }) => `${judged.receiver} (${judged.severity})`,
};

/** Jobs that only one of the estates has, and those that run otherwise. */
export function jobPart(before: Plan, after: Plan): Part {
  const [old, current] = [byIdentity(before), byIdentity(after)];
  const changes = [...new Set([...current.keys(), ...old.keys()])].flatMap(key => {
    const [was, is] = [old.get(key), current.get(key)];
    const job = calledOf(was, is);
    if (was === undefined || is === undefined) {
      const text = (side: Job | undefined): string => (side === undefined ? none : whole(side));
      return [{ job, what: is === undefined ? "removed" : "added", before: text(was), after: text(is) }];
    }
    return Object.entries(facts).flatMap(([what, fact]) =>
      fact(was) === fact(is) ? [] : [{ job, what, before: fact(was), after: fact(is) }],
    );
  });
  return {
    ...{ key: "jobs", title: "The night: what runs, and when", isWorse: false, json: changes },
    head: ["job", "what", "before", "after"],
    rows: changes.map(({ job, what, before: was, after: is }) => [job, what, was, is]),
  };
}

/** Jobs by what stays when another host gets one of the same name. */
export function byIdentity({ jobs }: Plan): Map<string, Job> {
  return new Map(jobs.map(job => [`${machineKey(job.runsOn)} ${job.name}`, job]));
}

/** The name that also tells its host, where one of the estates needs that. */
export function calledOf(was: Job | undefined, is: Job | undefined): string {
  const [one, other] = [was?.called ?? "", is?.called ?? ""];
  return one.length > other.length ? one : other;
}

function whole(job: Job): string {
  return `${facts["when"]?.(job)}, budget ${formatDuration(job.budgetMs)}`;
}
