import type * as pulumi from "@pulumi/pulumi";
import type { Job } from "../plan/job";
import { operatorFault } from "./operator-fault";

/**
 * Ends a deployment whose jobs ask for secrets that the stack doesn't have.
 * @throws {pulumi.RunError} that names all of them, each with the command that sets it
 */
export function requireSecrets(
  jobs: readonly Pick<Job, "name" | "credentials">[],
  secrets: Readonly<Record<string, pulumi.Output<string>>>,
): void {
  const askers = new Map<string, string[]>();
  for (const job of jobs)
    for (const { from } of job.credentials)
      if (from.kind === "secret" && !Object.hasOwn(secrets, from.secret))
        askers.set(from.secret, [...(askers.get(from.secret) ?? []), job.name]);
  if (askers.size === 0) return;
  throw operatorFault(
    [
      "The stack lacks secrets that its jobs need; nothing was changed. Set them, each from a file or typed in:",
      ...[...askers].map(([name, by]) => `  ${setCommand(name)}  # for ${[...new Set(by)].join(", ")}`),
    ].join("\n"),
  );
}

/** The command that gives the stack a secret; it asks for the value, or reads it from standard input. */
export function setCommand(name: string): string {
  return `pulumi config set --secret --path 'holdfast:secrets["${name}"]'`;
}
