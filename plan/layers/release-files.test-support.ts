import type { Job } from "../job";

/** Files of a job's release; none of a job that isn't installed. */
export function releaseFiles(job: Job): readonly { readonly name: string; readonly text: string }[] {
  return job.deployment.kind === "planned" ? [] : job.deployment.files;
}
