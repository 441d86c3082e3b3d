import type { Job } from "../job";

/** Files of a job's release; none of a job that isn't installed on a host. */
export function releaseFiles(job: Job): readonly { readonly name: string; readonly text: string }[] {
  return "files" in job.deployment ? job.deployment.files : [];
}
