import type { Plan } from ".";
import { deadMenOf } from "./dead-man";
import { isHosted, isInCluster, type Job } from "./job";

/** What a release is deployed of. */
export type Installed = Pick<Job, "name" | "host" | "credentials">;

/** All that a deployment puts on hosts: jobs, and what calls outside beside them. */
export function installedBy(plan: Plan): readonly Installed[] {
  return [...plan.jobs.filter(isHosted), ...deadMenOf(plan)];
}

/** Every host that a deployment makes something on: what is installed there, and folders for what a cluster's jobs write. */
export function hostsOf(plan: Plan): readonly string[] {
  const written = plan.jobs.filter(isInCluster).map(({ deployment }) => deployment.pod.target.host);
  return [...new Set([...installedBy(plan).map(({ host }) => host), ...written])];
}
