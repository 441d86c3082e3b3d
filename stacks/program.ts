import * as pulumi from "@pulumi/pulumi";
import { routingsOf } from "../alerts/routings";
import { watchdogRules } from "../alerts/watchdog";
import { boardsOf } from "../alerts/boards";
import { estateRules } from "../alerts/groups";
import { monitoringInForce } from "../alerts/in-force";
import { rulesOf } from "../alerts/rules";
import { runChecks } from "../checks";
import { AlertRoutes, AlertRules } from "../components/alert-rules";
import { ClusterDump } from "../components/cluster-dump";
import { HostJob } from "../components/host-job";
import type { HostConnection } from "../components/host-release";
import { HostRunbooks, type RunbooksArchive } from "../components/host-runbooks";
import type { RunnerBundle } from "../components/host-release/commands";
import { ruleFile } from "../components/rule-file";
import { type Estate, EstateInvalid, parseEstate, type Plan, planOf } from "../plan";
import { deadMenOf } from "../plan/dead-man";
import { hostsOf } from "../plan/installed";
import { isHosted, isInCluster, isOnlyPlanned } from "../plan/job";
import type { DumpPod } from "../plan/pod";
import { clusterProvider } from "./cluster-provider";
import { errorText, warningTexts } from "./diagnostics";
import { askedCluster, clusterAccounts, secretsOf } from "./host-jobs";
import { pinnedPod, requireImages } from "./images";
import { nasRetentions, setRetentions } from "./nas-retentions";
import { withMonitoring } from "./in-force";
import { operatorFault } from "./operator-fault";
import { makePushgateway, pushgatewayAsks } from "./pushgateway";
import type { ProbeTarget } from "./probe";
import { requireHosts } from "./reach-hosts";
import { requireSecrets } from "./secrets";
import type { Settings } from "./settings";

/** What the stack gives to others: `pulumi stack output`. */
export interface Outputs {
  /** Live release by job and host. */
  readonly releases: Readonly<Record<string, pulumi.Output<string>>>;
  /** All rules as a file, where Prometheus has no operator: `pulumi stack output ruleFile >FILE`. */
  readonly ruleFile?: string;
}

/** What a deployment takes from the world around it. */
export interface Surroundings {
  /** Called once the estate is known to be sound, so that its faults are told first. */
  readonly settings: () => Settings;
  readonly bundleOf: (runner: string) => Promise<RunnerBundle>;
  /** Texts of the programs in a pod, by their file names. */
  readonly podPrograms: (runner: string, pod: DumpPod) => Promise<Record<string, string>>;
  /** The estate's runbooks as a file to copy. */
  readonly runbooks: (plan: Plan) => Promise<RunbooksArchive>;
  /** Why a host doesn't let a deployment in; undefined when it does. */
  readonly probe: (target: ProbeTarget) => Promise<string | undefined>;
  /** The instant at which waivers are judged, as epoch ms. */
  readonly nowMs: number;
  /** Component that all of it belongs to. @default the stack itself */
  readonly parent?: pulumi.ComponentResource;
}

/**
 * Creates everything that an estate asks for, after the checks; a fault of the estate or a finding of severity "error"
 * ends it before the first resource.
 * @throws {pulumi.RunError} whose text is for the operator
 */
export async function deploy(input: unknown, surroundings: Surroundings): Promise<Outputs> {
  const plan = planned(input);
  tellFindings(plan, surroundings.nowMs);
  const settings = surroundings.settings();
  const { estate } = plan;
  const jobs = plan.jobs.filter(isHosted);
  const inCluster = plan.jobs.filter(isInCluster);
  const hosts = hostsOf(plan);
  const monitoring = monitoringInForce(plan, settings.prometheus === "operator");
  const onHosts = [
    ...jobs.map(job => ({
      ...{ ...job, ...job.deployment, rules: rulesOf(job, plan) },
      files: withMonitoring(job.deployment, monitoring),
    })),
    ...deadMenOf(plan).map(caller => ({ ...caller, rules: undefined })),
  ];
  // Also of jobs that are planned only: the NAS makes its snapshots by itself.
  const applied = plan.jobs.filter(({ nasRetention }) => nasRetention !== undefined);
  const pushgateway = pushgatewayAsks(estate);
  requireSecrets([...onHosts, ...inCluster, ...applied, ...pushgateway], settings.secrets);
  const retentions = nasRetentions(applied, estate, settings.secrets);
  requireImages(
    [
      ...inCluster.map(({ name, deployment: { pod } }) => ({
        name,
        images: [pod.client.image, pod.runnerImage],
      })),
      ...pushgateway,
    ],
    settings.images,
  );
  const cluster = askedCluster([...jobs, ...inCluster], estate);
  tellUndeployed(plan.jobs.filter(isOnlyPlanned).map(({ name }) => name));
  // A preview changes nothing, and may be looked at where no host can be reached.
  if (!pulumi.runtime.isDryRun())
    await requireHosts(
      [
        ...hosts.map(name => ({
          name,
          connection: connectionTo(estate, name, settings),
        })),
        ...retentions,
      ],
      settings.hostsDown,
      surroundings.probe,
      settings.sshAgent,
    );
  const bundles = await Promise.all(onHosts.map(({ runner }) => surroundings.bundleOf(runner)));

  const objects =
    settings.prometheus === "operator"
      ? { namespace: estate.monitoring.namespace, labels: estate.monitoring.labels }
      : undefined;
  const within = surroundings.parent ? { parent: surroundings.parent } : {};
  const opts =
    objects || cluster || estate.monitoring.dashboards
      ? { ...within, providers: [clusterProvider(settings.kubeconfig(), estate, cluster, within)] }
      : within;
  const accounts = cluster && clusterAccounts(cluster, estate, settings.clusterTokens, opts);
  makePushgateway(estate, settings, objects, opts);
  const stackName = [pulumi.getOrganization(), pulumi.getProject(), pulumi.getStack()].join("/");
  const releases: Record<string, pulumi.Output<string>> = {};
  for (const [index, job] of onHosts.entries()) {
    const bundle = bundles[index];
    if (!bundle) continue;
    const name = `${job.name}-${job.host}`;
    const deployed = new HostJob(
      name,
      {
        runner: job.runner,
        job: job.name,
        stack: stackName,
        connection: connectionTo(estate, job.host, settings),
        files: job.files,
        bundle,
        secrets: secretsOf(job, settings, accounts),
        ...(job.rules ? { rules: job.rules } : {}),
        ...(objects ? { objects } : {}),
      },
      opts,
    );
    releases[name] = deployed.activeRelease;
  }
  for (const job of inCluster) {
    const { runner, pod } = job.deployment;
    const password = pod.secret === undefined ? undefined : settings.secrets[pod.secret];
    const pushPassword = pod.pushSecret === undefined ? undefined : settings.secrets[pod.pushSecret];
    if ((pod.secret !== undefined && !password) || (pod.pushSecret !== undefined && !pushPassword)) continue;
    new ClusterDump(
      `${job.name}-${job.host}`,
      {
        ...{ job: job.name, runner, pod: pinnedPod(pod, settings.images), rules: rulesOf(job, plan) },
        ...(password === undefined ? {} : { password }),
        ...(pushPassword === undefined ? {} : { pushPassword }),
        programs: await surroundings.podPrograms(runner, pod),
        connection: connectionTo(estate, pod.target.host, settings),
        ...(objects ? { objects } : {}),
      },
      opts,
    );
  }
  const archive = await surroundings.runbooks(plan);
  for (const host of hosts)
    new HostRunbooks(
      `runbooks-${host}`,
      {
        ...{
          estate: estate.name,
          stack: stackName,
          archive,
          connection: connectionTo(estate, host, settings),
        },
        isDown: settings.hostsDown.includes(host),
      },
      within,
    );
  setRetentions(retentions, within);
  const [own, watchdog] = [estateRules(plan), watchdogRules(plan)];
  if (objects) {
    for (const group of own)
      new AlertRules("estate-alerts", { ...objects, objectName: group.name, group }, opts);
    for (const group of watchdog)
      new AlertRules("watchdog", { ...objects, objectName: group.name, group }, opts);
    const routings = routingsOf(estate);
    new AlertRoutes("alert-routes", { ...objects, ...routings.routes }, opts);
    for (const routing of routings.watchdog)
      new AlertRoutes("watchdog-route", { ...objects, ...routing }, opts);
  }
  if (estate.monitoring.dashboards) {
    // Grafana's SDK takes a while to load, and only whoever has dashboards needs it.
    const { Dashboards } = await import("../components/dashboards");
    const { labels } = estate.monitoring.dashboards;
    const args = { namespace: estate.monitoring.namespace, labels, boards: boardsOf(plan) };
    new Dashboards("dashboards", args, opts);
  }
  if (objects) return { releases };
  const rules = [...jobs, ...inCluster].map(job => rulesOf(job, plan));
  return { releases, ruleFile: ruleFile([...rules, ...own, ...watchdog]) };
}

function planned(input: unknown): Plan {
  try {
    return planOf(parseEstate(input));
  } catch (error) {
    if (error instanceof EstateInvalid) throw operatorFault(error.message);
    throw error;
  }
}

function tellFindings(plan: Plan, nowMs: number): void {
  const findings = runChecks(plan, nowMs);
  for (const text of warningTexts(findings)) void pulumi.log.warn(text);
  const errors = errorText(plan.estate.name, findings);
  if (errors !== undefined) throw operatorFault(errors);
}

/** A plan may be ahead of what this version can install: nobody should take such a job for a running one. */
function tellUndeployed(jobs: readonly string[]): void {
  if (jobs.length > 0)
    void pulumi.log.warn(`Planned and checked, but not installed by this version: ${jobs.join(", ")}.`);
}

function connectionTo(estate: Estate, hostName: string, settings: Settings): HostConnection {
  const host = estate.hosts[hostName];
  if (!host) throw new Error(`a job runs on host "${hostName}", which the estate doesn't have`);
  const { sshPrivateKey: privateKey } = settings;
  return { host: host.address, ...host.ssh, ...(privateKey === undefined ? {} : { privateKey }) };
}
