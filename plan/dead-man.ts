import { type DeadManConfig, deadManJobName } from "./contracts/dead-man";
import { effectiveStateJobName } from "./contracts/effective-state";
import type { Plan } from ".";
import { type Credential, type HostedJob, isHosted, metricOf } from "./job";
import { push } from "./layers/common";
import { credentialsFolder, secretCredential, textfile } from "./layers/host-runner";
import { intervalTimerText, serviceText } from "./systemd-units";
import { parseDuration } from "./units/duration";

/** What calls the dead man's receiver from a host: a release like a job's, of which nothing is judged but that it calls. */
export interface DeadMan {
  readonly name: string;
  readonly host: string;
  readonly runner: typeof deadManJobName;
  readonly credentials: readonly Credential[];
  /** Files of the host release. */
  readonly files: readonly { readonly name: string; readonly text: string }[];
}

/** The calls that come from the hosts themselves, in the order in which the estate has them. */
export function deadMenOf({ estate, jobs }: Plan): DeadMan[] {
  const { deadMan } = estate.monitoring;
  if (!deadMan) return [];
  return Object.entries(deadMan.hosts).map(([host, secret]) => ({
    ...{ name: deadManJobName, host, runner: deadManJobName },
    credentials: [secretCredential(secret)],
    files: filesOf(
      {
        ...{ job: deadManJobName, host, credentialsDir: credentialsFolder(deadManJobName) },
        ...{ address: secret, ...push },
        ...(own(jobs, host).some(({ name }) => name === effectiveStateJobName)
          ? { differsTextfile: textfile(`${effectiveStateJobName}-differs`) }
          : {}),
        jobs: own(jobs, host).map(watched),
      },
      parseDuration(deadMan.every),
    ),
  }));
}

function own(jobs: Plan["jobs"], host: string): HostedJob[] {
  return jobs.filter(isHosted).filter(job => job.host === host);
}

function watched(job: HostedJob): DeadManConfig["jobs"][number] {
  return {
    name: job.name,
    textfile: textfile(job.name),
    status: metricOf(job, "status").name,
    lastSuccess: metricOf(job, "last-success").name,
    staleAfterMs: job.judged.staleAfterMs,
  };
}

function filesOf(config: DeadManConfig, everyMs: number): DeadMan["files"] {
  const { job, address, credentialsDir, timeoutMs, attempts } = config;
  const description = "A call to whoever notices when this host is silent";
  return [
    {
      name: `${job}.service`,
      text: serviceText({
        ...{ job, description, mounts: [], makes: [], trigger: { after: [] } },
        rights: { reads: [], writes: [], files: "own", volumes: "none", parses: false },
        service: [`LoadCredential=${address}:${credentialsDir}/${address}`],
        // Two calls a run, each with all of its attempts, and the start of Node on a busy host.
        timeoutMs: 2 * timeoutMs * attempts + 60_000,
      }),
    },
    { name: `${job}.timer`, text: intervalTimerText(description, everyMs) },
    { name: "config.json", text: `${JSON.stringify(config, undefined, 2)}\n` },
  ];
}
