import type { Plan } from "../plan";
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
const known = new WeakMap<Plan, ReadonlyMap<Job, ReadonlySet<string>>>();

/** Services of which the job makes copies; a job that makes none works for all of them. */
function servicesText(job: Job, plan: Plan): string {
  const byJob = known.get(plan) ?? servicesByJob(plan);
  known.set(plan, byJob);
  const names = [...(byJob.get(job) ?? [])];
  const more = names.length - mostNamed;
  if (names.length === 0) return all;
  return `${names.slice(0, mostNamed).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

function servicesByJob({ copies }: Plan): ReadonlyMap<Job, ReadonlySet<string>> {
  const found = new Map<Job, Set<string>>();
  for (const { job, dataset } of copies) {
    const services = found.get(job);
    if (services) services.add(dataset.service);
    else found.set(job, new Set([dataset.service]));
  }
  return found;
}
