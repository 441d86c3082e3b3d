import type { Plan } from "../plan";
import type { Job } from "../plan/job";

/** Secrets by which a job opens encrypted volumes. */
export function passphrasesOf({ flows, credentials }: Job, { estate }: Plan): string[] {
  if (!flows.some(({ source }) => source.kind === "copies-of")) return [];
  const push = estate.monitoring.pushgatewayLogin?.password;
  return credentials.flatMap(({ from }) =>
    from.kind === "secret" && from.secret !== push ? [from.secret] : [],
  );
}

/** Services with an encrypted volume on a job's host. */
export function servicesBehind({ host }: Job, plan: Plan): Set<string> {
  return new Set(
    plan.datasets
      .filter(({ encrypted, location: { machine } }) => encrypted && machine.name === host)
      .map(({ service }) => service),
  );
}
