import * as pulumi from "@pulumi/pulumi";
import type { RuleGroup } from "../alerts/rules";
import type { RunnerName } from "../plan/job";
import { AlertRules, type MonitoringObjects } from "./alert-rules";
import { HostCredential } from "./host-credential";
import { type HostConnection, HostRelease } from "./host-release";
import type { ReleaseFile, RunnerBundle } from "./host-release/commands";

/** A secret that a job's unit loads. */
export interface JobSecret {
  /** File name; the runner asks for it by this name. */
  readonly name: string;
  /** Kept as a secret whether or not it comes as one. */
  readonly text: pulumi.Input<string>;
}

export interface HostJobArgs {
  readonly runner: RunnerName;
  /** Name of the job, e.g. "nfs-mirror": its units, folder and metrics are called so. */
  readonly job: string;
  /** The stack that deploys it: "organization/project/stack". Another stack's job of that name is refused. */
  readonly stack: string;
  readonly connection: HostConnection;
  /** Units and runner config, as the plan has them. */
  readonly files: readonly ReleaseFile[];
  readonly bundle: RunnerBundle;
  /** Files that are on the host before the job is live. @default none */
  readonly secrets?: readonly JobSecret[];
  /** Its alerts. @default none, for what is judged elsewhere */
  readonly rules?: RuleGroup;
  /** Where the PrometheusRule goes. @default none: Prometheus gets the rules as a file */
  readonly objects?: MonitoringObjects;
}

/** What a stack's state calls the job of a runner, "holdfast:layer:NfsMirror": another name would make all of its resources anew. */
function typeOf(runner: RunnerName): string {
  const words = runner.split("-").map(word => `${word.charAt(0).toUpperCase()}${word.slice(1)}`);
  return `holdfast:layer:${words.join("")}`;
}

/** A job on one host, that a timer starts or that runs all the time: its secrets, its release, and the alerts about it. */
export class HostJob extends pulumi.ComponentResource {
  /** Name of the release that is live on the host. */
  readonly activeRelease: pulumi.Output<string>;

  constructor(name: string, args: HostJobArgs, opts?: pulumi.ComponentResourceOptions) {
    // Of the arguments, the engine gets the name alone: the others are inputs of the children, some of them secret.
    super(typeOf(args.runner), name, { job: args.job }, opts);
    const { connection, files, bundle } = args;
    const owned = { job: args.job, stack: args.stack };
    const credentialsAfter = (installed: pulumi.Resource) =>
      (args.secrets ?? []).map(
        secret =>
          new HostCredential(
            `${name}-credential-${secret.name}`,
            { owned, connection, name: secret.name, text: secret.text, installed },
            { parent: this },
          ),
      );
    const release = new HostRelease(
      `${name}-release`,
      { owned, connection, files, bundle, needs: credentialsAfter },
      { parent: this },
    );
    if (args.objects && args.rules)
      new AlertRules(
        `${name}-alerts`,
        { ...args.objects, objectName: `holdfast-${name}`, group: args.rules },
        { parent: this },
      );
    this.activeRelease = release.activeRelease;
    this.registerOutputs({ activeRelease: this.activeRelease });
  }
}
