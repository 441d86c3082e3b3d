import type { InForce } from "../contracts/in-force";
import { manifestLines, sumOfLines } from "../contracts/release-manifest";
import type { RunnerConfig, runnerFields } from "../contracts/runner";
import type { Estate } from "../estate/schema";
import type { Credential, Job, RunnerName, Trigger } from "../job";
import type { HostRights } from "../systemd-sandbox";
import { commandText, daemonText, onCalendar, serviceText, timerText } from "../systemd-units";
import { pushgatewayOf } from "./common";

/** A job that one of Holdfast's own programs does on a host. */
export interface HostRunner {
  /** What units, folders and metrics are called after. */
  readonly job: string;
  /** Entry of the program in host-scripts. */
  readonly runner: RunnerName;
  readonly description: string;
  /** File systems that the run needs. */
  readonly mounts: readonly string[];
  /** Whether it yields CPU and disk to whatever else wants them. */
  readonly background: boolean;
  /** What its runs do to the host, beside their state and metrics. */
  readonly rights: HostRights;
  /** Further folders that it writes to, and that are made where they are missing. */
  readonly makes?: readonly string[];
  readonly credentials: readonly Credential[];
  /** Addresses of servers that it believes for what an authority has signed. */
  readonly servers?: readonly string[];
  /** What its `config.json` holds: the runner's contract. */
  readonly config: Pick<RunnerConfig, "pushgateway">;
}

/** One that a timer starts. */
export interface TimedRunner extends HostRunner {
  readonly trigger: Trigger;
  readonly timeoutMs: number;
}

/** One that runs all the time. */
export interface RunningRunner extends HostRunner {
  /** It has to say so often that it works. */
  readonly watchdogMs: number;
}

/** A timer of a host, and the secrets that its runs load. */
export function timerOf(runner: TimedRunner): Pick<Job, "credentials" | "deployment"> {
  const { job, trigger } = runner;
  const units = { ...unitOf(runner), trigger, timeoutMs: runner.timeoutMs };
  const texts = [
    { name: `${job}.service`, text: serviceText(units) },
    { name: `${job}.timer`, text: timerText(units) },
  ];
  return deployed(runner, "timer", texts, trigger);
}

/** A service of a host that runs all the time, and the secrets that it loads. */
export function daemonOf(runner: RunningRunner): Pick<Job, "credentials" | "deployment"> {
  const text = daemonText({ ...unitOf(runner), watchdogMs: runner.watchdogMs });
  return deployed(runner, "service", [{ name: `${runner.job}.service`, text }]);
}

function unitOf(runner: HostRunner) {
  const { job, credentials } = runner;
  return {
    job,
    description: runner.description,
    mounts: runner.mounts,
    rights: runner.rights,
    makes: [...new Set([stateFolder(job), textfileFolder, ...(runner.makes ?? [])])],
    service: [
      ...(runner.background ? ["Nice=10", "IOSchedulingClass=idle"] : []),
      ...credentials.map(credential => credentialLine(job, credential)),
    ],
  };
}

function deployed(
  { job, runner, credentials, servers = [], config }: HostRunner,
  kind: "timer" | "service",
  units: readonly { readonly name: string; readonly text: string }[],
  trigger?: Trigger,
): Pick<Job, "credentials" | "deployment"> {
  const { login } = config.pushgateway;
  const files = [
    ...units,
    { name: "config.json", text: `${JSON.stringify(config, undefined, 2)}\n` },
    { name: job, text: commandText(job) },
  ];
  const inForce: InForce[] = [
    { kind: "release", job, files: sumOfLines(manifestLines(files)) },
    ...unitsInForce(
      units.map(({ name }) => name),
      trigger,
    ),
    ...servers.map((url): InForce => ({ kind: "certificate", url })),
  ];
  return {
    // By the last one it tells how it ended; no unit loads it.
    credentials: [...credentials, ...(login ? [secretCredential(login.password)] : [])],
    deployment: { kind, runner, files, inForce },
  };
}

/** @param trigger of the timer among them; left out where that elapses by no calendar */
export function unitsInForce(units: readonly string[], trigger?: Trigger): InForce[] {
  return units.map(unit => ({
    ...{ kind: "unit", unit },
    ...(trigger && unit.endsWith(".timer") && { calendar: onCalendar(trigger) }),
  }));
}

function credentialLine(job: string, { name, byHand }: Credential): string {
  const file = `${credentialsFolder(job)}/${name}`;
  return byHand ? `InaccessiblePaths=-${file}` : `LoadCredential=${name}:${file}`;
}

/** Folder on its host with a job's secrets: not part of a release, so that a roll-back doesn't bring an old key back. */
export function credentialsFolder(job: string): string {
  return `/etc/holdfast/credentials/${job}`;
}

type RunnerFields = { -readonly [K in keyof typeof runnerFields]: (typeof runnerFields)[K]["_output"] };

/** The part of its config that every runner has. */
export function runnerConfig(job: string, host: string, budgetMs: number, estate: Estate): RunnerFields {
  return {
    host,
    budgetMs,
    stateDir: stateFolder(job),
    textfile: textfile(job),
    pushgateway: pushgatewayOf(estate, credentialsFolder(job)),
  };
}

/** The state folders of all jobs of a host. */
export const stateFolders = "/var/lib/holdfast";

/** Folder on its host with what a job's runs leave for one another. */
export function stateFolder(job: string): string {
  return `${stateFolders}/${job}`;
}

/** Where a host's node-exporter reads metrics that survive a Pushgateway's absence. */
export const textfileFolder = "/var/lib/prometheus/node-exporter";

export function textfile(name: string): string {
  return `${textfileFolder}/${name}.prom`;
}

/** Identity of a host's file system, for a runner that refuses to write to any other. */
export function mountOf(estate: Estate, host: string, path: string): { path: string; fsUuid: string } {
  return { path, fsUuid: estate.hosts[host]?.filesystems[path]?.fsUuid ?? "" };
}

/** The credential with which a job asks a cluster whose volume is whose; none where the estate has no address of its API. */
export function clusterAccess(cluster: string | undefined, estate: Estate): Credential[] {
  return isReachable(cluster, estate)
    ? [{ name: kubeconfig, from: { kind: "cluster-access", cluster, rights: "list-volumes" } }]
    : [];
}

/** The credential with which a restore scales what uses a volume. No nightly run has it. */
export function restoreAccess(cluster: string | undefined, estate: Estate): Credential[] {
  return isReachable(cluster, estate)
    ? [
        {
          name: restoreKubeconfig,
          from: { kind: "cluster-access", cluster, rights: "restore" },
          byHand: true,
        },
      ]
    : [];
}

function isReachable(cluster: string | undefined, estate: Estate): cluster is string {
  return cluster !== undefined && estate.clusters[cluster]?.api !== undefined;
}

/** A secret as a credential of the same name. */
export function secretCredential(secret: string): Credential {
  return { name: secret, from: { kind: "secret", secret } };
}

/** File names of a cluster's access, for nightly runs and for a restore. */
export const kubeconfig = "kubeconfig";
export const restoreKubeconfig = "kubeconfig-restore";
