import { z } from "zod";
import { connect } from "../servers/api";
import { dumpsNamespace } from "./dumps";

const container = z.looseObject({ name: z.string(), image: z.string(), resources: z.unknown() });
const jobSpec = z.looseObject({
  activeDeadlineSeconds: z.number(),
  template: z.looseObject({ spec: z.looseObject({ containers: z.array(container) }) }),
});
const cronJob = z.object({
  metadata: z.object({ name: z.string(), uid: z.string() }),
  spec: z.object({ jobTemplate: z.object({ spec: jobSpec }) }),
});

/** What a CronJob's jobs are. */
export type JobSpec = z.infer<typeof jobSpec>;

/** Where the jobs of the house's dumps are. */
const jobs = `/apis/batch/v1/namespaces/${dumpsNamespace}`;

/**
 * Starts a dump's job now, as `kubectl create job --from` does: it goes with its CronJob. One that stayed would keep its pod, and that the
 * claim of the dumps: whoever removes them waits for ten minutes, and then nothing more is removed.
 * @param name of the job @param change of what was deployed
 */
export async function startNow(
  cronJobName: string,
  name: string,
  change: (spec: JobSpec) => void = () => undefined,
): Promise<void> {
  const { metadata, spec } = cronJob.parse(await connect().get(`${jobs}/cronjobs/${cronJobName}`));
  const owner = { apiVersion: "batch/v1", kind: "CronJob", ...metadata, controller: true };
  change(spec.jobTemplate.spec);
  await connect().create(`${jobs}/jobs`, {
    ...{ apiVersion: "batch/v1", kind: "Job" },
    metadata: { name, namespace: dumpsNamespace, ownerReferences: [owner] },
    spec: spec.jobTemplate.spec,
  });
}

const job = z.object({
  status: z.object({
    conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]),
  }),
});

/** How a job has ended, "Complete" or "Failed"; nothing while it runs. */
export async function jobEnd(name: string): Promise<string | undefined> {
  const { conditions } = job.parse(await connect().get(`${jobs}/jobs/${name}`)).status;
  return conditions.find(({ type, status }) => status === "True" && /^(Complete|Failed)$/.test(type))?.type;
}
