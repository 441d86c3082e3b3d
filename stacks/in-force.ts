import { effectiveStateConfig, effectiveStateJobName } from "../plan/contracts/effective-state";
import type { InForce } from "../plan/contracts/in-force";
import type { HostedJob } from "../plan/job";

/** The files of a release, of which that of the look at what is in force is told what Prometheus and Alertmanager are to have. */
export function withMonitoring(
  { runner, files }: HostedJob["deployment"],
  monitoring: readonly InForce[],
): HostedJob["deployment"]["files"] {
  if (runner !== effectiveStateJobName) return files;
  return files.map(file => {
    if (file.name !== "config.json") return file;
    const config = effectiveStateConfig.parse(JSON.parse(file.text));
    const more = { ...config, declared: [...config.declared, ...monitoring] };
    return { ...file, text: `${JSON.stringify(more, undefined, 2)}\n` };
  });
}
