import type { Plan } from "../../plan";
import type { Job } from "../../plan/job";
import { layerGiving } from "../../plan/layers";
import { defineCheck } from "../check";
import { edit } from "../example-edits";
import { mended } from "../examples";
import { encryptedExample } from "../encrypted-example";
import { listed } from "../wording";

export const encryptedUnopened = defineCheck({
  code: "routes/encrypted-unopened",
  severity: "error",
  title: "An encrypted volume's copy job has no passphrase",
  why: "A snapshot of an encrypted volume is as closed as the volume. Without its passphrase the copy job fails for it each night, and what the plan counts as its copies on the disk and off the site are not there.",
  run: plan => {
    const copied = encryptedByJob(plan);
    return plan.jobs.filter(hasNoPassphrase).flatMap(job => {
      const closed = [...(copied.get(job) ?? [])];
      if (closed.length === 0) return [];
      return [
        {
          subject: job.called,
          message: `${job.name} on ${job.host} copies the files of ${listed(closed)}, encrypted, and has no passphrase.`,
          fix: `Add the secret with the passphrase to the estate's secrets and to volumes.luksSecrets of ${layerGiving("generations of volumes")}, e.g. ["luks-passphrase"].`,
          evidence: { encrypted: closed },
        },
      ];
    });
  },
  examples: {
    bad: [
      mended(encryptedExample("an encrypted volume and no secret for it", []), {
        says: "volumes.luksSecrets of daily-backup",
        edit: ({ secrets, layers }) => {
          secrets["luks-passphrase"] = { keptIn: ["vault", "break-glass"] };
          edit(layers["daily-backup"][0]?.volumes, { luksSecrets: ["luks-passphrase"] });
        },
      }),
    ],
    good: [encryptedExample("an encrypted volume and its passphrase", ["vault", "break-glass"])],
  },
});

function hasNoPassphrase({ credentials }: Job): boolean {
  return !credentials.some(({ from }) => from.kind === "secret");
}

/** Encrypted datasets whose files each job copies. */
function encryptedByJob(plan: Plan): Map<Job, Set<string>> {
  const found = new Map<Job, Set<string>>();
  for (const { job, flow, dataset } of plan.copies)
    if (dataset.encrypted && flow.source.kind === "copies-of")
      found.set(job, (found.get(job) ?? new Set()).add(dataset.id));
  return found;
}
