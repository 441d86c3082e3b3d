import type { Plan } from ".";
import { deadMenOf } from "./dead-man";
import { isHosted, type Job } from "./job";

/** What a release is deployed of. */
export type Installed = Pick<Job, "name" | "host" | "credentials">;

/** All that a deployment puts on hosts: jobs, and what calls outside beside them. */
export function installedBy(plan: Plan): readonly Installed[] {
  return [...plan.jobs.filter(isHosted), ...deadMenOf(plan)];
}
