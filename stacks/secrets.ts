import type * as pulumi from "@pulumi/pulumi";
import type { Job } from "../plan/job";
import { setCommand } from "../plan/set-secret";
import { operatorFault } from "./operator-fault";

type Asking = Pick<Job, "name" | "credentials" | "nasRetention">;

/**
 * Ends a deployment whose jobs ask for secrets that the stack doesn't have.
 * @throws {pulumi.RunError} that names all of them, each with the command that sets it
 */
export function requireSecrets(
  jobs: readonly Asking[],
  secrets: Readonly<Record<string, pulumi.Output<string>>>,
): void {
  const askers = new Map<string, string[]>();
  for (const job of jobs)
    for (const name of namesOf(job))
      if (!Object.hasOwn(secrets, name)) askers.set(name, [...(askers.get(name) ?? []), job.name]);
  if (askers.size === 0) return;
  throw operatorFault(
    [
      "The stack lacks secrets that its jobs need; nothing was changed. Set them, each from a file or typed in:",
      ...[...askers].map(([name, by]) => `  ${setCommand(name)}  # for ${[...new Set(by)].join(", ")}`),
    ].join("\n"),
  );
}

function namesOf({ credentials, nasRetention }: Asking): string[] {
  return [
    ...credentials.flatMap(({ from }) => (from.kind === "secret" ? [from.secret] : [])),
    ...(nasRetention ? [nasRetention.key, nasRetention.password] : []),
  ];
}
