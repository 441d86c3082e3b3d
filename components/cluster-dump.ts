import { createHash } from "node:crypto";
import { CronJob } from "@pulumi/kubernetes/batch/v1/cronJob";
import { ConfigMap } from "@pulumi/kubernetes/core/v1/configMap";
import { PersistentVolume } from "@pulumi/kubernetes/core/v1/persistentVolume";
import { PersistentVolumeClaim } from "@pulumi/kubernetes/core/v1/persistentVolumeClaim";
import { Secret } from "@pulumi/kubernetes/core/v1/secret";
import { NetworkPolicy } from "@pulumi/kubernetes/networking/v1/networkPolicy";
import * as pulumi from "@pulumi/pulumi";
import type { RuleGroup } from "../alerts/rules";
import { askedJob } from "../plan/contracts/ask-command";
import type { PodRunnerName } from "../plan/job";
import type { DumpPod } from "../plan/pod";
import { AlertRules, type MonitoringObjects } from "./alert-rules";
import { askedCronJobSpec, cronJobSpec, networkPolicySpec, podLabels, volumeSpecs } from "./cluster-dump/pod";
import { HostFolder } from "./host-folder";
import type { HostConnection } from "./host-release";

export interface ClusterDumpArgs {
  /** Name of the CronJob, and of all that belongs to it. */
  readonly job: string;
  readonly runner: PodRunnerName;
  readonly pod: DumpPod;
  /** Texts of the runner's bundle and of the client's scripts, by their file names. */
  readonly programs: Readonly<Record<string, string>>;
  /** The client's password; kept as a secret whether or not it comes as one. @default none: its pod has no secret */
  readonly password?: pulumi.Input<string>;
  /** By which the runner pushes, as the pod's config names it; kept as a secret likewise. @default none: the Pushgateway takes from anybody */
  readonly pushPassword?: pulumi.Input<string>;
  /** The host that has the folder. */
  readonly connection: HostConnection;
  readonly rules: RuleGroup;
  /** Where the PrometheusRule goes. @default none: Prometheus gets the rules as a file */
  readonly objects?: MonitoringObjects;
}

/**
 * A database's dump by a CronJob: the folder on its host, the volume for it, the programs, the password, what the pod may
 * reach, and the alerts. Destroying it leaves the folder and every dump.
 */
export class ClusterDump extends pulumi.ComponentResource {
  constructor(name: string, args: ClusterDumpArgs, opts?: pulumi.ComponentResourceOptions) {
    super("holdfast:layer:ClusterDump", name, { job: args.job }, opts);
    const { job, pod, connection } = args;
    const { namespace, target, uid } = pod;
    const parent = { parent: this };
    const metadata = (objectName: string) => ({ name: objectName, namespace, labels: podLabels(job) });
    const folder = new HostFolder(
      `${name}-folder`,
      { connection, path: target.path, fsUuid: target.fsUuid, uid },
      parent,
    );
    const data = { ...args.programs, "config.json": pod.config };
    const objects = {
      ...{ job, runner: args.runner, claim: job },
      // By its content: a pod that starts in the midst of an update has all of the old or all of the new.
      configMap: `${job}-${createHash("sha256").update(JSON.stringify(data)).digest("hex").slice(0, 10)}`,
      secret: args.password === undefined ? undefined : `${job}-client`,
      pushSecret: args.pushPassword === undefined ? undefined : `${job}-push`,
    };
    const volumeName = `holdfast-${namespace}-${job}`;
    const specs = volumeSpecs(pod, objects, volumeName);
    const volume = new PersistentVolume(
      `${name}-volume`,
      { metadata: { name: volumeName, labels: podLabels(job) }, spec: specs.volume },
      { ...parent, dependsOn: [folder] },
    );
    const claim = new PersistentVolumeClaim(
      `${name}-claim`,
      { metadata: metadata(objects.claim), spec: specs.claim },
      { ...parent, dependsOn: [volume] },
    );
    const programs = new ConfigMap(
      `${name}-programs`,
      { metadata: metadata(objects.configMap), immutable: true, data },
      parent,
    );
    const secretOf = (
      part: string,
      objectName: string | undefined,
      key: string,
      text: pulumi.Input<string> | undefined,
    ): Secret[] =>
      objectName === undefined || text === undefined
        ? []
        : [
            new Secret(
              `${name}-${part}`,
              { metadata: metadata(objectName), stringData: { [key]: pulumi.secret(text) } },
              { ...parent, additionalSecretOutputs: ["stringData", "data"] },
            ),
          ];
    const secrets = [
      ...secretOf("client", objects.secret, "password", args.password),
      ...secretOf("push", objects.pushSecret, pod.pushSecret ?? "", args.pushPassword),
    ];
    // Before the first pod: one without it could reach anything.
    const policy = new NetworkPolicy(
      `${name}-reach`,
      { metadata: metadata(job), spec: networkPolicySpec(job, pod.reaches) },
      parent,
    );
    new CronJob(
      `${name}-cronjob`,
      { metadata: metadata(job), spec: cronJobSpec(pod, objects) },
      { ...parent, dependsOn: [claim, programs, ...secrets, policy] },
    );
    const { restoreScript } = pod.client;
    if (restoreScript !== undefined)
      new CronJob(
        `${name}-ask`,
        { metadata: metadata(askedJob(job)), spec: askedCronJobSpec(pod, objects, restoreScript) },
        { ...parent, dependsOn: [claim, programs, ...secrets, policy] },
      );
    if (args.objects)
      new AlertRules(
        `${name}-alerts`,
        { ...args.objects, objectName: `holdfast-${name}`, group: args.rules },
        parent,
      );
    this.registerOutputs();
  }
}
