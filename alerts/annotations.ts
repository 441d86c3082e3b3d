import type { Plan } from "../plan";
import { listed } from "../plan/contracts/listed";
import type { Job } from "../plan/job";
import { dashboardOf } from "./boards/uid";

/** What an alert says of itself, and of what it is. */
interface Said {
  readonly alert: string;
  readonly summary: string;
  readonly description: string;
  /** Whose it is; absent for what all jobs stand on. */
  readonly job?: Job;
  readonly receiver: string | undefined;
}

/**
 * What each alert tells people: what is so, what to type, where more is written, whose data it is about and who answers for it. The
 * last two are no labels: a scrape by a ServiceMonitor gives series a `service`, which a rule's own would hide.
 */
export function annotationsOf(
  { alert, summary, description, job, receiver }: Said,
  plan: Plan,
): Readonly<Record<string, string>> {
  const { monitoring, receivers } = plan.estate;
  const heardBy = receiver ?? Object.keys(receivers)[0] ?? "";
  return {
    summary,
    description,
    runbook_url: `${monitoring.runbooks.replace(/\/$/, "")}/${alert}`,
    dashboard: dashboardOf(plan.estate, job?.layer),
    service: job ? servicesText(job, plan) : all,
    owner: plain(receivers[heardBy]?.owner ?? heardBy),
  };
}

/** Prometheus reads annotations as templates, in which {{ begins a command. */
export function plain(text: string): string {
  return text.replaceAll("{{", '{{"{{"}}');
}

const all = "all";
const mostNamed = 8;
const known = new WeakMap<Plan, ReadonlyMap<Job, string>>();

/** Services of which the job makes copies, or the one beside which it works; a job that does neither works for all of them. */
function servicesText(job: Job, plan: Plan): string {
  const texts = known.get(plan) ?? textsByJob(plan);
  known.set(plan, texts);
  const beside = job.provesDumpsOf ?? job.looksBeside;
  const copies = plan.jobs.find(({ name, host }) => name === beside && host === job.host) ?? job;
  return texts.get(copies) ?? all;
}

function textsByJob({ copies }: Plan): ReadonlyMap<Job, string> {
  const services = new Map<Job, Set<string>>();
  for (const { job, dataset } of copies)
    services.set(job, (services.get(job) ?? new Set()).add(dataset.service));
  return new Map([...services].map(([job, names]) => [job, listed([...names], mostNamed)]));
}
