import { z } from "zod";
import { absolutePath, credentialName, credentialsDir } from "./runner";

export const deadManJobName = "dead-man";

/** What the program `dead-man` reads from its release's config.json. Times in ms. */
export const deadManConfig = z.strictObject({
  job: z.literal(deadManJobName),
  /** Name of the host in the estate. */
  host: z.string().min(1),
  credentialsDir,
  /** Credential with the address that is called. */
  address: credentialName,
  /** Time for one attempt. */
  timeoutMs: z.int().positive(),
  attempts: z.int().positive(),
  /** Where the last look at what is in force has left what differs; absent where this host has none. */
  differsTextfile: absolutePath.optional(),
  /** What runs on this host: a call says whether each of them keeps its promise. */
  jobs: z.array(
    z.strictObject({
      name: z.string().min(1),
      /** Where its runs leave their metrics. */
      textfile: absolutePath,
      /** Metric with the exit code of its last run. */
      status: z.string().min(1),
      /** Metric with the end of its last success, epoch seconds. */
      lastSuccess: z.string().min(1),
      /** Age of a success from which on it is too old. */
      staleAfterMs: z.int().positive(),
    }),
  ),
});
export type DeadManConfig = z.infer<typeof deadManConfig>;
